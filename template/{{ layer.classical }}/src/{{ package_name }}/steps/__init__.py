"""The steps of azureml/pipelines/train.yml, one module each; `python -m <package>.steps.<step> --help` shows its inputs."""
