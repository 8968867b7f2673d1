"""From a version of a model to where it came from and where it serves."""

from functools import partial

from ..config import environment
from . import models, serving
from .client import Azure, connect
from .jobs.runs import Runs
from .models import Version
from .problems import AzureFailedError, AzureProblemError
from .rollout import releases
from .tags import (
    CANDIDATE,
    CODE_VERSION,
    DATA,
    DATA_DIGEST,
    GATE,
    GATE_OVERRIDE,
    JOB,
    MODEL_DIGEST,
    PROMOTION_OVERRIDE,
    SOURCE,
    STAGE_VERDICT,
    STAGED,
)
from .together import together

_SHOWN = {
    "commit": CODE_VERSION,
    "data digest": DATA_DIGEST,
    "model digest": MODEL_DIGEST,
    "gate": GATE,
    "gate overridden": GATE_OVERRIDE,
    "candidate": CANDIDATE,
    "copied from": SOURCE,
    "promoted in spite": PROMOTION_OVERRIDE,
    "staging": STAGED,
    "staging said": STAGE_VERDICT,
}


def show(azure: Azure, name: str, version: str) -> list[tuple[str, str]]:
    """Return what is known of a version: of the workspace in dev, of the registry for other environments.

    An environment that may not be read is said to be so, and stops nothing.

    Raises:
        UserError: it is not registered.
        AzureProblemError, AzureFailedError: Azure refused or failed.
    """
    own = azure.config.environment.name == releases.FIRST
    place = models.workspace(azure) if own else models.registry(azure)
    found = models.must(azure, place, name, version)
    rows = [("registered", f"{found.source}, {found.created[:16]} by {found.created_by}")]
    rows += [(label, found.tags[tag]) for label, tag in _SHOWN.items() if tag in found.tags]
    rows += [(key, value) for key, value in found.tags.items() if key.startswith("holdout.")]
    if job := found.tags.get(JOB):
        rows += _job(azure, job)
    copies = _copies(azure, found) if own else []
    rows += [("promoted as", each.source) for each in copies]
    return rows + _served(azure, found, copies)


def _job(azure: Azure, name: str) -> list[tuple[str, str]]:
    """Return a job and its data; its workspace is that of dev, or of staging for a model that was retrained there."""
    for env in dict.fromkeys((azure.config.environment.name, *environment.names(azure.project.root / "config"))):
        try:
            job = Runs(connect(azure.project, env)).find(name)
        except (AzureProblemError, AzureFailedError):
            continue
        if job:
            return [("job", f"{job.name} in {env}, {job.status}: {job.link}"), ("data", job.tags.get(DATA, "unknown"))]
    return [("job", name)]


def _copies(azure: Azure, found: Version) -> list[Version]:
    known = models.versions(azure, models.registry(azure), found.name)
    return [each for each in known if each.tags.get(SOURCE) == found.source]


def _served(azure: Azure, found: Version, copies: list[Version]) -> list[tuple[str, str]]:
    """Return the deployments with this version, in every environment; dev has the numbers of its own workspace."""
    released = {each.label for each in copies} if copies else set()
    first = found.label if found.place.id == azure.workspace_id else found.tags.get(CANDIDATE)
    if found.place.id != azure.workspace_id:
        released = {found.label}
    names = environment.names(azure.project.root / "config")
    asked = together({env: partial(_endpoints, azure, env) for env in names})
    rows = []
    for env, answer in asked.items():
        if isinstance(answer, str):
            rows.append((f"in {env}", answer))
            continue
        wanted = {first} if env == releases.FIRST else released
        rows += [
            (f"in {env}", f"{endpoint.kind}, {each.name}: {'default' if each.default else f'{each.traffic} %'}")
            for endpoint in answer
            for each in endpoint.deployments
            if each.model in wanted
        ]
    return rows


def _endpoints(azure: Azure, env: str) -> list[serving.Endpoint] | str:
    try:
        return serving.endpoints(connect(azure.project, env))
    except (AzureProblemError, AzureFailedError) as error:
        return f"not read: {error}"
