"""Pipelines of azureml/ as jobs: with registered components, inputs bound, and a name that the request decides.

The name is what makes a job happen once. Azure ML makes no second job of a name, so that a repeated or concurrent
request, or one whose answer was lost, meets the job that the first one made.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...errors import UserError
from ...pipeline.digests import key_of
from ...tracking import COMMIT, DATA_VERSION, code_version
from ..client import Azure
from ..definitions import assets, versions
from ..operations import Operation
from ..problems import translated
from ..tags import CODE_VERSION, DATA, PROJECT, PURPOSE, REQUEST
from .runs import Job, Runs


@dataclass(frozen=True)
class Pipeline:
    """A pipeline of azureml/pipelines/, ready to be submitted.

    Args:
        purpose: what the job is for, as its tag says.
        path: its file, to which its relative paths refer.
        document: the file, filled in and bound.
        tags: of the job, beside those that every job has.
        request: 12 hex digits: equal ones ask for the same work.
    """

    purpose: str
    path: Path
    document: dict[str, Any]
    tags: dict[str, str]
    request: str


def prepare(
    azure: Azure,
    purpose: str,
    inputs: Mapping[str, object],
    tags: Mapping[str, str],
    *,
    file: str = "train.yml",
    again: str = "",
    commit: str | None = None,
    request: str | None = None,
) -> Pipeline:
    """Return a pipeline with its components as registered by `sync` and its inputs bound.

    Args:
        azure: the environment.
        purpose: of the job.
        inputs: name -> a literal, or type and path of a file, folder or model. An optional input of components that
            the pipeline does not bind is bound in each of them, as the local runner does; None: not given.
        tags: of the job.
        file: of azureml/pipelines/.
        again: tells apart requests that ask for the same work at another time.
        commit: that the project's files are of; default: that of this code.
        request: what tells requests apart; default: a digest of all that decides what the job does.

    Raises:
        UserError: a file cannot be filled in, or the pipeline has no such input.
    """
    path = azure.project.root / "azureml" / "pipelines" / file
    documents = assets.fill_all(azure.project, azure.config)
    label = azure.project.relative(path)
    if label not in documents:
        raise UserError(f"{label}: is missing; {purpose} needs it")
    document = documents[label]
    commit = commit or code_version()
    components = {name: each for name, each in documents.items() if name.split("/")[1] == "components"}
    for job in document["jobs"].values():
        _refer(azure, path, job, components)
    for name, value in inputs.items():
        if value is not None:
            _bind(label, document, components, name, value)
    for name, value in document["inputs"].items():
        document["inputs"][name] = _registered(azure, path, value, documents)
    request = request or _request(azure, path, document, again)
    stated = {COMMIT: commit}
    if isinstance(data := document["inputs"].get("data"), dict):
        stated[DATA_VERSION] = str(data["path"]).removeprefix("azureml:")
        tags = {DATA: stated[DATA_VERSION], **tags}
    for job in document["jobs"].values():
        job["environment_variables"] = {**job.get("environment_variables", {}), **stated}
    shared = {PROJECT: str(azure.config.tags.get("project", "")), PURPOSE: purpose, CODE_VERSION: commit}
    return Pipeline(purpose, path, document, {**shared, REQUEST: request, **tags}, request)


def submit(azure: Azure, operation: Operation, pipeline: Pipeline, *, repeat: bool = False) -> Job | None:
    """Return the job of a request, which is submitted unless it is there; None from a dry run.

    A job that failed or was canceled is followed by another attempt; one that runs or has completed is the answer.

    Args:
        azure: the environment.
        operation: of the command.
        pipeline: as `prepare` returns it.
        repeat: do completed work again.

    Raises:
        AzureProblemError, AzureFailedError: Azure refused or failed.
    """
    from azure.core.exceptions import AzureError

    runs = Runs(azure)
    known, attempts = standing(azure, pipeline.purpose, pipeline.request)
    if known and not known.ended:
        operation.note(f"job {known.name} does this already: {known.status}: {known.link}")
        return known
    if known and known.status == "Completed" and not repeat:
        operation.note(f"job {known.name} has done this: {known.link}; --again does it again")
        return known
    name = _name(azure, pipeline.purpose, pipeline.request, attempts + 1)
    if not operation.applies(f"job {name}", None, "submitted"):
        return None
    with translated(azure, f"job {name}"):
        try:
            azure.ml.jobs.create_or_update(_entity(pipeline, name))
        except AzureError:  # perhaps the answer was lost, or another process made the job: then it is there
            if runs.find(name) is None:
                raise
    found = runs.must(name)
    operation.note(f"job {name}: {found.link}")
    return found


def standing(azure: Azure, purpose: str, request: str) -> tuple[Job | None, int]:
    """Return the job of the last attempt at a request, None before the first, and the number of attempts.

    Raises:
        AzureProblemError, AzureFailedError: Azure refused or failed.
    """
    last, attempts = None, 0
    while found := Runs(azure).find(_name(azure, purpose, request, attempts + 1)):
        last, attempts = found, attempts + 1
    return last, attempts


def _name(azure: Azure, purpose: str, request: str, attempt: int) -> str:
    project = re.sub(r"[^\w-]", "-", azure.config.tags.get("project", "job"))
    return f"{project}-{purpose}-{request}-{attempt}"


def _entity(pipeline: Pipeline, name: str) -> Any:
    from azure.ai.ml.entities import Job as Entity

    loaded: Any = Entity._load(data=pipeline.document, yaml_path=pipeline.path)
    loaded.name, loaded.tags = name, {**(loaded.tags or {}), **pipeline.tags}
    return loaded


def _refer(azure: Azure, path: Path, job: dict[str, Any], components: Mapping[str, assets.Document]) -> None:
    """Let a step refer to its component as it is registered."""
    for key in ("component", "trial"):
        value = job.get(key)
        if isinstance(value, str) and not value.startswith("azureml:"):
            found = components[azure.project.relative(path.parent / value)]
            job[key] = f"azureml:{found['name']}:{found['version']}"


def _bind(
    label: str, document: dict[str, Any], components: Mapping[str, assets.Document], name: str, value: object
) -> None:
    """Give an input of the pipeline a value, and make it one where steps may take it."""
    by_reference = {f"azureml:{each['name']}:{each['version']}": each for each in components.values()}
    if name not in document["inputs"]:
        takers = []
        for job in document["jobs"].values():
            ports = by_reference.get(job.get("component", job.get("trial")), {}).get("inputs", {})
            if name in ports and ports[name].get("optional") and name not in job.get("inputs", {}):
                takers.append(job)
        if not takers:
            raise UserError(f"{label}: inputs: has no {name!r}, and no step takes it")
        for job in takers:
            job.setdefault("inputs", {})[name] = f"${{{{parent.inputs.{name}}}}}"
    document["inputs"][name] = value


def _registered(azure: Azure, path: Path, value: Any, documents: Mapping[str, assets.Document]) -> Any:
    """Return an input; where it is a folder of this repository that is a data asset, that asset."""
    if not isinstance(value, dict) or not isinstance(value.get("path"), str) or ":" in value["path"]:
        return value
    there = (path.parent / value["path"]).resolve()
    for name, each in documents.items():
        is_folder = name.split("/")[1] == "data" and ":" not in str(each["path"])
        if is_folder and ((azure.project.root / name).parent / str(each["path"])).resolve() == there:
            return {**value, "path": f"azureml:{each['name']}:{each['version']}"}
    return value


def _request(azure: Azure, path: Path, document: dict[str, Any], again: str) -> str:
    """Return the digest of all that decides what a job does."""
    files: dict[str, str] = {}
    for value in document["inputs"].values():
        if isinstance(value, dict) and ":" not in str(value.get("path", ":")):
            there = (path.parent / value["path"]).resolve()
            files[azure.project.relative(there)] = versions.digest(versions.contents(there.parent, there))
    return key_of([document, files, again])[:12]
