"""Finish what a lost step `register` left: a job of that one step, with the code and the inputs that it had."""

import re
from collections.abc import Mapping
from typing import Any

from ...errors import UserError
from ...pipeline.digests import key_of
from ...tracking import TRAINING_JOB
from .. import models
from ..client import Azure
from ..models import Version
from ..operations import Say, recorded
from ..problems import translated
from ..tags import CODE_VERSION, DATA, JOB, PROJECT, PURPOSE, REQUEST
from . import submission
from .runs import Job, Runs, Step
from .submit import RETRAIN, TRAIN

REGISTER, GATE = "register", "gate"  # the step, which is also the purpose of the job; and the step before it
DONE = "Completed"

# Where Azure ML puts an output of a step that says no place: learn.microsoft.com/azure/machine-learning/
# how-to-manage-inputs-outputs-pipeline, "Default outputs"; azure-ai-ml's `jobs.download` looks there too.
_OUTPUT = "azureml://datastores/{store}/paths/azureml/{run}/{output}/"
_STORE = "workspaceblobstore"  # the default one of a workspace
_OF_STEP = re.compile(r"\$\{\{parent\.jobs\.(\w+)\.outputs\.(\w+)\}\}")
_OF_PIPELINE = re.compile(r"\$\{\{parent\.inputs\.(\w+)\}\}")
_COMPONENT = re.compile(r"components[/:]([^/:]+)(?:/versions/|:)([^/:]+)$|^azureml:([^/:]+):([^/:]+)$")


def register(azure: Azure, name: str, *, say: Say, again: bool = False, dry_run: bool = False) -> Version | Job | None:
    """Return the version that a training job registered, or the job that now registers it; None from a dry run.

    Args:
        azure: the environment.
        name: of a job whose gate has passed.
        say: receives every line for the user.
        again: submit another job although one has completed.
        dry_run: only say what would be done.

    Raises:
        GateRefusedError: the gate refused the model.
        StepFailedError: the job failed before its gate, or in it.
        UserError: there is no such job, it trains nothing, or it has not passed its gate yet.
        AzureProblemError, AzureFailedError: Azure refused or failed.
    """
    runs = Runs(azure)
    job = runs.must(name)
    if job.tags.get(PURPOSE) not in (TRAIN, RETRAIN):
        raise UserError(f"job {name}: its tag {PURPOSE} is {job.tags.get(PURPOSE)!r}: only jobs that train register")
    with translated(azure, f"job {name}"):
        body = azure.call("GET", f"{azure.workspace_id}/jobs/{name}").body["properties"]
    model = str(_literal(body["inputs"], "model_name"))
    steps = {step.name: step for step in runs.steps(name)}
    if known := _registered(azure, runs, name, model, steps.get(REGISTER)):
        say(f"job {name}: is registered: {known.label} of {known.place.name}")
        return known
    _must_have_passed(runs, job, steps)
    with recorded(azure, REGISTER, name, say=say, dry_run=dry_run) as operation:
        return submission.submit(azure, operation, _pipeline(azure, job, body, steps), repeat=again)


def _registered(azure: Azure, runs: Runs, job: str, model: str, step: Step | None) -> Version | None:
    """Return the version that a job registered: by its tag, else as its own step said.

    A later job that made the very same model has put its own name into the tag.
    """
    known = models.versions(azure, models.workspace(azure), model)
    if tagged := next((each for each in known if each.tags.get(JOB) == job), None):
        return tagged
    if step is None or step.status != DONE:
        return None
    said = re.findall(rf"{re.escape(model)} version (\S+)$", runs.log(step.run), re.MULTILINE)
    return next((each for each in known if said and each.version == said[-1]), None)


def _must_have_passed(runs: Runs, job: Job, steps: Mapping[str, Step]) -> None:
    """Refuse a job whose gate has not passed, and one whose own step `register` may still do the work."""
    gate = steps.get(GATE)
    if job.ended and (gate is None or gate.status != DONE):
        raise runs.failure(job, job.status)
    if gate is None or gate.status != DONE:
        at = ", ".join(step.name for step in steps.values() if step.status not in (DONE, "NotStarted"))
        raise UserError(f"job {job.name}: is not through its gate yet; at work: {at or 'nothing'}: {job.link}")
    if not job.ended:
        raise UserError(f"job {job.name}: its gate has passed, and it is still at work: it registers by itself")


def _pipeline(azure: Azure, job: Job, body: Mapping[str, Any], steps: Mapping[str, Step]) -> submission.Pipeline:
    """Return a pipeline of the step `register` of a job, which reads the outputs of its other steps."""
    step = body["jobs"].get(REGISTER)
    found = _COMPONENT.search(str(step and step.get("componentId")))
    if found is None:
        raise UserError(f"job {job.name}: has no step {REGISTER!r} of a registered component: {job.link}")
    component, version = found[1] or found[3], found[2] or found[4]
    label = f"component {component}:{version}"
    with translated(azure, label):
        known = azure.call("GET", f"{azure.workspace_id}/components/{component}/versions/{version}").body
    ports = known["properties"]["componentSpec"]["inputs"]
    inputs = {
        port: _input(job, body, steps, str(given["value"]), ports[port]) for port, given in step["inputs"].items()
    }
    document: dict[str, Any] = {
        "type": "pipeline",
        "display_name": f"Register the model of {job.name}",
        "experiment_name": body.get("experimentName"),
        "inputs": inputs,
        "settings": {"default_compute": _compute(body)},
        "jobs": {
            REGISTER: {
                "type": "command",
                "component": f"azureml:{component}:{version}",
                "inputs": {port: f"${{{{parent.inputs.{port}}}}}" for port in inputs},
                "environment_variables": {**_variables(step), TRAINING_JOB: job.name},
            }
        },
    }
    request = key_of([REGISTER, job.name])[:12]
    kept = {key: job.tags[key] for key in (PROJECT, CODE_VERSION, DATA) if key in job.tags}
    tags = {**kept, PURPOSE: REGISTER, REQUEST: request, JOB: job.name}
    path = azure.project.root / "azureml" / "pipelines" / "train.yml"
    return submission.Pipeline(REGISTER, path, document, tags, request)


def _input(job: Job, body: Mapping[str, Any], steps: Mapping[str, Step], value: str, port: Mapping[str, Any]) -> object:
    """Return what a step's input was bound to, as an input of a pipeline."""
    if of_step := _OF_STEP.fullmatch(value):
        step = steps.get(of_step[1])
        if step is None or step.status != DONE:
            raise UserError(f"job {job.name}: step {of_step[1]!r} has not completed, and {REGISTER} reads its output")
        place = _OUTPUT.format(store=_store(body), run=step.origin or step.run, output=of_step[2])
        return {"type": port["type"], "path": place}
    if of_pipeline := _OF_PIPELINE.fullmatch(value):
        given = body["inputs"][of_pipeline[1]]
        return {"type": port["type"], "path": given["uri"]} if "uri" in given else given["value"]
    return value


def _literal(inputs: Mapping[str, Any], name: str) -> object:
    return inputs[name]["value"]


def _store(body: Mapping[str, Any]) -> str:
    """Return the datastore of a job's outputs; a pipeline may name its own."""
    given = str((body.get("settings") or {}).get("default_datastore") or _STORE)
    return given.rpartition("/")[2].removeprefix("azureml:")


def _compute(body: Mapping[str, Any]) -> str:
    """Return the cluster of a job as YAML names it."""
    settings = body.get("settings") or {}
    given = str(settings.get("default_compute") or body.get("computeId") or "")
    return f"azureml:{given.rpartition('/')[2].removeprefix('azureml:')}"


def _variables(step: Mapping[str, Any]) -> dict[str, str]:
    return dict(step.get("environment_variables") or {})
