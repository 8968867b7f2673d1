"""MLflow tracking: the same calls on a laptop (SQLite) and in an Azure ML job (its own run)."""

import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from importlib import metadata
from pathlib import Path
from urllib.parse import unquote

from .errors import UserError
from .records import Metrics, Training

DEFAULT_EXPERIMENT = "local"
LOCK_SECONDS = 5.0  # MLflow itself would try for half a minute
ARTIFACTS = "artifacts"
COMMIT = "GIT_COMMIT"  # variable of a step: Azure ML uploads the code without its history
DATA_VERSION = (
    "MLOPS_DATA_VERSION"  # variable of a step: the data asset, as NAME:VERSION, that the pipeline learns from
)
ROOT_RUN = "AZUREML_ROOT_RUN_ID"  # variable of a step in Azure ML: the pipeline job
TRAINING_JOB = "MLOPS_TRAINING_JOB"  # variable of a step: the pipeline job whose model it registers, if not its own
# Tables and columns in which MLflow keeps the absolute addresses of artifacts.
PLACES = (
    ("experiments", "artifact_location"),
    ("runs", "artifact_uri"),
    ("logged_models", "artifact_location"),
    ("model_versions", "source"),
    ("model_versions", "storage_location"),
    ("trace_tags", "value"),
)


@contextmanager
def run(run_id: str | None = None) -> Iterator[str]:
    """Make the MLflow run to log into the active one; yield its id.

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
    """Return one sentence for a tracking store that does not answer."""
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
    scheme, _, path = mlflow.get_tracking_uri().partition(":///")
    if scheme.startswith("sqlite"):
        database = Path(unquote(path)).absolute()
        settle(database)
        if mlflow.get_experiment_by_name(name) is None:
            mlflow.create_experiment(name, artifact_location=_artifacts(database))
    mlflow.set_experiment(name)


def settle(database: Path) -> None:
    """Make a local store name its own artifacts, which lie beside it; a move or a copy leaves it naming the old place.

    Raises:
        UserError: another process holds the database, or it cannot be written.
    """
    if not database.exists():
        return
    here, folder = _artifacts(database), f"/{database.parent.name}/{ARTIFACTS}"
    with closing(sqlite3.connect(database, timeout=LOCK_SECONDS)) as connection:
        try:
            connection.execute("BEGIN IMMEDIATE")
            known = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            for table, column in [place for place in PLACES if place[0] in known]:
                named = connection.execute(f"SELECT DISTINCT {column} FROM {table} WHERE {column} LIKE 'file:%'")
                for (old,) in named.fetchall():
                    _, found, rest = old.rpartition(folder)
                    if found and rest[:1] in ("", "/") and old != here + rest:
                        connection.execute(f"UPDATE {table} SET {column} = ? WHERE {column} = ?", (here + rest, old))
            # MLflow makes its experiment `Default` in the folder that is current at the time.
            if "experiments" in known:
                default = "experiment_id = 0 AND artifact_location LIKE '/%'"
                connection.execute(
                    f"UPDATE experiments SET artifact_location = ? WHERE {default}", (f"{here}/default",)
                )
            connection.commit()
        except sqlite3.Error as error:
            raise store_error(error) from error


def _artifacts(database: Path) -> str:
    return (database.parent / ARTIFACTS).as_uri()


def log_training(record: Training) -> None:
    """Log what was trained on what to the active run."""
    import mlflow

    described = ("kind", "learner", "rows", "features", "seed", "data_digest")
    mlflow.log_params({name: getattr(record, name) for name in described})
    mlflow.log_params({f"model.{name}": value for name, value in record.parameters.items()})
    libraries = {f"library.{name}": version for name, version in record.libraries.items()}
    mlflow.set_tags({"code_version": record.code_version, **libraries})
    mlflow.log_metric("fit_seconds", record.fit_seconds)
    for candidate in record.candidates:
        mlflow.log_metrics({f"validation.{candidate.kind}.{name}": value for name, value in candidate.metrics.items()})


def log_trial(name: str, loss: float, figures: Mapping[str, float]) -> None:
    """Log by which figure a sweep compares trials, and all others."""
    import mlflow

    mlflow.log_metrics({**{f"trial.{key}": value for key, value in figures.items()}, name: loss})


def log_evaluation(record: Metrics, plots: Path) -> None:
    """Log the metrics of every model on the holdout, and the pictures, to the active run."""
    import mlflow

    for role, metrics in record.models.items():
        mlflow.log_metrics({f"holdout.{role}.{name}": value for name, value in metrics.items()})
    mlflow.log_artifacts(str(plots), "plots")


def tag_root(tags: Mapping[str, str]) -> None:
    """Set tags of the job in Azure ML that this step belongs to, in this order; without such a job do nothing.

    Raises:
        UserError: the store does not answer.
    """
    root = os.environ.get(ROOT_RUN)
    if root is None:
        return
    import mlflow
    from mlflow.exceptions import MlflowException

    try:
        for name, value in tags.items():
            mlflow.MlflowClient().set_tag(root, name, value)
    except MlflowException as error:
        raise store_error(error) from error


def versions(names: Iterable[str]) -> dict[str, str]:
    """Return name -> version of those libraries of `names` that are installed."""
    found = {}
    for name in names:
        with suppress(metadata.PackageNotFoundError):
            found[name] = metadata.version(name)
    return found


def code_version() -> str:
    """Return the commit that a step runs from: as Azure or CI names it, else git, else 'unknown'."""
    import subprocess

    for variable in (COMMIT, "GITHUB_SHA", "BUILD_SOURCEVERSION"):
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
