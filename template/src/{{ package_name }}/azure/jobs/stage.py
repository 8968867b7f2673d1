"""Staging: a candidate of the registry is judged on production data, where there are labelled ones.

With azureml/pipelines/retrain.yml the same model is retrained on them, and the better one goes on; with judge.yml the
candidate is judged as it is.

The command submits and ends; called again it goes on from where the job stands, and says the verdict as tags of the
version in the registry.
"""

from dataclasses import dataclass

from ...errors import GateRefusedError, UserError
from ...pipeline.digests import key_of
from ...tracking import code_version
from .. import models
from ..client import Azure
from ..definitions import assets, values
from ..definitions.sync import sync
from ..models import Version
from ..operations import Operation, Say, recorded
from ..problems import translated
from ..tags import CANDIDATE, CHAMPION, CODE_VERSION, DATA, GATE, MODEL, STAGE_VERDICT, STAGED
from ..tags import STAGE_WINNER as WINNER
from . import champion as champions
from . import commits, submission
from .promote import PASSED, promote
from .runs import Job, Runs

STAGE = "stage"  # purpose, and the command
RETRAIN, JUDGE = "retrain.yml", "judge.yml"  # pipelines, of which a project has one
VERSION = "stage_version"  # tag of the job: number of the retrained model in staging's workspace
ACCEPTED, REFUSED = "passed", "refused"  # values of the tag `staged`


@dataclass(frozen=True)
class Verdict:
    """The outcome of staging; `version` is the one of the registry that goes on, None if none does."""

    version: Version | None
    reason: str


def stage(
    azure: Azure,
    name: str,
    version: str,
    *,
    say: Say,
    override: str | None = None,
    again: bool = False,
    dry_run: bool = False,
) -> Verdict | Job | None:
    """Judge a version of the registry; return the verdict, the job that is under way, or None from a dry run.

    Args:
        azure: staging.
        name: of the model.
        version: its number in the registry.
        say: receives every line for the user.
        override: why a refused candidate is let through.
        again: submit another job after one that failed or was canceled.
        dry_run: only say what would be done.

    Raises:
        GateRefusedError: the candidate has passed no gate.
        StepFailedError: the job failed.
        UserError: the version or its commit is not there.
        AzureProblemError, AzureFailedError: Azure refused or failed.
    """
    found = models.must(azure, models.registry(azure), name, version)
    with recorded(azure, STAGE, found.label, say=say, reason=override, dry_run=dry_run) as operation:
        if STAGED in found.tags:
            return _known(azure, operation, found)
        if found.tags.get(GATE) not in PASSED and not override:
            raise GateRefusedError(f"{found.source}: its tag {GATE} is {found.tags.get(GATE)!r}: it passed no gate")
        job, _ = submission.standing(azure, STAGE, _request(found))
        if job is None and (reason := not_judged(azure, found)):
            return _finish(azure, operation, found, ACCEPTED, f"its gate passed; {reason}")
        if job is None or (again and job.ended and job.status != "Completed"):
            job = _submitted(azure, operation, found, override)
        if job is None:
            return None
        if not job.ended:
            operation.note(
                f"job {job.name}: {job.status}; call 'mlops azure stage {found.label}' again once it has ended"
            )
            return job
        if job.status != "Completed":
            raise Runs(azure).failure(job, job.status)
        return _concluded(azure, operation, found, job)


def not_judged(azure: Azure, found: Version) -> str | None:
    """Return that a candidate is not judged on production data, and why; None if it is.

    Raises:
        AzureProblemError, AzureFailedError: Azure refused or failed.
    """
    documents = assets.fill_all(azure.project, azure.config)
    name = _pipeline(azure)
    file, asset = f"azureml/pipelines/{name}", documents.get("azureml/data/production.yml")
    without = "not retrained" if name == RETRAIN else "not judged on production data"
    if why := values.unwanted(azure.config, file):
        return f"{without}: {why}"
    if file not in documents:
        return f"{without}: {file}: is missing"
    if asset is None:
        return f"{without}: azureml/data/production.yml: is missing"
    data = f"{asset['name']}:{asset['version']}"
    if found.tags.get(DATA) == data:
        return f"{without}: it learned from {data} already"
    return None if _has_files(azure, str(asset["path"])) else f"{without}: {asset['path']}: holds no labelled data yet"


def _pipeline(azure: Azure) -> str:
    """Return the pipeline of this project that judges in staging."""
    return JUDGE if (azure.project.root / "azureml" / "pipelines" / JUDGE).is_file() else RETRAIN


def _has_files(azure: Azure, address: str) -> bool:
    """Return whether a folder of a datastore holds a file."""
    from azure.storage.blob import ContainerClient

    store, _, folder = address.removeprefix("azureml://datastores/").partition("/paths/")
    with translated(azure, address):
        place = azure.call("GET", f"{azure.workspace_id}/datastores/{store}").body["properties"]
        container = place.get("filesystem") or place.get("containerName")
        host = f"https://{place['accountName']}.blob.core.windows.net"
        client = ContainerClient(host, container, credential=azure.credential)
        # A folder of a hierarchical account is listed too, as a blob without content.
        return any(blob.size for blob in client.list_blobs(name_starts_with=folder))


def _submitted(azure: Azure, operation: Operation, found: Version, override: str | None) -> Job | None:
    """Return the job that judges: with a retraining at the candidate's commit, else with the code of today."""
    best = champions.champion(azure, besides=found.label)
    inputs: dict[str, object] = {"candidate": {"type": "mlflow_model", "path": champions.address(found)}}
    tags = {MODEL: found.label}
    if best:
        inputs["champion"] = {"type": "mlflow_model", "path": champions.address(best)}
        tags[CHAMPION] = best.label
    inputs["override_reason"] = override
    file = _pipeline(azure)
    commit = found.tags.get(CODE_VERSION, "") if file == RETRAIN else code_version()
    with commits.at(azure, commit) as then:
        sync(then, say=operation.say, dry_run=operation.dry_run)
        pipeline = submission.prepare(then, STAGE, inputs, tags, file=file, commit=commit, request=_request(found))
        return submission.submit(then, operation, pipeline)


def _request(found: Version) -> str:
    """Return what tells stagings apart: a version has one, whatever is promoted meanwhile."""
    return key_of([STAGE, found.place.name, found.label])[:12]


def _concluded(azure: Azure, operation: Operation, found: Version, job: Job) -> Verdict:
    """Write the verdict of a job; a retrained model that won goes into the registry and stands for the candidate."""
    winner, reason = job.tags.get(WINNER), job.tags.get(STAGE_VERDICT, "")
    if winner is None:
        raise UserError(f"job {job.name}: has completed without a tag {WINNER}: its last step did not end: {job.link}")
    if winner == "candidate":
        return _finish(azure, operation, found, ACCEPTED, reason)
    if winner == "none":
        return _finish(azure, operation, found, REFUSED, reason)
    own = models.must(azure, models.workspace(azure), found.name, job.tags[VERSION])
    said = {STAGED: ACCEPTED, STAGE_VERDICT: reason}
    if operation.applies(f"{own.source}: {STAGED}", None, ACCEPTED):
        models.tag(azure, own, {CANDIDATE: found.tags.get(CANDIDATE, found.label), **said})
    own = models.must(azure, own.place, own.name, own.version)
    copy = promote(azure, own.name, own.version, say=operation.say, tags=said, dry_run=operation.dry_run)
    if copy is None:
        return Verdict(None, reason)
    _finish(azure, operation, found, REFUSED, f"{copy.label}, retrained on production data, goes on instead: {reason}")
    return Verdict(copy, reason)


def _finish(azure: Azure, operation: Operation, found: Version, staged: str, reason: str) -> Verdict:
    if operation.applies(f"{found.place.name}: {found.label}: {STAGED}", None, staged):
        models.tag(azure, found, {STAGED: staged, STAGE_VERDICT: reason})
    operation.note(f"{found.label}: {staged}: {reason}")
    return Verdict(found if staged == ACCEPTED else None, reason)


def _known(azure: Azure, operation: Operation, found: Version) -> Verdict:
    """Return a verdict that was written before."""
    reason = found.tags.get(STAGE_VERDICT, "")
    operation.note(f"{found.label}: {found.tags[STAGED]}: {reason}")
    if found.tags[STAGED] == ACCEPTED:
        return Verdict(found, reason)
    winner = reason.partition(",")[0] if " goes on instead: " in reason else ""
    name, _, version = winner.rpartition(":")
    return Verdict(models.find(azure, found.place, name, version) if winner else None, reason)
