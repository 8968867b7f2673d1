// The identities that machines act as. None of them has a password: Azure hands tokens to jobs and endpoints, and to
// the CI that it trusts.

import { Placement, Trust } from '../types.bicep'

@description('Required. Where the resources stand, and their tags.')
param placement Placement

@description('Required. The environment.')
param environment string

@description('Optional. Whom the CI\'s tokens must name; without it no pipeline acts as its identity.')
param trust Trust?

@description('Required. Name of the identity of jobs and monitors.')
param jobsName string

@description('Required. Name of the identity of endpoints.')
param endpointName string

@description('Required. Name of the identity of the CI.')
param ciName string

resource jobs 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: jobsName
  location: placement.location
  tags: placement.tags
}

resource endpoint 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: endpointName
  location: placement.location
  tags: placement.tags
}

resource ci 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: ciName
  location: placement.location
  tags: placement.tags
}

resource credential 'Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials@2024-11-30' = if (trust != null) {
  parent: ci
  name: 'ci-${environment}'
  properties: {
    issuer: trust.?issuer ?? ''
    subject: trust.?subject ?? ''
    audiences: ['api://AzureADTokenExchange']
  }
}

@description('The client ID that the CI signs in with.')
output ciClientId string = ci.properties.clientId
