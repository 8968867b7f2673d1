"""The steps of azureml/pipelines/train.yml, one module each; `--help` of a module shows its inputs."""
