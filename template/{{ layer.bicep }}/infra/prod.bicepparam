using 'main.bicep'

param config = loadYamlContent('../config/prod.yml')
