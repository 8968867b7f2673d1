"""The model a scoring process answers with: where Azure puts it, what it is called, what it accepts."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from .. import models
from ..errors import UserError
from .contract import Contract

MODEL_DIR = "AZUREML_MODEL_DIR"


@dataclass(frozen=True)
class ServedModel:
    """A loaded model with its contract, and the name and version that answers carry (None where nothing tells them)."""

    model: models.Model
    contract: Contract
    name: str | None
    version: str | None


def load(folder: Path, name: str | None, version: str | None) -> ServedModel:
    """Load a model folder under a name.

    Raises:
        UserError: the folder is not a model folder.
    """
    model = models.load(folder)
    return ServedModel(model, Contract.of(model.contract), name, version)


def from_environment(environment: Mapping[str, str] = os.environ) -> ServedModel:
    """Load the model that a deployment provides.

    Azure mounts a registered model at AZUREML_MODEL_DIR, as the folder itself or one folder deeper. Name and version
    are MODEL_NAME and MODEL_VERSION where set; else an online deployment shows them in its path
    .../azureml-models/<name>/<version>.

    Raises:
        UserError: AZUREML_MODEL_DIR is not set, or there is no single model folder in it.
    """
    value = environment.get(MODEL_DIR)
    if not value:
        raise UserError(f"{MODEL_DIR} is not set: it must name the folder of the model to serve")
    root = Path(value)
    found = [
        path.parent for path in (root / models.CONTRACT, *sorted(root.glob(f"*/{models.CONTRACT}"))) if path.is_file()
    ]
    if len(found) != 1:
        raise UserError(
            f"{MODEL_DIR}: {root} must hold one {models.CONTRACT}, there or one folder deeper; found {len(found)}"
        )
    mounted = root.parent.parent.name == "azureml-models"
    name = environment.get("MODEL_NAME") or (root.parent.name if mounted else None)
    version = environment.get("MODEL_VERSION") or (root.name if mounted else None)
    return load(found[0], name, version)
