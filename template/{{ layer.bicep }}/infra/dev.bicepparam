using 'main.bicep'

param config = loadYamlContent('../config/dev.yml')
