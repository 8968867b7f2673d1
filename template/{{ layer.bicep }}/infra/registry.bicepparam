using 'registry.bicep'

import { merged, shared } from 'configuration.bicep'

// The registry is not of one environment: prod's configuration speaks for it, with which all others agree.
var common = loadYamlContent('../config/common.yml')
var config = merged(common, loadYamlContent('../config/prod.yml'))
var modes = [
  merged(common, loadYamlContent('../config/dev.yml')).network.mode
  merged(common, loadYamlContent('../config/staging.yml')).network.mode
  config.network.mode
]

param registry = config.registry
param network = config.network
param closed = empty(filter(modes, mode => mode != 'isolated'))
param existing = config.?existing ?? {}
param location = config.environment.location
param tags = shared(config.?tags ?? {})
