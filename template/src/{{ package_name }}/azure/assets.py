"""Fill in the files of azureml/ for one environment.

The files are the same for all environments: an endpoint carries no environment's name, and version 0, which loads with
azure-ai-ml and exists nowhere, stands for every version that is not known yet. Filled in are:

- from config/<environment>.yml: names of endpoints and clusters, and, of an online endpoint, whether its network is
  public and how many instances a deployment begins with;
- versions of environments and components: digests of their content, so that equal content has one version everywhere
  and changed content has a new one;
- the model's version, where the caller gives it.

A version other than 0 is an owner's choice and stays. Only files with a $schema count. Their folder says what they are:
environments, components, endpoints/<kind>; all others, such as pipelines, only refer to them.

A digest is 12 hex digits of SHA-256 over named contents with line ends as LF:

- an environment's: its YAML without the version, its Dockerfile and the files that this copies, or its conda file;
- a component's: its YAML, filled in, without the version, and the files of its code folder.

YAML counts by its content: comments and layout do not change a digest.
"""

import hashlib
import json
import os
import posixpath
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from ..config import yaml_file
from ..config.environment import EnvironmentConfig
from ..errors import UserError
from ..files import atomic_write
from ..paths import Project
from ..pipeline.digests import files_of, key_of

Document = dict[str, Any]

UNKNOWN = "0"
UNVERSIONED = re.compile(r"azureml:([^:@/]+):0")
SCHEMA = re.compile(rb"^[\"']?\$schema[\"']?:", re.MULTILINE)
COPY = re.compile(r"^\s*(?:COPY|ADD)\s+(.+)$", re.MULTILINE | re.IGNORECASE)


def fill_all(project: Project, config: EnvironmentConfig, model_version: int | None = None) -> dict[str, Document]:
    """Return every file of azureml/ filled in, by its path relative to the project, in the order of these paths.

    Raises:
        UserError: there is no such file, or one of them cannot be filled in.
    """
    paths = _files(project)
    if not paths:
        raise UserError("azureml/: holds no YAML file with a $schema of Azure ML")
    environments = environment_versions(project)
    return {
        project.relative(path): _File(project, config, path, model_version, environments).filled() for path in paths
    }


def fill(project: Project, config: EnvironmentConfig, path: Path, model_version: int | None = None) -> Document:
    """Return one file of azureml/ filled in for an environment; paths in it stay as they are.

    Args:
        path: the file.
        model_version: of the model to deploy; without it, version 0 stays.

    Raises:
        UserError: a file is missing or not YAML, or it refers to something that neither azureml/ nor the configuration
            has; one sentence that names the file.
    """
    return _File(project, config, path, model_version, environment_versions(project)).filled()


def environment_versions(project: Project) -> dict[str, str]:
    """Return the version of every environment of azureml/environments/ by its name.

    Raises:
        UserError: a file is missing or not YAML, or two environments have the same name.
    """
    versions: dict[str, str] = {}
    for path in _files(project, "environments"):
        label = project.relative(path)
        document = yaml_file.read(path, label)
        name = str(document.get("name"))
        if "name" not in document:
            raise UserError(f"{label}: name: is missing")
        if name in versions:
            raise UserError(f"{label}: name: {name!r} is refused: another file of azureml/environments/ has it")
        versions[name] = _environment_version(project, path, document)
    return versions


def digest(contents: Mapping[str, bytes]) -> str:
    r"""Return 12 hex digits that stand for named contents, whatever their line ends.

    >>> digest({"a.txt": b"1\r\n2\r\n"}) == digest({"a.txt": b"1\n2\n"})
    True
    >>> digest({"a.txt": b"1"}) == digest({"b.txt": b"1"})
    False
    """
    normalised = {name: content.replace(b"\r\n", b"\n") for name, content in contents.items()}
    return key_of({name: hashlib.sha256(content).hexdigest() for name, content in normalised.items()})[:12]


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
class _File:
    """One file of azureml/, to be filled in for one environment."""

    project: Project
    config: EnvironmentConfig
    path: Path
    model_version: int | None
    environments: Mapping[str, str]  # the version of each by its name

    @property
    def label(self) -> str:
        return self.project.relative(self.path)

    def filled(self) -> Document:
        root, _, rest = self.label.partition("/")
        if root != "azureml":
            raise UserError(f"{self.label}: is refused: must be a file of azureml/")
        document: Document = self._referring(yaml_file.read(self.path, self.label), "")
        if "$schema" not in document:
            raise UserError(f"{self.label}: $schema: is missing")
        folder = rest.split("/")[0]
        if folder == "environments":
            document["version"] = self.environments[str(document["name"])]
        elif folder == "components" and _is_unknown(document):
            document["version"] = self._component_version(document)
        elif folder == "endpoints":
            self._fill_endpoint(document)
        return document

    def _referring(self, value: Any, key: str) -> Any:
        """Return `value`, found under `key`, with its references to other assets filled in."""
        if isinstance(value, dict):
            return {name: self._referring(item, name) for name, item in value.items()}
        if isinstance(value, list):
            return [self._referring(item, key) for item in value]
        if not isinstance(value, str):
            return value
        if key in ("compute", "default_compute"):
            return self._cluster(key, value)
        if key == "environment" and (reference := UNVERSIONED.fullmatch(value)):
            if reference[1] not in self.environments:
                known = ", ".join(self.environments) or "none"
                raise UserError(f"{self.label}: environment: {value!r} is refused: azureml/environments/ has {known}")
            return f"azureml:{reference[1]}:{self.environments[reference[1]]}"
        if self.model_version is not None:
            if key == "model" and (reference := UNVERSIONED.fullmatch(value)):
                return f"azureml:{reference[1]}:{self.model_version}"
            if key == "MODEL_VERSION" and value == UNKNOWN:
                return str(self.model_version)
        return value

    def _cluster(self, key: str, value: str) -> str:
        """Return a cluster of the configuration by its name in Azure; other computes stay."""
        clusters = {
            "azureml:cpu-cluster": ("cpu_cluster", self.config.cpu_cluster),
            "azureml:gpu-cluster": ("gpu_cluster", self.config.gpu_cluster),
        }
        if value not in clusters:
            return value
        section, cluster = clusters[value]
        if cluster is None:
            raise UserError(f"{self.label}: {key}: {value!r} needs {section} in {self._source}")
        return f"azureml:{cluster.name}"

    @property
    def _source(self) -> str:
        return f"config/{self.config.environment}.yml"

    def _fill_endpoint(self, document: Document) -> None:
        """Fill in what an endpoint or a deployment takes from the configuration."""
        kind = self.path.parent.name
        name = getattr(self.config.names, f"{kind}_endpoint", None)
        if name is None:
            raise UserError(
                f"{self.label}: needs names.{kind}_endpoint in {self._source}: the folder's name is the endpoint's kind"
            )
        is_deployment = "Deployment.schema" in str(document["$schema"])
        document["endpoint_name" if is_deployment else "name"] = name
        if "public_network_access" in document:
            public = self.config.network.mode == "public"
            document["public_network_access"] = "enabled" if public else "disabled"
        if kind == "online" and "instance_count" in document and self.config.online is not None:
            document["instance_count"] = self.config.online.min_instances

    def _component_version(self, document: Document) -> str:
        contents = {"": _without_version(document)}
        code = _local(self.path, self.label, "code", document.get("code"))
        if code is not None:
            contents |= _contents(code, code)
        return digest(contents)


def _files(project: Project, folder: str = "") -> list[Path]:
    """Return the YAML files of azureml/ that Azure ML reads: those with a $schema."""
    found = sorted((project.root / "azureml" / folder).rglob("*.yml"))
    return [path for path in found if SCHEMA.search(_bytes(path))]


def _is_unknown(document: Document) -> bool:
    return str(document.get("version", UNKNOWN)) == UNKNOWN


def _without_version(document: Document) -> bytes:
    content = {key: value for key, value in document.items() if key != "version"}
    return json.dumps(content, sort_keys=True, default=str).encode()  # str: YAML knows dates


def _environment_version(project: Project, path: Path, document: Document) -> str:
    if not _is_unknown(document):
        return str(document["version"])
    label, contents = project.relative(path), {"": _without_version(document)}
    build = document.get("build", {})
    if not isinstance(build, dict):
        raise UserError(f"{label}: build: must hold path and dockerfile_path, not {build!r}")
    context = _local(path, label, "build.path", build.get("path"))
    if context is not None:
        dockerfile = _local(context / "_", label, "build.dockerfile_path", build.get("dockerfile_path", "Dockerfile"))
        for file in [dockerfile, *_copied(project, context, dockerfile)] if dockerfile else []:
            contents |= _contents(context, file)
    conda = _local(path, label, "conda_file", document.get("conda_file"))
    if conda is not None:
        contents |= _contents(path.parent, conda)
    return digest(contents)


def _local(path: Path, label: str, key: str, value: object) -> Path | None:
    """Return the file or folder that a value names relative to `path`; None for an address and for no path at all.

    Raises:
        UserError: there is no such file or folder.
    """
    if not isinstance(value, str) or re.match(r"\w{2,}:", value):
        return None
    found = path.parent / value
    if not found.exists():
        raise UserError(f"{label}: {key}: {value!r}: no such file or folder")
    return found


def _copied(project: Project, context: Path, dockerfile: Path) -> Iterator[Path]:
    """Yield the files and folders of a build context that a Dockerfile copies into its image."""
    label = project.relative(dockerfile)
    for instruction in COPY.findall(_bytes(dockerfile).decode("utf-8").replace("\r\n", "\n").replace("\\\n", " ")):
        try:
            words = json.loads(instruction) if instruction.startswith("[") else shlex.split(instruction)
        except ValueError:
            raise UserError(f"{label}: COPY {instruction}: cannot be read") from None
        if any(word.startswith("--from=") for word in words):
            continue
        for source in [word for word in words if not word.startswith("--")][:-1]:
            if "://" in source or source.startswith("<<"):
                continue
            pattern = posixpath.normpath(source.lstrip("/"))
            found = [context] if pattern == "." else sorted(context.glob(pattern))
            if not found:
                raise UserError(f"{label}: COPY {source}: no such file in {project.relative(context)}/")
            yield from found


def _contents(root: Path, path: Path) -> dict[str, bytes]:
    """Return the bytes of a file, or of all files under a folder, by their paths relative to `root`."""
    try:
        files = list(files_of(path)) if path.is_dir() else [path]
    except OSError as error:
        raise UserError(f"{error.filename}: cannot be read: {error.strerror}") from error
    return {Path(os.path.relpath(file, root)).as_posix(): _bytes(file) for file in files}


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UserError(f"{path}: cannot be read: {error.strerror}") from error
