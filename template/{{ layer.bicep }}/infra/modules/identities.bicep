// The identities that machines act as. None of them has a password: Azure hands tokens to jobs and endpoints, and to the
// jobs of CI whose subject it trusts.

import { Texts } from '../types.bicep'

@description('Required. Azure region.')
param location string

@description('Required. Tags of every resource.')
param tags Texts

@description('Required. Names of the identities, by whom they are for.')
param names {
  @description('Required. Jobs and monitors.')
  jobs: string

  @description('Required. Endpoints.')
  endpoint: string

  @description('Required. CI that trains and deploys.')
  ci: string

  @description('Optional. CI that builds infrastructure.')
  infrastructure: string?

  @description('Optional. CI that compares infrastructure for a pull request.')
  plan: string?
}

@description('Required. Whose tokens are trusted.')
param trusts {
  @description('Required. Name of the trust.')
  name: string

  @description('Required. Whose identity it is for.')
  who: string

  @description('Required. Who issues the tokens.')
  issuer: string

  @description('Required. What they say about their holder.')
  subject: string
}[]

resource jobs 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: names.jobs
  location: location
  tags: tags
}

resource endpoint 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: names.endpoint
  location: location
  tags: tags
}

resource ci 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: names.ci
  location: location
  tags: tags
}

resource infrastructure 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = if (names.?infrastructure != null) {
  name: names.?infrastructure ?? 'none'
  location: location
  tags: tags
}

resource plan 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = if (names.?plan != null) {
  name: names.?plan ?? 'none'
  location: location
  tags: tags
}

// One at a time: Azure answers 409 to two at once.
@batchSize(1)
resource credential 'Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials@2024-11-30' = [
  for trust in trusts: {
    name: '${names[trust.who]}/${trust.name}'
    properties: {
      issuer: trust.issuer
      subject: trust.subject
      audiences: ['api://AzureADTokenExchange']
    }
    dependsOn: [ci, infrastructure, plan]
  }
]

@description('Object IDs of the identities, by whom they are for.')
output principalIds {
  @description('Required. Of jobs and monitors.')
  jobs: string

  @description('Required. Of endpoints.')
  endpoint: string

  @description('Required. Of the CI that trains and deploys.')
  ci: string

  @description('Optional. Of the CI that builds infrastructure.')
  infrastructure: string?

  @description('Optional. Of the CI that compares infrastructure for a pull request.')
  plan: string?
} = {
  jobs: jobs.properties.principalId
  endpoint: endpoint.properties.principalId
  ci: ci.properties.principalId
  infrastructure: names.?infrastructure == null ? null : infrastructure!.properties.principalId
  plan: names.?plan == null ? null : plan!.properties.principalId
}

@description('Client ID that the CI signs in with that trains and deploys.')
output ciClientId string = ci.properties.clientId

@description('Client ID that the CI signs in with that builds infrastructure.')
output infrastructureClientId string? = names.?infrastructure == null ? null : infrastructure!.properties.clientId

@description('Client ID that the CI signs in with that compares infrastructure for a pull request.')
output planClientId string? = names.?plan == null ? null : plan!.properties.clientId
