using 'main.bicep'

import { merged } from 'configuration.bicep'

var files = {
  dev: loadYamlContent('../config/dev.yml')
  staging: loadYamlContent('../config/staging.yml')
  prod: loadYamlContent('../config/prod.yml')
}
var config = merged(loadYamlContent('../config/common.yml'), files[readEnvironmentVariable('ENVIRONMENT', 'dev')])

param environment = config.environment
param network = config.network
param existing = config.?existing ?? {}
param names = config.names
param sizes = config.sizes
param cpuCluster = config.cpu_cluster
param gpuCluster = config.?gpu_cluster
param workstations = config.workstations
param dataLake = config.data_lake
param data = config.data
param production = config.environment.name == 'prod'
  ? null
  : { data_lake: files.prod.names.data_lake, resource_group: files.prod.names.resource_group }
param registry = config.registry
param ci = config.ci
param groups = config.?groups ?? {}
param thresholds = config.thresholds
param alerts = config.alerts
param tags = config.?tags ?? {}
