"""The folder that a trained model of contents is kept in, beside its classifier: MLflow's files and the contract."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .config.project import ProjectConfig
from .errors import UserError
from .records import Contract

TRAINERS = ("mlflow", "torch", "transformers")  # answers need none of them


def save(
    path: Path, loader: str, config: ProjectConfig, versions: Mapping[str, str], fitted: Path, kind: str = "string"
) -> None:
    """Write a folder to `path`, which must not exist; the contract is still missing then.

    There is no input example in it: that would be the content of a person.

    Args:
        path: the model folder.
        loader: name of the module whose `_load_pyfunc` MLflow calls.
        config: names the column of contents.
        versions: library -> version that the model needs.
        fitted: a folder with the files of the classifier.
        kind: MLflow's type of a content, string or binary.
    """
    import mlflow.pyfunc
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, DataType, Schema

    inputs = Schema([ColSpec(DataType[kind], name, required=False) for name in config.columns.features])
    mlflow.pyfunc.save_model(
        path,
        loader_module=loader,
        signature=ModelSignature(inputs=inputs, outputs=Schema([ColSpec(DataType.string)])),
        # Naming the requirements saves an inference of 12 s.
        pip_requirements=[f"{name}=={version}" for name, version in versions.items() if name not in TRAINERS],
    )
    for file in fitted.iterdir():
        shutil.copy(file, path / file.name)


def kept_inputs(config: ProjectConfig) -> dict[str, Any]:
    """Return what the contract says about the share of requests that is kept for people; empty if none is."""
    kept = config.review.model_dump(include={"kept_share", "retention_days"}) | {"seed": config.seed}
    return kept if config.review.keep_inputs == "share" else {}


def check(path: Path, needed: Mapping[str, bool]) -> None:
    """Check that a folder holds a contract and what else is needed.

    Args:
        path: the folder.
        needed: name of a file -> whether it, or what stands for it, is there.

    Raises:
        UserError: something is missing, so it is not a model folder.
    """
    for name, found in {**needed, Contract.FILE: (path / Contract.FILE).is_file()}.items():
        if not found:
            raise UserError(f"{path}: is not a model folder: {name} is missing")
