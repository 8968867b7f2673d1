"""Step 7: put the model that passed the gate into the MLflow registry, complete or not at all."""

import hashlib
import logging
import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from .. import entry, models, tracking
from ..config.project import ProjectConfig, load
from ..errors import UserError
from ..monitoring import kept
from ..records import Contract, Gate, Metrics, Registration, Training
from ..scoring import known

log = logging.getLogger(__name__)
CHAMPION = "champion"


@dataclass(frozen=True)
class Settings:
    """Inputs and outputs."""

    config: Annotated[Path, "config/project.yml"]
    model: Annotated[Path, "the challenger's model folder"]
    training: Annotated[Path, "folder with training.json"]
    evaluation: Annotated[Path, "folder with metrics.json"]
    responsible_ai: Annotated[Path, "folder with slices and model card"]
    verdict: Annotated[Path, "folder with gate.json"]
    model_name: Annotated[str, "name to register the model under"]
    registration: Annotated[Path, "folder for registration.json"]


def digest(model: Path) -> str:
    """Return the SHA-256 of the files that decide the predictions: those of `models.FITTED` there, and the contract."""
    total = hashlib.sha256()
    for name in (*models.FITTED, Contract.FILE):
        if (model / name).is_file():
            total.update((model / name).read_bytes())
    return total.hexdigest()


def tags(training: Training, metrics: Metrics, verdict: Gate, model_digest: str) -> dict[str, str]:
    """Return the tags that a version carries from registration on: promotion and audits read these."""
    found = {
        "gate": "overridden" if verdict.override else "passed",
        "model_digest": model_digest,
        "data_digest": training.data_digest,
        "code_version": training.code_version,
        "kind": training.kind,
    }
    if metrics.metric in metrics.challenger:  # a gate that was overridden can lack it
        found[f"holdout.{metrics.metric}"] = f"{metrics.challenger[metrics.metric]:.6g}"
    if verdict.override:
        found["gate_override"] = verdict.override
    return found | origin()


def origin() -> dict[str, str]:
    """Return the tags that name the job in Azure ML and the data asset, as the variables of the step say."""
    found = {
        "job": os.environ.get(tracking.TRAINING_JOB) or os.environ.get(tracking.ROOT_RUN),
        "data": os.environ.get(tracking.DATA_VERSION),
    }
    return {name: value for name, value in found.items() if value}


def register(name: str, folders: Mapping[str, Path], labels: dict[str, str], run_id: str) -> str:
    """Log the folders to the run, register its model, and return the version.

    A version is made in one call, with its tags, after all its files are stored: an interruption leaves either no
    version or a complete one. A model that is registered already (same digest) keeps its version and gets the new
    verdict's tags.
    """
    import mlflow
    from mlflow.exceptions import MlflowException

    client = mlflow.MlflowClient()
    try:
        with tracking.run(run_id) as active:
            for folder, path in folders.items():
                mlflow.log_artifacts(str(path), folder)
            version = _known_version(name, labels["model_digest"])
            if version is None:
                return str(mlflow.register_model(f"runs:/{active}/model", name, tags=labels).version)
            for key, value in labels.items():
                client.set_model_version_tag(name, version, key, value)
            return version
    except MlflowException as error:
        raise tracking.store_error(error) from error


def put(
    name: str, folders: Mapping[str, Path], training: Training, verdict: Gate, config: ProjectConfig
) -> Registration:
    """Register a model, with what a monitor needs of its training data and its known answers in its folder.

    Args:
        name: of the model.
        folders: `model`, `evaluation`, `responsible_ai` and `gate`: what the run keeps.
        training: how the model was made.
        verdict: of the gate.
        config: names the columns.
    """
    model, metrics = folders["model"], Metrics.load(folders["evaluation"])
    model_digest = digest(model)
    with tempfile.TemporaryDirectory() as scratch:
        kept.keep(folders["evaluation"], models.load(model), config, Path(scratch))
        logged = {**folders, f"model/{kept.FOLDER}": Path(scratch)}
        logged[f"model/{known.FOLDER}"] = folders["evaluation"] / known.FOLDER
        version = register(name, logged, tags(training, metrics, verdict, model_digest), training.run_id)
    promote(name, version)
    return Registration(name, version, model_digest, training.run_id)


def _known_version(name: str, model_digest: str) -> str | None:
    """Return the version under which this very model is registered, None if it is not."""
    import mlflow
    from mlflow.exceptions import MlflowException

    try:
        versions = mlflow.MlflowClient().search_model_versions(f"name = '{name}'")
    except MlflowException:
        return None  # no model of that name yet, which some stores answer with an error
    return next((str(found.version) for found in versions if found.tags.get("model_digest") == model_digest), None)


def promote(name: str, version: str) -> None:
    """Point the alias `champion` at `version`. Azure ML's registry has no aliases: there, promotion is a deployment."""
    import mlflow

    if not mlflow.get_tracking_uri().startswith("azureml"):
        mlflow.MlflowClient().set_registered_model_alias(name, CHAMPION, version)


def main(argv: Sequence[str] | None = None) -> None:
    """Register the model with its evaluation and card; write registration.json.

    Raises:
        UserError: the gate refused the model, or the registry does not answer.
    """
    settings = entry.settings(Settings, argv)
    config = load(settings.config)
    verdict = Gate.load(settings.verdict)
    if not verdict.passed:
        raise UserError(f"{settings.verdict / Gate.FILE}: the gate refused this model; it cannot be registered")
    folders = {
        "model": settings.model,
        "evaluation": settings.evaluation,
        "responsible_ai": settings.responsible_ai,
        "gate": settings.verdict,
    }
    registration = put(settings.model_name, folders, Training.load(settings.training), verdict, config)
    registration.save(settings.registration)
    log.info("%s version %s", registration.name, registration.version)


if __name__ == "__main__":
    entry.run(main)
