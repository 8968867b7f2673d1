"""The pipeline of azureml/ on this machine: same YAML, same commands, no Azure."""
