"""Whether the files of azureml/, config/, roles and limits fit what Azure takes."""
