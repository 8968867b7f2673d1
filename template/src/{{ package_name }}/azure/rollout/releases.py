"""Model versions to deploy: dev takes those of its own workspace, every other environment those of the registry."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ...errors import UserError
from ..client import Azure
from ..definitions import assets, sync
from ..operations import Operation
from ..problems import translated
from ..tags import PROJECT, STAGED

if TYPE_CHECKING:
    from azure.ai.ml import MLClient

REGISTRIES = "azureml://registries/"
FIRST = "dev"  # where models are made
STRICT = "prod"  # takes only what staging has passed
_LABEL = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*):([1-9][0-9]*)")


@dataclass(frozen=True)
class Release:
    """A model version to deploy: where deployments find it, and its tags."""

    name: str
    version: str
    reference: str  # as `model` of a deployment
    tags: Mapping[str, str] = field(hash=False)
    override: str = ""  # why it goes to prod although staging has not passed it

    @property
    def in_registry(self) -> bool:
        """Whether it lies in the registry, and not in the environment's workspace."""
        return self.reference.startswith(REGISTRIES)

    @property
    def label(self) -> str:
        """NAME:VERSION."""
        return f"{self.name}:{self.version}"


def parse(label: str) -> tuple[str, str]:
    """Return name and version of NAME:VERSION.

    Raises:
        UserError: it is not of that form; `latest` is none.
    """
    found = _LABEL.fullmatch(label)
    if not found:
        raise UserError(f"{label!r} is refused: write NAME:VERSION with one exact version, such as flights:7")
    return found[1], found[2]


def find(azure: Azure, label: str) -> Release:
    """Return the model version that a label means in an environment.

    Raises:
        UserError: there is no such version.
    """
    from azure.core.exceptions import ResourceNotFoundError

    name, version = parse(label)
    own = azure.config.environment.name == FIRST
    client: MLClient = azure.ml if own else azure.registry
    with translated(azure, f"model {label}"):
        try:
            found: Any = client.models.get(name, version)
        except ResourceNotFoundError:
            raise UserError(_missing(azure, label, own)) from None
    reference = f"azureml:{label}" if own else in_registry(azure, "models", f"azureml:{label}")
    return Release(name, version, reference, dict(found.tags or {}))


def refuse_unstaged(azure: Azure, release: Release, override: str | None) -> None:
    """Refuse to deploy to prod what staging has not passed, unless a reason is given.

    Raises:
        UserError: with the way out.
    """
    if azure.config.environment.name != STRICT or override or release.tags.get(STAGED) == "passed":
        return
    said = release.tags.get(STAGED)
    state = f"staging has {said} it" if said else "staging has not seen it"
    raise UserError(
        f"model {release.label}: {state}, and prod takes only what has passed there: run 'mlops azure stage"
        f" {release.label} --env staging', or give a reason with --override"
    )


def in_registry(azure: Azure, kind: str, reference: str) -> str:
    """Return azureml:NAME:VERSION as an asset of the registry."""
    name, _, version = reference.removeprefix("azureml:").rpartition(":")
    return f"{REGISTRIES}{azure.config.registry.name}/{kind}/{name}/versions/{version}"


def ensure_environment(azure: Azure, operation: Operation, reference: str) -> None:
    """Register the environment that a deployment names in the workspace; in the registry it must be already.

    Raises:
        UserError: the registry does not have it.
    """
    from azure.core.exceptions import ResourceNotFoundError

    if reference.startswith(REGISTRIES):
        *_, name, _, version = reference.split("/")
        with translated(azure, f"environment {name}:{version}"):
            try:
                azure.registry.environments.get(name, version)
            except ResourceNotFoundError:
                raise UserError(
                    f"environment {name}:{version}: is not in registry {azure.config.registry.name}: promote the model"
                    " from this checkout, which brings it there"
                ) from None
        return
    for path, document in assets.fill_environments(azure.project, azure.config).items():
        asset = sync.Asset("environments", str(document["name"]), str(document["version"]), path, document)
        if reference == f"azureml:{asset.name}:{asset.version}":
            if not sync.exists(azure, asset) and operation.applies(asset.label, None, "registered"):
                with translated(azure, asset.label):
                    created = sync.entity(asset, {PROJECT: str(azure.config.tags.get("project", ""))})
                    azure.ml.environments.create_or_update(created)
            return


def _missing(azure: Azure, label: str, own: bool) -> str:
    if own:
        status = f"'mlops azure status --env {FIRST}' has the newest"
        return f"model {label}: the workspace of {FIRST} has no such version: {status}"
    return (
        f"model {label}: registry {azure.config.registry.name} has no such version: the number is the registry's, which"
        f" 'mlops azure promote' prints"
    )
