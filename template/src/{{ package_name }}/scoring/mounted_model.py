"""The model that a scoring process answers with: where Azure mounts it, its name and version."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from .. import models
from ..errors import UserError
from ..records import Contract

MODEL_DIR = "AZUREML_MODEL_DIR"


@dataclass(frozen=True)
class MountedModel:
    """A loaded model, with the name and version that answers carry (None where nothing tells them)."""

    model: models.Model
    name: str | None
    version: str | None

    @property
    def contract(self) -> Contract:
        """The model's contract."""
        return self.model.contract


def load(folder: Path, name: str | None, version: str | None) -> MountedModel:
    """Load a model folder under a name.

    Raises:
        UserError: the folder is not a model folder.
    """
    return MountedModel(models.load(folder), name, version)


def from_environment(environment: Mapping[str, str] = os.environ) -> MountedModel:
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
    candidates = (root / Contract.FILE, *sorted(root.glob(f"*/{Contract.FILE}")))
    found = [path.parent for path in candidates if path.is_file()]
    if len(found) != 1:
        raise UserError(
            f"{MODEL_DIR}: {root} must hold one {Contract.FILE}, there or one folder deeper; found {len(found)}"
        )
    mounted = root.parent.parent.name == "azureml-models"
    name = environment.get("MODEL_NAME") or (root.parent.name if mounted else None)
    version = environment.get("MODEL_VERSION") or (root.name if mounted else None)
    return load(found[0], name, version)
