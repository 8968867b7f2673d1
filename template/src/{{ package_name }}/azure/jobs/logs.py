"""Logs of a job's steps, or of the containers of a deployment."""

from collections.abc import Iterator

from ...errors import UserError
from .. import serving
from ..client import Azure
from ..operations import Say
from ..rollout import kinds
from ..rollout.kind import Kind
from .runs import Runs


def of_job(azure: Azure, name: str, *, step: str | None = None, lines: int = 30) -> Iterator[str]:
    """Yield the steps of a job with their status, and the log of one of them; by default of the one that failed.

    Raises:
        UserError: there is no such job or step.
        AzureProblemError, AzureFailedError: Azure refused or failed.
    """
    runs = Runs(azure)
    job = runs.must(name)
    yield f"{job.name}: {job.status}: {job.link}"
    steps = runs.steps(name)
    for each in steps:
        yield f"{each.name:<24} {each.status}"
    if step and step not in [each.name for each in steps]:
        known = ", ".join(each.name for each in steps) or "none yet"
        raise UserError(f"job {name}: has no step {step!r} that has begun; it has {known}")
    for each in steps:
        if each.name == step or (step is None and each.status == "Failed"):
            yield f"--- {each.name}"
            yield runs.log(each.run, lines) or "(empty)"


def of_deployment(azure: Azure, kind: Kind, deployment: str | None, say: Say) -> Iterator[str]:
    """Yield the logs of both containers of a deployment; by default of the one that serves.

    Raises:
        UserError: there is no such deployment.
        AzureProblemError, AzureFailedError: Azure refused or failed.
    """
    endpoint = serving.endpoint(azure, kind)
    known = [each.name for each in endpoint.deployments]
    name = deployment or (endpoint.serving.name if endpoint.serving else None)
    if name not in known:
        what = f"deployment {deployment}" if deployment else "a deployment that serves"
        raise UserError(f"endpoint {endpoint.name}: has no {what}; it has {', '.join(known) or 'none'}")
    for container, text in kinds.of(azure, kind, say).logs(name).items():
        yield f"--- {name}, {container}"
        yield text or "(empty)"
