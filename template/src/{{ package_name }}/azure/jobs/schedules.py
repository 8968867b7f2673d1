"""Schedules of azureml/schedules/ in Azure: written for the model that serves, read back, compared.

Azure ML keeps parts of an older job when a schedule is updated, and has lost the experiment's name: what stands there
is read and compared with what was meant, before a write and after it.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ...errors import StepFailedError
from .. import models, serving, waiting
from ..client import Azure
from ..definitions import assets, values
from ..definitions.sync import sync
from ..operations import Operation, Say, recorded
from ..problems import translated
from ..tags import CHAMPION, MODEL
from . import champion, submission

MINUTES = 10.0  # that a write of a schedule may take
MONITOR, RETRAIN = "monitor", "retrain"  # purposes of their jobs

_ASSET = re.compile(r"(?:models|data|components)/([^/]+)/versions/([^/]+)$")


@dataclass(frozen=True)
class Wanted:
    """A schedule as it should stand; without a document it should be off, for the reason given."""

    name: str
    document: Mapping[str, Any] | None
    pipeline: submission.Pipeline | None
    reason: str = ""


@dataclass(frozen=True)
class Difference:
    """A schedule beside what stands in Azure."""

    name: str
    state: Literal["same", "missing", "differs"]
    wanted: Wanted


def differences(azure: Azure) -> list[Difference]:
    """Return the schedules of an environment, each as it stands beside what it should be.

    Raises:
        UserError: a file of azureml/ is refused.
        AzureProblemError, AzureFailedError: Azure refused or failed.
    """
    return [Difference(each.name, _state(each, _stands(azure, each.name)), each) for each in wanted(azure)]


def write(azure: Azure, *, say: Say, dry_run: bool = False) -> list[Difference]:
    """Create, update or switch off the schedules that differ; return those.

    Raises:
        StepFailedError: Azure shows another schedule than was written.
        UserError: a file of azureml/ is refused.
        AzureProblemError, AzureFailedError: Azure refused or failed.
    """
    sync(azure, say=say, dry_run=dry_run)
    changed = []
    with recorded(azure, "monitors", azure.config.names.workspace, say=say, dry_run=dry_run) as operation:
        for each in differences(azure):
            if each.wanted.reason:
                operation.say(f"schedule {each.name}: off: {each.wanted.reason}")
            if each.state == "same":
                continue
            changed.append(each)
            _write(azure, operation, each)
        if not changed:
            say(f"{azure.config.names.workspace}: every schedule stands as it should")
    return changed


def wanted(azure: Azure) -> Iterator[Wanted]:
    """Yield the schedules of azureml/schedules/ that run pipelines, for the models that serve at present."""
    endpoints = {each.kind: each for each in serving.endpoints(azure)}
    for file, document in assets.fill_all(azure.project, azure.config).items():
        if file.split("/")[1] != "schedules" or "create_job" not in document:
            continue
        name, stem = str(document["name"]), file.rpartition("/")[2].removesuffix(".yml")
        reason = values.unwanted(azure.config, file)
        kind = stem.removeprefix(values.MONITOR)
        served = endpoints[kind].serving if kind in endpoints else None
        if not reason and kind in endpoints and served is None:
            reason = f"{endpoints[kind].name} serves nothing yet"
        if reason:
            yield Wanted(name, None, None, reason)
        else:
            yield Wanted(name, document, _pipeline(azure, document, served))


def _pipeline(azure: Azure, document: Mapping[str, Any], served: serving.Deployment | None) -> submission.Pipeline:
    """Return the job of a schedule whole: of a monitor with the model and the deployment that serve."""
    job = document["create_job"]
    inputs, tags, purpose = dict(job.get("inputs", {})), {}, RETRAIN
    if served:
        purpose, tags[MODEL] = MONITOR, served.model
        inputs |= {"model": {**inputs["model"], "path": _reference(azure, served.model)}, "deployment": served.name}
    elif best := champion.champion(azure):
        tags[CHAMPION] = best.label
        inputs["champion"] = {"type": "mlflow_model", "path": champion.address(best)}
    file = str(job["job"]).rpartition("/")[2]
    pipeline = submission.prepare(azure, purpose, inputs, tags, file=file)
    pipeline.document["settings"] = {**pipeline.document.get("settings", {}), **job.get("settings", {})}
    pipeline.document["settings"]["force_rerun"] = True  # the same inputs hold other rows the next time
    default = assets.fill(azure.project, azure.config, azure.project.pipeline)["settings"]["default_compute"]
    pipeline.document["settings"]["default_compute"] = default
    return pipeline


def _reference(azure: Azure, label: str) -> str:
    """Return a model that serves as an input: of the workspace in dev, of the registry elsewhere."""
    if azure.config.environment.name == "dev":
        return f"azureml:{label}"
    name, _, version = label.rpartition(":")
    return champion.address(models.Version(models.registry(azure), name, version, {}, None, "", ""))


def _stands(azure: Azure, name: str) -> Mapping[str, Any] | None:
    from azure.core.exceptions import ResourceNotFoundError

    with translated(azure, f"schedule {name}"):
        try:
            body: Mapping[str, Any] = azure.call("GET", f"{azure.workspace_id}/schedules/{name}").body
        except ResourceNotFoundError as error:
            if error.error and error.error.code == "ParentResourceNotFound":
                raise
            return None
    return body


def _state(each: Wanted, stands: Mapping[str, Any] | None) -> Literal["same", "missing", "differs"]:
    enabled = bool(stands and stands["properties"].get("isEnabled", True))
    if each.pipeline is None or each.document is None:
        return "differs" if enabled else "same"
    if stands is None:
        return "missing"
    return "same" if enabled and _view_of(stands) == _view(each.document, each.pipeline) else "differs"


def _write(azure: Azure, operation: Operation, each: Difference) -> None:
    what, found = f"schedule {each.name}", each.wanted
    if found.pipeline is None or found.document is None:
        if operation.applies(what, "on", "off"):
            with translated(azure, what):
                poller = azure.ml.schedules.begin_disable(each.name)
                waiting.wait(poller, what, minutes=MINUTES, say=operation.say)
        return
    if not operation.applies(what, None if each.state == "missing" else "another job or time", "as in azureml/"):
        return
    with translated(azure, what):
        poller = azure.ml.schedules.begin_create_or_update(_entity(found.document, found.pipeline))
        waiting.wait(poller, what, minutes=MINUTES, say=operation.say)
    stands = _stands(azure, each.name)
    if _state(found, stands) != "same":
        shown, meant = _view_of(stands) if stands else {}, _view(found.document, found.pipeline)
        keys = [key for key in meant if shown.get(key) != meant[key]] or ["isEnabled"]
        raise StepFailedError(
            f"{what}: Azure shows another one than was written ({', '.join(keys)}): delete it in the studio, and run"
            " 'mlops azure monitors' again"
        )


def _entity(document: Mapping[str, Any], pipeline: submission.Pipeline) -> Any:
    from azure.ai.ml.entities import Job, JobSchedule, RecurrencePattern, RecurrenceTrigger

    job: Any = Job._load(data=pipeline.document, yaml_path=pipeline.path)
    job.tags = {**(job.tags or {}), **pipeline.tags}
    trigger = document["trigger"]
    pattern = RecurrencePattern(**trigger["schedule"])
    return JobSchedule(
        name=str(document["name"]),
        display_name=document.get("display_name"),
        description=document.get("description"),
        tags=pipeline.tags,
        trigger=RecurrenceTrigger(
            frequency=trigger["frequency"],
            interval=trigger["interval"],
            time_zone=trigger.get("time_zone", "UTC"),
            schedule=pattern,
        ),
        create_job=job,
    )


def _view(document: Mapping[str, Any], pipeline: submission.Pipeline) -> dict[str, Any]:
    """Return what decides about a schedule, as it is meant."""
    trigger, job = document["trigger"], pipeline.document
    steps = {name: str(step["component"]).removeprefix("azureml:") for name, step in job["jobs"].items()}
    inputs = {name: _value(value) for name, value in job["inputs"].items() if _is_told(value)}
    return {
        "experiment": job["experiment_name"],
        "steps": steps,
        "inputs": inputs,
        "force_rerun": True,
        "trigger": _times(trigger["frequency"], trigger["interval"], trigger["schedule"]),
    }


def _view_of(stands: Mapping[str, Any]) -> dict[str, Any]:
    """Return what decides about a schedule, as Azure shows it."""
    properties = stands["properties"]
    trigger, job = properties.get("trigger") or {}, (properties.get("action") or {}).get("jobDefinition") or {}
    pattern = trigger.get("schedule") or {}
    renamed = {re.sub("([A-Z])", r"_\1", key).lower(): value for key, value in pattern.items()}
    steps = {name: _asset(str(step.get("componentId"))) for name, step in (job.get("jobs") or {}).items()}
    inputs = {
        name: _asset(str(value.get("uri") or value.get("value"))) for name, value in (job.get("inputs") or {}).items()
    }
    return {
        "experiment": job.get("experimentName"),
        "steps": steps,
        "inputs": {name: value for name, value in inputs.items() if "/LocalUpload/" not in value},
        "force_rerun": bool((job.get("settings") or {}).get("force_rerun")),
        "trigger": _times(str(trigger.get("frequency")), trigger.get("interval"), renamed),
    }


def _is_told(value: Any) -> bool:
    """Return whether an input can be compared: the address of an uploaded file is Azure's own."""
    return not isinstance(value, dict) or ":" in str(value["path"])


def _value(value: Any) -> str:
    return _asset(str(value["path"] if isinstance(value, dict) else value))


def _asset(text: str) -> str:
    """Return NAME:VERSION for every form of an asset's ID; other texts as they are."""
    found = _ASSET.search(text)
    if found:
        return f"{found[1]}:{found[2]}"
    return text if "://" in text else text.removeprefix("azureml:")


def _times(frequency: str, interval: Any, pattern: Mapping[str, Any]) -> dict[str, Any]:
    days = {key: sorted(str(each).lower() for each in pattern.get(key) or ()) for key in ("week_days", "month_days")}
    hours = {key: [int(each) for each in pattern.get(key) or ()] for key in ("hours", "minutes")}
    return {"frequency": frequency.lower(), "interval": int(interval or 1), **hours, **days}
