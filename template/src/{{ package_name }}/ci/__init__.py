"""The pipelines of this project as files: `mlops ci lint`."""
