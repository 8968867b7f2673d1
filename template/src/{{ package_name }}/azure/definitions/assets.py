"""Fill in the files of azureml/ for one environment.

The files are the same for all environments: an endpoint carries no environment's name, and version 0, which loads with
azure-ai-ml and is never registered, is the placeholder of every version that is not known yet. Filled in are:

- from config/common.yml and config/<environment>.yml: names of endpoints, clusters and the endpoints' identity, the
  datastore with production data, times of schedules, and what `values` lists besides;
- versions of environments, components and data assets: digests of their content (see `versions`);
- the model's version and the subscription, where the caller gives them;
- what azureml/overlays/*.yml add (see `overlays`).

A version other than 0 is an owner's choice and stays. Only files with a $schema count. Their folder says what they are:
environments, components, data, schedules, endpoints/<kind>; all others, such as pipelines, only refer to them.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from ...config import yaml_file
from ...config.environment import EnvironmentConfig
from ...errors import UserError
from ...files import atomic_write
from ...paths import Project
from . import overlays, values
from .versions import UNKNOWN, data_version, environment_versions, is_unknown, own_version, yaml_files
from .versions import Document as Document

UNVERSIONED = re.compile(r"azureml:([^:@/]+):0")
MODELS = ("mlflow_model", "custom_model")  # types of inputs


def fill_all(
    project: Project, config: EnvironmentConfig, model_version: int | None = None, subscription_id: str | None = None
) -> dict[str, Document]:
    """Return every file of azureml/ filled in, by its path relative to the project, in the order of these paths.

    Some of them an environment does not get: `values.unwanted` says which, and why.

    Raises:
        UserError: there is no such file, or one of them cannot be filled in.
    """
    paths = yaml_files(project)
    if not paths:
        raise UserError("azureml/: holds no YAML file with a $schema of Azure ML")
    given = _Given(project, config, model_version, subscription_id)
    return {project.relative(path): _File(given, path).filled() for path in paths}


def fill_environments(project: Project, config: EnvironmentConfig) -> dict[Path, Document]:
    """Return the files of azureml/environments/ filled in; their files are read once.

    Raises:
        UserError: see `fill`.
    """
    given = _Given(project, config, None, None)
    return {path: _File(given, path).filled() for path in yaml_files(project, "environments")}


def fill(
    project: Project,
    config: EnvironmentConfig,
    path: Path,
    model_version: int | None = None,
    subscription_id: str | None = None,
) -> Document:
    """Return one file of azureml/ filled in for an environment; paths in it stay as they are.

    Args:
        path: the file.
        model_version: of the model to deploy; without it, version 0 stays.
        subscription_id: of the environment, known once a user has signed in; without it, resource IDs have one of
            zeros.

    Raises:
        UserError: a file is missing or not YAML, or it refers to something that neither azureml/ nor the configuration
            has; one sentence that names the file.
    """
    return _File(_Given(project, config, model_version, subscription_id), path).filled()


def as_text(document: Document) -> str:
    """Return a document as YAML, keys in the order of the file."""
    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=120)


def write_all(project: Project, documents: Mapping[str, Document], folder: Path) -> None:
    """Write documents below `folder`, each under its path, with its relative paths leading to the same files as before.

    Raises:
        UserError: `folder` would mix them with the files that they were made from, or cannot be written.
    """
    target, sources = folder.resolve(), (project.root / "azureml").resolve()
    if sources in (target, target / "azureml", *target.parents):
        raise UserError(f"{folder}: is refused: the filled-in files would replace those of azureml/ or lie among them")
    for name, document in documents.items():
        here, there = (project.root / name).resolve().parent, (target / name).parent
        kept = {(project.root / other).resolve() for other in documents}
        atomic_write(target / name, as_text(_moved(document, here, there, kept)))


def _moved(value: Any, here: Path, there: Path, kept: set[Path]) -> Any:
    """Return `value` with paths relative to `here` as paths relative to `there`; those to files of `kept` stay."""
    if isinstance(value, dict):
        return {key: _moved(item, here, there, kept) for key, item in value.items()}
    if isinstance(value, list):
        return [_moved(item, here, there, kept) for item in value]
    if isinstance(value, str) and value.startswith(("./", "../")):
        file = (here / value).resolve()
        if file.exists() and file not in kept:
            try:
                return Path(os.path.relpath(file, there)).as_posix()
            except ValueError:  # on another drive
                return file.as_posix()
    return value


@dataclass(frozen=True)
class _Given:
    """What the files are filled in from."""

    project: Project
    config: EnvironmentConfig
    model_version: int | None
    subscription_id: str | None
    codes: dict[Path, dict[str, str]] = field(default_factory=dict)

    @cached_property
    def environments(self) -> Mapping[str, str]:
        """The version of each environment by its name."""
        return environment_versions(self.project)

    @cached_property
    def added(self) -> overlays.Additions:
        return overlays.additions(self.project)

    @cached_property
    def data(self) -> Mapping[str, str]:
        """The version of each data asset by its name."""
        found = {}
        for path in yaml_files(self.project, "data"):
            document = _File(self, path).filled()
            found[str(document.get("name"))] = str(document["version"])
        return found


@dataclass(frozen=True)
class _File:
    """One file of azureml/, to be filled in for one environment."""

    given: _Given
    path: Path

    @cached_property
    def label(self) -> str:
        return self.given.project.relative(self.path)

    def filled(self) -> Document:
        root, _, rest = self.label.partition("/")
        if root != "azureml":
            raise UserError(f"{self.label}: is refused: must be a file of azureml/")
        folder = rest.split("/")[0]
        document: Document = self._referring(self._overlaid(yaml_file.read(self.path, self.label), folder), "", folder)
        if "$schema" not in document:
            raise UserError(f"{self.label}: $schema: is missing")
        project, config = self.given.project, self.given.config
        if folder == "environments":
            document["version"] = self.given.environments[str(document["name"])]
        elif folder == "components" and is_unknown(document):
            document["version"] = own_version(self.path, self.label, document, self.given.codes)
        elif folder == "data":
            values.fill_data(document, config)
            if is_unknown(document):
                document["version"] = data_version(project, self.path, self.label, document)
        elif folder == "endpoints":
            values.fill_endpoint(document, self.path.parent.name, self.label, config, self.given.subscription_id)
        elif folder == "schedules":
            values.fill_schedule(document, self.path.stem, config)
        return document

    def _overlaid(self, document: Document, folder: str) -> Document:
        """Return a component, a pipeline with its jobs, or a deployment with what the overlays add to it."""
        added = self.given.added
        if folder == "components":
            return overlays.merged(document, added["components"].get(document.get("name"), {}))
        if folder == "pipelines" and isinstance(jobs := document.get("jobs"), dict):
            by_job = {}
            for name, job in jobs.items():
                component = job.get("component", job.get("trial")) if isinstance(job, dict) else None
                if component is not None:
                    by_job[name] = added["jobs"].get(Path(str(component)).stem, {})
            return overlays.merged(document, {"jobs": by_job})
        if folder == "endpoints" and values.is_deployment(document):
            return overlays.merged(document, added["deployments"].get(self.path.parent.name, {}))
        return document

    def _referring(self, value: Any, key: str, folder: str) -> Any:
        """Return `value`, found under `key`, with its references to other assets filled in."""
        if isinstance(value, dict):
            found = {name: self._referring(item, name, folder) for name, item in value.items()}
            if folder != "data" and isinstance(found.get("path"), str):
                found["path"] = self._input(found["path"], found.get("type"))
            return found
        if isinstance(value, list):
            return [self._referring(item, key, folder) for item in value]
        if not isinstance(value, str):
            return value
        if key in ("compute", "default_compute"):
            return self._cluster(key, value)
        environments, version = self.given.environments, self.given.model_version
        if key == "environment" and (reference := UNVERSIONED.fullmatch(value)):
            if reference[1] not in environments:
                known = ", ".join(environments) or "none"
                raise UserError(f"{self.label}: environment: {value!r} is refused: azureml/environments/ has {known}")
            return f"azureml:{reference[1]}:{environments[reference[1]]}"
        if version is not None:
            if key == "model" and (reference := UNVERSIONED.fullmatch(value)):
                return f"azureml:{reference[1]}:{version}"
            if key == "MODEL_VERSION" and value == UNKNOWN:
                return str(version)
        return value

    def _input(self, path: str, kind: object) -> str:
        """Return the path of an input, a data asset or a model, with its version."""
        reference = UNVERSIONED.fullmatch(path)
        if reference is None:
            return path
        if kind in MODELS:
            version = self.given.model_version
            return path if version is None else f"azureml:{reference[1]}:{version}"
        if reference[1] not in self.given.data:
            known = ", ".join(self.given.data) or "none"
            raise UserError(f"{self.label}: path: {path!r} is refused: azureml/data/ has {known}")
        return f"azureml:{reference[1]}:{self.given.data[reference[1]]}"

    def _cluster(self, key: str, value: str) -> str:
        """Return a cluster of the configuration by its name in Azure; other computes stay."""
        config = self.given.config
        clusters = {
            "azureml:cpu-cluster": ("cpu_cluster", config.cpu_cluster),
            "azureml:gpu-cluster": ("gpu_cluster", config.gpu_cluster),
        }
        if value not in clusters:
            return value
        section, cluster = clusters[value]
        if cluster is None:
            raise UserError(f"{self.label}: {key}: {value!r} needs {config.where(section)}")
        return f"azureml:{cluster.name}"
