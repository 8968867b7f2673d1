"""Variables that jobs, deployments, CI, hooks and notebooks leave in an environment."""

from pathlib import Path


def variables(elsewhere: Path) -> dict[str, str]:
    """Return them, with addresses below `elsewhere`, which nothing may make."""
    store = f"sqlite:///{elsewhere / 'other.db'}"
    return {
        "MLFLOW_TRACKING_URI": store,
        "MLFLOW_REGISTRY_URI": store,
        "MLFLOW_RUN_ID": "0123456789abcdef0123456789abcdef",
        "MLFLOW_EXPERIMENT_ID": "7",
        "MLFLOW_EXPERIMENT_NAME": "another",
        "MLFLOW_TRACKING_TOKEN": "stale",
        "MLFLOW_WORKSPACE": "another",
        "MLFLOW_ENABLE_WORKSPACES": "true",
        "MLFLOW_ACTIVE_MODEL_ID": "m-1",
        "MLFLOW_SQLALCHEMYSTORE_POOLCLASS": "NoPool",
        "_MLFLOW_SERVER_ARTIFACT_ROOT": str(elsewhere / "artifacts"),
        "AZUREML_MODEL_DIR": str(elsewhere / "model"),
        "AZUREML_RUN_ID": "brave_fork_42",
        "AZUREML_ENTRY_SCRIPT": str(elsewhere / "score.py"),
        "AZUREML_CONFIG_FILE": str(elsewhere / "config.json"),
        "AZUREML_MDC_ENABLED": "true",
        "AML_APP_ROOT": str(elsewhere),
        "MODEL_NAME": "another",
        "MODEL_VERSION": "99",
        "GIT_COMMIT": "of another repository",
        "GITHUB_SHA": "of another repository",
        "BUILD_SOURCEVERSION": "of another repository",
        "GIT_DIR": str(elsewhere / ".git"),
        "GIT_WORK_TREE": str(elsewhere),
        "PYTHONSAFEPATH": "1",
    }
