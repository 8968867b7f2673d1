using 'main.bicep'

param config = loadYamlContent('../config/staging.yml')
