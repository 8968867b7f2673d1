// Who may do what, where, and why: the whole of it.

// Azure knows a role by its GUID, which stays when Microsoft renames the role.
@export()
@description('GUIDs of the roles, by name.')
var roleIds = {
  AcrPull: '7f951dda-4ed3-4680-a7ca-43fe172d538d'
  'Azure AI Enterprise Network Connection Approver': 'b556d68e-0be0-4f35-a333-ad7ee1ce17ea'
  'Azure AI Inference Deployment Operator': '3afb7f49-54cb-416e-8c09-6dc049efa503'
  'AzureML Compute Operator': 'e503ece1-11d0-4e8e-8e2c-7a6c3bf38815'
  'AzureML Data Scientist': 'f6c7c914-8db3-469d-8ca1-694a8f32e121'
  'AzureML Metrics Writer': '635dd51f-9968-44d3-b7fb-6d9a6bd613ae'
  'AzureML Registry User': '1823dd4f-9b8c-4ab6-ab4e-7397a3684615'
  Contributor: 'b24988ac-6180-42a0-ab88-20f7382dd24c'
  'Key Vault Secrets User': '4633458b-17de-408a-b874-0445c86b69e6'
  'Log Analytics Reader': '73c42c96-874c-492b-b04d-ab87d138a893'
  'Managed Identity Operator': 'f1a07417-d97a-45cb-824c-7a7467783830'
  'Monitoring Contributor': '749f88d5-cbae-40b8-bcfc-e573ddc772fa'
  Reader: 'acdd72a7-3385-48ef-bd42-f606fba81ae7'
  'Role Based Access Control Administrator': 'f58310d9-a9f6-439a-9e8d-f62e7b41a168'
  'Storage Blob Data Contributor': 'ba92f5b4-2d11-453d-a403-e96b0029c9fe'
  'Storage Blob Data Reader': '2a2b9908-6ea1-4ae2-8e65-a410df84e7d1'
  'Storage File Data Privileged Contributor': '69566ab7-960f-475b-8e7c-b3118f30c6bd'
  'Storage Queue Data Contributor': '974c5e8b-45b9-4653-ba55-5f855dd0fb88'
  'Storage Table Data Contributor': '0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3'
}

// CI may give the roles of this table to machines and groups, and take them away: not these, by which it could give
// itself more.
@export()
@description('Roles that only people give.')
var ciOnly = ['Contributor', 'Role Based Access Control Administrator']

@export()
@description('Groups of people; all others in the table are machines.')
var people = ['data_scientists', 'ml_engineers']

var everywhere = ['dev', 'staging', 'prod']

// In dev people try things out; in prod they look, and pipelines change. The registry is shared, so that dev's
// configuration speaks for all: Azure refuses to give a group the same role twice.
@export()
@description('The table: who gets which role on what, why, in which environments, and under which condition.')
var grants = [
  { who: 'jobs', role: 'Storage Blob Data Contributor', on: 'storage', environments: everywhere, when: 'always', why: 'reads code, writes outputs, logs and models' }
  { who: 'jobs', role: 'Storage Queue Data Contributor', on: 'storage', environments: everywhere, when: 'always', why: 'parallel jobs and batch endpoints queue their work there' }
  { who: 'jobs', role: 'Storage Table Data Contributor', on: 'storage', environments: everywhere, when: 'always', why: 'parallel jobs and batch endpoints keep their progress there' }
  { who: 'jobs', role: 'Storage Blob Data Reader', on: 'data_lake', environments: everywhere, when: 'always', why: 'reads data; only people and pipelines of yours write it' }
  { who: 'jobs', role: 'AcrPull', on: 'container_registry', environments: everywhere, when: 'always', why: 'jobs start from images there' }
  { who: 'jobs', role: 'AzureML Data Scientist', on: 'workspace', environments: everywhere, when: 'always', why: 'steps track runs and register models' }
  { who: 'jobs', role: 'Reader', on: 'ml_registry', environments: everywhere, when: 'always', why: 'reads models, environments and components there' }

  { who: 'endpoint', role: 'Storage Blob Data Contributor', on: 'storage', environments: everywhere, when: 'always', why: 'loads the model, writes collected requests' }
  { who: 'endpoint', role: 'AcrPull', on: 'container_registry', environments: everywhere, when: 'always', why: 'deployments start from images there' }
  { who: 'endpoint', role: 'AzureML Metrics Writer', on: 'workspace', environments: everywhere, when: 'always', why: 'reports latency and load' }
  { who: 'endpoint', role: 'AcrPull', on: 'ml_registry_group', environments: everywhere, when: 'registry.managed_resource_group', why: 'pulls images of the registry\'s environments' }
  { who: 'endpoint', role: 'Storage Blob Data Reader', on: 'ml_registry_group', environments: everywhere, when: 'registry.managed_resource_group', why: 'loads models of the registry' }

  { who: 'ci', role: 'AzureML Data Scientist', on: 'workspace', environments: everywhere, when: 'always', why: 'submits jobs, registers models, deploys them' }
  { who: 'ci', role: 'Storage Blob Data Contributor', on: 'storage', environments: everywhere, when: 'always', why: 'uploads code of jobs and deployments' }
  { who: 'ci', role: 'Managed Identity Operator', on: 'identity_jobs', environments: everywhere, when: 'always', why: 'lets jobs act as this identity' }
  { who: 'ci', role: 'Managed Identity Operator', on: 'identity_endpoint', environments: everywhere, when: 'always', why: 'lets endpoints act as this identity' }
  { who: 'ci', role: 'Azure AI Inference Deployment Operator', on: 'resource_group', environments: everywhere, when: 'always', why: 'scales endpoints, whose rules stand beside them in the group' }
  { who: 'ci', role: 'Monitoring Contributor', on: 'resource_group', environments: everywhere, when: 'always', why: 'watches endpoints: alerts and logs stand beside them in the group' }
  { who: 'ci', role: 'Contributor', on: 'resource_group', environments: everywhere, when: 'ci.builds_infrastructure', why: 'builds what infra/ describes' }
  { who: 'ci', role: 'Role Based Access Control Administrator', on: 'resource_group', environments: everywhere, when: 'ci.builds_infrastructure, assign_roles', why: 'gives machines and groups the roles of this table, and no others' }
  { who: 'ci', role: 'AzureML Registry User', on: 'ml_registry', environments: ['dev', 'staging'], when: 'always', why: 'shares models that passed the gate' }
  { who: 'ci', role: 'Reader', on: 'ml_registry', environments: everywhere, when: 'always', why: 'deploys models from it, and sees whose roles stand there' }
  { who: 'ci', role: 'Reader', on: 'ml_registry_group', environments: everywhere, when: 'ci.builds_infrastructure, registry.managed_resource_group', why: 'sees whose roles stand there' }
  { who: 'ci', role: 'Reader', on: 'github_token', environments: everywhere, when: 'ci.builds_infrastructure, events by token', why: 'sees whose roles stand there' }

  { who: 'workspace', role: 'Reader', on: 'blob_endpoint', environments: everywhere, when: 'closed networks', why: 'the studio shows blobs of a closed storage account only if the workspace may read its endpoint' }
  { who: 'workspace', role: 'Reader', on: 'file_endpoint', environments: everywhere, when: 'closed networks', why: 'the same for files' }
  { who: 'workspace', role: 'Azure AI Enterprise Network Connection Approver', on: 'storage', environments: everywhere, when: 'closed networks', why: 'approves the managed network\'s endpoints for queues and tables' }
  { who: 'workspace', role: 'Azure AI Enterprise Network Connection Approver', on: 'data_lake', environments: everywhere, when: 'closed networks', why: 'approves the managed network\'s endpoints for data' }
  { who: 'workspace', role: 'Azure AI Enterprise Network Connection Approver', on: 'ml_registry', environments: everywhere, when: 'isolated networks', why: 'approves the managed network\'s endpoint for it' }

  { who: 'events', role: 'Key Vault Secrets User', on: 'github_token', environments: everywhere, when: 'events by token', why: 'reads the one token that GitHub asks for' }

  { who: 'data_scientists', role: 'AzureML Data Scientist', on: 'workspace', environments: ['dev'], when: 'always', why: 'runs experiments' }
  { who: 'data_scientists', role: 'Storage Blob Data Contributor', on: 'storage', environments: ['dev'], when: 'always', why: 'uploads the code of jobs' }
  { who: 'data_scientists', role: 'Storage File Data Privileged Contributor', on: 'storage', environments: ['dev'], when: 'always', why: 'keeps notebooks' }
  { who: 'data_scientists', role: 'Storage Blob Data Reader', on: 'data_lake', environments: ['dev'], when: 'always', why: 'explores data' }
  { who: 'data_scientists', role: 'Reader', on: 'ml_registry', environments: ['dev'], when: 'always', why: 'sees what was promoted' }
  { who: 'data_scientists', role: 'Reader', on: 'workspace', environments: ['staging', 'prod'], when: 'always', why: 'sees jobs, models and monitors' }
  { who: 'data_scientists', role: 'Log Analytics Reader', on: 'log_analytics', environments: ['staging', 'prod'], when: 'always', why: 'reads logs of endpoints' }

  { who: 'ml_engineers', role: 'AzureML Data Scientist', on: 'workspace', environments: ['dev', 'staging'], when: 'always', why: 'runs pipelines, tries deployments' }
  { who: 'ml_engineers', role: 'AzureML Compute Operator', on: 'workspace', environments: ['dev', 'staging'], when: 'always', why: 'manages clusters' }
  { who: 'ml_engineers', role: 'Storage Blob Data Contributor', on: 'storage', environments: ['dev', 'staging'], when: 'always', why: 'uploads the code of jobs' }
  { who: 'ml_engineers', role: 'Storage Blob Data Contributor', on: 'data_lake', environments: ['dev', 'staging'], when: 'always', why: 'brings data in' }
  { who: 'ml_engineers', role: 'AzureML Registry User', on: 'ml_registry', environments: ['dev'], when: 'always', why: 'promotes by hand where CI cannot' }
  { who: 'ml_engineers', role: 'Reader', on: 'workspace', environments: ['prod'], when: 'always', why: 'sees jobs, models and monitors' }
  { who: 'ml_engineers', role: 'Log Analytics Reader', on: 'log_analytics', environments: ['prod'], when: 'always', why: 'reads logs of endpoints' }
]
