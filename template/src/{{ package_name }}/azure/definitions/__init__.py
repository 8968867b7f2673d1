"""The files of azureml/ as an environment gets them: names, versions, compute and overlays filled in; registered."""
