"""Step 7: put the model that passed the gate into the MLflow registry, complete or not at all."""

import argparse
import hashlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .. import entry, models, tracking
from ..config.project import load as load_config
from ..errors import UserError
from ..files import read_json, write_json

log = logging.getLogger(__name__)
CHAMPION = "champion"


@dataclass(frozen=True)
class Settings:
    """Paths and the name that the model is registered under."""

    config: Path
    model: Path
    training: Path
    evaluation: Path
    responsible_ai: Path
    verdict: Path
    model_name: str
    registration: Path


def digest(model: Path) -> str:
    """SHA-256 of what decides the predictions: the fitted pipeline and its contract."""
    total = hashlib.sha256()
    for name in (models.PICKLE, models.CONTRACT):
        total.update((model / name).read_bytes())
    return total.hexdigest()


def tags(
    training: dict[str, Any], evaluation: dict[str, Any], verdict: dict[str, Any], model_digest: str
) -> dict[str, str]:
    """What a version carries from its first moment on: promotion and audits read these."""
    name = evaluation["metric"]
    found = {
        "gate": "overridden" if verdict["override"] else "passed",
        "model_digest": model_digest,
        "data_digest": training["data_digest"],
        "code_version": training["code_version"],
        "kind": training["kind"],
        f"holdout.{name}": f"{evaluation['challenger'][name]:.6g}",
    }
    if verdict["override"]:
        found["gate_override"] = verdict["override"]
    return found


def register(name: str, folders: dict[str, Path], labels: dict[str, str], run_id: str) -> str:
    """Log the folders to the run and register its model; returns the version.

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


def _known_version(name: str, model_digest: str) -> str | None:
    """The version under which this very model is registered."""
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
    """Register the model with its evaluation and card; write registration.json."""
    settings = Settings(**vars(_parser().parse_args(argv)))
    load_config(settings.config)
    training = read_json(settings.training / "training.json")
    evaluation = read_json(settings.evaluation / "metrics.json")
    verdict = read_json(settings.verdict / "gate.json")
    if not verdict["passed"]:
        raise UserError(f"{settings.verdict / 'gate.json'}: the gate refused this model; it cannot be registered")
    model_digest = digest(settings.model)
    labels = tags(training, evaluation, verdict, model_digest)
    folders = {
        "model": settings.model,
        "evaluation": settings.evaluation,
        "responsible_ai": settings.responsible_ai,
        "gate": settings.verdict,
    }
    version = register(settings.model_name, folders, labels, training["run_id"])
    promote(settings.model_name, version)
    content = {"name": settings.model_name, "version": version, "digest": model_digest, "run_id": training["run_id"]}
    write_json(settings.registration / "registration.json", content)
    log.info("%s version %s", settings.model_name, version)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", type=Path, required=True, help="config/project.yml")
    parser.add_argument("--model", type=Path, required=True, help="the challenger's model folder")
    parser.add_argument("--training", type=Path, required=True, help="folder with training.json")
    parser.add_argument("--evaluation", type=Path, required=True, help="folder with metrics.json")
    parser.add_argument("--responsible-ai", type=Path, required=True, help="folder with slices and model card")
    parser.add_argument("--verdict", type=Path, required=True, help="folder with gate.json")
    parser.add_argument("--model-name", required=True, help="name to register the model under")
    parser.add_argument("--registration", type=Path, required=True, help="folder for registration.json")
    return parser


if __name__ == "__main__":
    entry.run(main)
