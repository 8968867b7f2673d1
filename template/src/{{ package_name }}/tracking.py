"""MLflow tracking: the same calls on a laptop (SQLite) and in an Azure ML job (its own run)."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from importlib import metadata
from pathlib import Path

from .errors import UserError

DEFAULT_EXPERIMENT = "local"
LOCK_SECONDS = 5.0  # MLflow itself would try for half a minute
# What decides whether a model can be loaded and gives the same numbers again.
RECORDED = (
    "scikit-learn",
    "lightgbm",
    "numpy",
    "pandas",
    "pyarrow",
    "mlflow",
    "torch",
    "transformers",
)


@contextmanager
def run(run_id: str | None = None) -> Iterator[str]:
    """The MLflow run to log into, as the active run; yields its id.

    An Azure ML job has a run of its own (MLFLOW_RUN_ID) and uses that. Elsewhere `run_id` is continued,
    or a new run begins in the experiment named by MLFLOW_EXPERIMENT_NAME.

    Raises:
        UserError: the local store is locked by another process or cannot be written.
    """
    import mlflow
    from mlflow.exceptions import MlflowException

    try:
        if "MLFLOW_RUN_ID" in os.environ:
            active = mlflow.start_run()
        else:
            _use_experiment()
            active = mlflow.start_run(run_id=run_id)
    except MlflowException as error:
        raise store_error(error) from error
    with active:
        yield active.info.run_id


def store_error(error: Exception) -> UserError:
    """One sentence for a tracking store that does not answer."""
    uri = os.environ.get("MLFLOW_TRACKING_URI", "the default store")
    text = " ".join(str(error).split())
    if "database is locked" in text:
        return UserError(f"{uri}: the MLflow store is locked by another process; end that process and try again")
    if "readonly database" in text or "unable to open database" in text:
        return UserError(f"{uri}: the MLflow store cannot be written; check the folder's permissions")
    return UserError(f"{uri}: the MLflow store refused: {text[:300]}")


def _use_experiment() -> None:
    """Choose the experiment; a new local one keeps its artifacts beside its database, not in the current folder."""
    import mlflow

    name = os.environ.get("MLFLOW_EXPERIMENT_NAME", DEFAULT_EXPERIMENT)
    uri = mlflow.get_tracking_uri()
    if uri.startswith("sqlite:///"):
        database = Path(uri.removeprefix("sqlite:///")).resolve()
        _refuse_locked(database)
        if mlflow.get_experiment_by_name(name) is None:
            mlflow.create_experiment(name, artifact_location=(database.parent / "artifacts").as_uri())
    mlflow.set_experiment(name)


def _refuse_locked(database: Path) -> None:
    """Raise `store_error` if another process holds the database."""
    if database.exists():
        with closing(sqlite3.connect(database, timeout=LOCK_SECONDS)) as connection:
            try:
                connection.execute("BEGIN IMMEDIATE")
                connection.rollback()
            except sqlite3.OperationalError as error:
                raise store_error(error) from error


def libraries() -> dict[str, str]:
    """Name -> version of the installed libraries that a model depends on."""
    found = {}
    for name in RECORDED:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def code_version() -> str:
    """The commit that a step runs from: Azure's or CI's word for it, else git's, else 'unknown'."""
    import subprocess

    for variable in ("GIT_COMMIT", "GITHUB_SHA", "BUILD_SOURCEVERSION"):
        if value := os.environ.get(variable):
            return value
    here = Path(__file__).parent
    try:
        commit = subprocess.run(
            ["git", "rev-parse", "HEAD"],
            cwd=here,
            capture_output=True,
            text=True,
            timeout=10,
            check=True,
        ).stdout.strip()
        changed = subprocess.run(
            ["git", "status", "--porcelain", "--", "."],
            cwd=here,
            capture_output=True,
            text=True,
            timeout=10,
            check=True,
        ).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return "unknown"
    return commit + ("-dirty" if changed else "")
