// The Azure ML registry that all environments share: a model is promoted from one to the next through it. It is built
// once, apart from them, so that none of them can take it away.

targetScope = 'subscription'

import { Config } from 'types.bicep'

@description('Required. config/prod.yml: all environments name the same registry, `mlops check` sees to that.')
param config Config

// Isolated environments reach it through private endpoints of their own; any other needs the public one.
var modes = [
  loadYamlContent('../config/dev.yml').network.mode
  loadYamlContent('../config/staging.yml').network.mode
  loadYamlContent('../config/prod.yml').network.mode
]
var tags = filter(items(config.?tags ?? {}), tag => tag.key != 'environment')
var placement = {
  location: config.registry.location
  tags: toObject(tags, tag => tag.key, tag => tag.value)
}

resource group 'Microsoft.Resources/resourceGroups@2025-04-01' = {
  name: config.registry.resource_group
  location: placement.location
  tags: placement.tags
}

module registry 'modules/registry.bicep' = {
  scope: group
  name: 'registry'
  params: {
    placement: placement
    name: config.registry.name
    closed: empty(filter(modes, mode => mode != 'isolated'))
  }
}

@description('The registry\'s resource ID, for role assignments.')
output registryId string = registry.outputs.id

@description('The resource group that Azure made behind the registry, for registry.managed_resource_group in config/: endpoints load models and images from there.')
output managedResourceGroup string = registry.outputs.managedResourceGroup
