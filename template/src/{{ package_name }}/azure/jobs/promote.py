"""Promotion: one exact version of a model, with the environments that serve it, from a workspace into a registry.

A registry's versions are numbered by the registry. The copy is known by its tags: `candidate`, the version that was
first registered, and `source`, the one that it was copied from. A version whose tags are there is promoted already.
"""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from ...errors import GateRefusedError, UserError
from .. import models, serving
from ..client import PROGRESS, Azure
from ..definitions import assets
from ..definitions.sync import Asset, entity, expected
from ..models import Place, Version
from ..operations import Operation, Say, recorded
from ..problems import translated
from ..tags import CANDIDATE, GATE, MODEL_DIGEST, PROJECT, PROMOTED_AS, PROMOTION_OVERRIDE, SOURCE

if TYPE_CHECKING:
    from azure.ai.ml import MLClient

PASSED = ("passed", "overridden")  # values of the tag `gate`
ATTEMPTS = 5  # at a number that another promotion takes first


def promote(
    azure: Azure,
    name: str,
    version: str,
    *,
    say: Say,
    to: str | None = None,
    override: str | None = None,
    tags: Mapping[str, str] | None = None,
    dry_run: bool = False,
) -> Version | None:
    """Copy a version of an environment's workspace into a registry, and return the copy; None from a dry run.

    Args:
        azure: the environment in whose workspace the version is.
        name: of the model.
        version: its number there.
        say: receives every line for the user.
        to: name of another registry than that of config/common.yml, also of another subscription.
        override: why a model without a passed gate is let through.
        tags: of the copy, beside those that every copy has.
        dry_run: only say what would be done.

    Raises:
        GateRefusedError: the version did not pass its gate.
        UserError: the version is not registered, or its environment has not served in this workspace.
        AzureProblemError, AzureFailedError: Azure refused or failed.
    """
    found = models.must(azure, models.workspace(azure), name, version)
    place = models.registry(azure, to)
    with recorded(azure, "promote", found.label, say=say, reason=override, dry_run=dry_run) as operation:
        added = {**_origin(found), **_allowed(found, override), **(tags or {})}
        known = models.versions(azure, place, name)
        if copy := _copy_of(found, place, known):
            operation.note(f"{place.name}: {copy.label} is {found.source} already")
        else:
            for asset in _environments(azure):
                _copy_environment(azure, operation, place, asset, override)
            copy = _copy_model(azure, operation, found, place, known, added)
        if copy is None:
            return None
        missing = {key: value for key, value in added.items() if copy.tags.get(key) != value}
        if missing and operation.applies(f"{place.name}: tags of model {copy.label}", None, missing):
            models.tag(azure, copy, missing)
        return models.must(azure, place, name, copy.version)


def _allowed(found: Version, override: str | None) -> dict[str, str]:
    """Return the tags that say why a version is let through; without a passed gate it needs an override."""
    verdict = found.tags.get(GATE)
    if verdict in PASSED:
        return {}
    if not override:
        why = f"its tag {GATE} is {verdict!r}" if verdict else f"it has no tag {GATE}"
        raise GateRefusedError(
            f"{found.source}: {why}: only a model that passed its gate is promoted; --override REASON lets it through"
        )
    return {PROMOTION_OVERRIDE: override}


def _origin(found: Version) -> dict[str, str]:
    """Return the tags that say what a copy is of; a model that staging retrained keeps the candidate's name."""
    origin = {CANDIDATE: found.tags.get(CANDIDATE, found.label), SOURCE: found.source}
    return origin | ({MODEL_DIGEST: found.tags[MODEL_DIGEST]} if MODEL_DIGEST in found.tags else {})


def _copy_of(found: Version, place: Place, known: list[Version]) -> Version | None:
    """Return the copy that an earlier call made, also where it was interrupted before it wrote the copy's tags."""
    for each in known:
        if each.tags.get(SOURCE) == found.source:
            return each
    registry, _, number = found.tags.get(PROMOTED_AS, "").rpartition(":")
    return next(
        (each for each in known if (registry, number) == (place.name, each.version) and SOURCE not in each.tags), None
    )


def _copy_model(
    azure: Azure,
    operation: Operation,
    found: Version,
    place: Place,
    known: list[Version],
    added: Mapping[str, str],
) -> Version | None:
    """Copy a version under the registry's next free number; None from a dry run.

    The source names the copy before it is made, and has its tags: an interruption anywhere leaves a copy that is
    recognised.
    """
    from azure.ai.ml.exceptions import MlException
    from azure.core.exceptions import AzureError

    number = max((each.number for each in known), default=0)
    for attempt in range(1, ATTEMPTS + 1):
        number += 1
        what = f"{place.name}: model {found.name}:{number}"
        if not operation.applies(what, None, found.source):
            return None
        models.tag(azure, found, {**added, PROMOTED_AS: f"{place.name}:{number}"})
        try:
            with translated(azure, what):
                azure.ml.models.share(
                    found.name,
                    found.version,
                    share_with_name=found.name,
                    share_with_version=str(number),
                    registry_name=place.name,
                )
        except UserError as error:
            cause = error.__cause__
            copy = models.find(azure, place, found.name, str(number))
            if copy is None or not isinstance(cause, AzureError | MlException):
                raise
            if copy.tags.get(SOURCE) in (None, found.source):  # its answer was lost
                return copy
            if attempt == ATTEMPTS:
                raise
            operation.note(f"{what}: was taken meanwhile by {copy.tags[SOURCE]}")
        else:
            return models.must(azure, place, found.name, str(number))
    return None


def _environments(azure: Azure) -> Iterator[Asset]:
    """Yield the environments that deployments of azureml/endpoints/ use."""
    documents = assets.fill_all(azure.project, azure.config)
    used = {str(each.get("environment")) for name, each in documents.items() if name.startswith("azureml/endpoints/")}
    for asset in expected(azure):
        if asset.kind == "environments" and f"azureml:{asset.name}:{asset.version}" in used:
            yield asset


def _copy_environment(azure: Azure, operation: Operation, place: Place, asset: Asset, override: str | None) -> None:
    """Put an environment into a registry once its image has been built and has served here.

    An image that fails to build in a registry leaves no log that can be read.
    """
    from azure.core.exceptions import ResourceNotFoundError

    with translated(azure, f"{place.name}: {asset.label}"):
        try:
            azure.call("GET", f"{place.id}/environments/{asset.name}/versions/{asset.version}")
            return
        except ResourceNotFoundError:
            pass
    if not override and not _has_served(azure, asset):
        env = azure.config.environment.name
        raise UserError(
            f"{asset.label}: has not served in {env}: its image is built and tried there before the registry gets it:"
            f" 'mlops azure deploy' to {env} first, or --override REASON"
        )
    if operation.applies(f"{place.name}: {asset.label}", None, "registered"):
        with translated(azure, f"{place.name}: {asset.label}"):
            created = entity(asset, {PROJECT: str(azure.config.tags.get("project", ""))})
            _client(azure, place).environments.create_or_update(created)


def _has_served(azure: Azure, asset: Asset) -> bool:
    ending = f"/environments/{asset.name}/versions/{asset.version}"
    found = [each for endpoint in serving.endpoints(azure) for each in endpoint.deployments]
    return any(each.environment.endswith(ending) and each.state == "Succeeded" for each in found)


def _client(azure: Azure, place: Place) -> "MLClient":
    """Return the client of a registry."""
    if place.id == azure.registry_id:
        return azure.registry
    from azure.ai.ml import MLClient

    _, _, subscription, _, group, *_ = place.id.split("/")
    return MLClient(azure.credential, subscription, group, registry_name=place.name, show_progress=PROGRESS)
