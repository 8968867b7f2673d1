"""The environment variables of work on this machine.

The steps read MLFLOW_RUN_ID, GIT_COMMIT and the like on purpose, because Azure ML and CI say with them where a job
belongs. The same variables, left behind in a shell, by a notebook or by a git hook, would send a local run to another
store, run or commit. So whoever starts work here takes them away and states its own addresses; a step that Azure ML
starts keeps what Azure ML gave it.
"""

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from .paths import Project

LEFTOVERS = re.compile(
    r"_?MLFLOW_.*|AZUREML_.*|AML_.*"  # of a job or deployment in Azure ML
    r"|MODEL_NAME|MODEL_VERSION|SERVICE_NAME|SERVICE_VERSION|SERVICE_PATH_PREFIX|WORKSPACE_NAME"
    r"|GITHUB_SHA|BUILD_SOURCEVERSION"  # of CI
    r"|GIT_(COMMIT|DIR|WORK_TREE|INDEX_FILE|PREFIX|OBJECT_DIRECTORY|COMMON_DIR|NAMESPACE)"  # of a hook
    r"|PYTHONSAFEPATH|PYTHONINSPECT"  # the first would hide the code folder from a step, the second keep it waiting
)
KEPT = ("MLFLOW_LOGGING_LEVEL",)


def stated(project: Project) -> dict[str, str]:
    """Return the addresses that local work states: all of them in this project, none on another machine."""
    return {
        "MLFLOW_TRACKING_URI": project.mlflow_uri,
        "MLFLOW_REGISTRY_URI": project.mlflow_uri,
        # MLflow puts its experiment `Default` into the current folder, and fails if that has an apostrophe in its path.
        "_MLFLOW_SERVER_ARTIFACT_ROOT": (project.database.parent / "artifacts" / "default").as_uri(),
        "MLFLOW_DISABLE_TELEMETRY": "true",
    }


def local(own: Mapping[str, str], environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return the environment without what others left in it, and with `own`.

    >>> local({"MPLBACKEND": "Agg"}, {"PATH": "/bin", "MLFLOW_RUN_ID": "5c1e", "GIT_DIR": ".git"})
    {'PATH': '/bin', 'MPLBACKEND': 'Agg'}
    """
    kept = {key: value for key, value in environment.items() if key in KEPT or not LEFTOVERS.fullmatch(key)}
    return kept | dict(own)


@contextmanager
def applied(own: Mapping[str, str]) -> Iterator[None]:
    """Give this process the environment of `local` for the length of the block."""
    before = dict(os.environ)
    after = local(own, before)
    os.environ.clear()
    os.environ.update(after)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
