"""The project's assets in Azure ML: what the files of azureml/ become in each environment."""
