// The private endpoints of closed networks: whose, which part of it, and the zones Azure resolves the public names
// through.

// Both closed modes; isolated computes do not even reach the registry that all environments share over its public
// endpoint.
var closed = ['managed', 'isolated']

@export()
@description('What people and CI reach from your network.')
var privateEndpoints = [
  { name: 'workspace', on: 'workspace', subresource: 'amlworkspace', modes: closed, zones: ['privatelink.api.azureml.ms', 'privatelink.notebooks.azure.net'] }
  { name: 'blob', on: 'storage', subresource: 'blob', modes: closed, zones: ['privatelink.blob.${environment().suffixes.storage}'] }
  { name: 'file', on: 'storage', subresource: 'file', modes: closed, zones: ['privatelink.file.${environment().suffixes.storage}'] }
  { name: 'lake-blob', on: 'data_lake', subresource: 'blob', modes: closed, zones: ['privatelink.blob.${environment().suffixes.storage}'] }
  { name: 'lake-dfs', on: 'data_lake', subresource: 'dfs', modes: closed, zones: ['privatelink.dfs.${environment().suffixes.storage}'] }
  { name: 'registry', on: 'container_registry', subresource: 'registry', modes: closed, zones: ['privatelink.azurecr.io'] }
  { name: 'vault', on: 'key_vault', subresource: 'vault', modes: closed, zones: ['privatelink.vaultcore.azure.net'] }
  { name: 'ml-registry', on: 'ml_registry', subresource: 'amlregistry', modes: ['isolated'], zones: ['privatelink.api.azureml.ms'] }
]

@export()
@description('The zones of all of them.')
var privateDnsZones = [
  'privatelink.api.azureml.ms'
  'privatelink.notebooks.azure.net'
  'privatelink.blob.${environment().suffixes.storage}'
  'privatelink.file.${environment().suffixes.storage}'
  'privatelink.dfs.${environment().suffixes.storage}'
  'privatelink.azurecr.io'
  'privatelink.vaultcore.azure.net'
]

// The managed network makes endpoints by itself for the key vault, the container registry, and blobs and files of the
// workspace's own storage account. Batch endpoints and parallel jobs keep their queue and their progress there, in
// queues and tables.
@export()
@description('What computes reach from the managed network.')
var outboundEndpoints = [
  { name: 'storage-queue', on: 'storage', subresource: 'queue', modes: closed }
  { name: 'storage-table', on: 'storage', subresource: 'table', modes: closed }
  { name: 'lake-blob', on: 'data_lake', subresource: 'blob', modes: closed }
  { name: 'lake-dfs', on: 'data_lake', subresource: 'dfs', modes: closed }
  { name: 'ml-registry', on: 'ml_registry', subresource: 'amlregistry', modes: ['isolated'] }
]
