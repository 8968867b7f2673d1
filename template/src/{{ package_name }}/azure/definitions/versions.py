"""Versions of environments, components and data assets: digests of their content.

Equal content has one version everywhere, and changed content a new one. A digest is 12 hex digits of SHA-256 over named
contents with line ends as LF:

- an environment's: its YAML without the version, its Dockerfile and the files that this copies, or its conda file;
- a component's: its YAML, filled in, without the version, and the files of its code folder;
- a data asset's: its YAML, filled in, without the version, and the files behind a path of this project.

YAML counts by its content: comments and layout do not change a digest.
"""

import hashlib
import json
import os
import posixpath
import re
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ...config import yaml_file
from ...errors import UserError
from ...paths import Project
from ...pipeline.digests import Digests, files_of, key_of

Document = dict[str, Any]

UNKNOWN = "0"
SCHEMA = re.compile(rb"^[\"']?\$schema[\"']?:", re.MULTILINE)
COPY = re.compile(r"^\s*(?:COPY|ADD)\s+(.+)$", re.MULTILINE | re.IGNORECASE)


def yaml_files(project: Project, folder: str = "") -> list[Path]:
    """Return the YAML files of azureml/ that Azure ML reads: those with a $schema."""
    found = sorted((project.root / "azureml" / folder).rglob("*.yml"))
    return [path for path in found if SCHEMA.search(read_bytes(path))]


def environment_versions(project: Project) -> dict[str, str]:
    """Return the version of every environment of azureml/environments/ by its name.

    Raises:
        UserError: a file is missing or not YAML, or two environments have the same name.
    """
    versions: dict[str, str] = {}
    for path in yaml_files(project, "environments"):
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
    return _short(_hashes(contents))


def _hashes(contents: Mapping[str, bytes]) -> dict[str, str]:
    normalised = {name: content.replace(b"\r\n", b"\n") for name, content in contents.items()}
    return {name: hashlib.sha256(content).hexdigest() for name, content in normalised.items()}


def _short(hashes: Mapping[str, str]) -> str:
    return key_of(hashes)[:12]


def own_version(path: Path, label: str, document: Document, codes: dict[Path, dict[str, str]]) -> str:
    """Return the version of a component that is filled in otherwise.

    Args:
        path: its file.
        label: the file's name in messages.
        document: its content.
        codes: digests of the files of code folders that were read; it grows, since components share one.

    Raises:
        UserError: there is no such code folder.
    """
    found = _hashes({"": without_version(document)})
    code = local(path, label, "code", document.get("code"))
    if code is not None:
        place = code.resolve()
        if place not in codes:
            codes[place] = _hashes(contents(code, code))
        found |= codes[place]
    return _short(found)


def data_version(project: Project, path: Path, label: str, document: Document) -> str:
    """Return the version of a data asset that is filled in otherwise.

    Raises:
        UserError: there is no such file or folder.
    """
    there = local(path, label, "path", document.get("path"))
    digests = Digests(project)
    content = digests.tree(there) if there else ""
    digests.save()
    return digest({"": without_version(document), "files": content.encode()})


def is_unknown(document: Document) -> bool:
    return str(document.get("version", UNKNOWN)) == UNKNOWN


def without_version(document: Document) -> bytes:
    content = {key: value for key, value in document.items() if key != "version"}
    return json.dumps(content, sort_keys=True, default=str).encode()  # str: YAML knows dates


def _environment_version(project: Project, path: Path, document: Document) -> str:
    if not is_unknown(document):
        return str(document["version"])
    label, found = project.relative(path), {"": without_version(document)}
    build = document.get("build", {})
    if not isinstance(build, dict):
        raise UserError(f"{label}: build: must hold path and dockerfile_path, not {build!r}")
    context = local(path, label, "build.path", build.get("path"))
    if context is not None:
        dockerfile = local(context / "_", label, "build.dockerfile_path", build.get("dockerfile_path", "Dockerfile"))
        for file in [dockerfile, *_copied(project, context, dockerfile)] if dockerfile else []:
            found |= contents(context, file)
    conda = local(path, label, "conda_file", document.get("conda_file"))
    if conda is not None:
        found |= contents(path.parent, conda)
    return digest(found)


def local(path: Path, label: str, key: str, value: object) -> Path | None:
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
    for instruction in COPY.findall(read_bytes(dockerfile).decode("utf-8").replace("\r\n", "\n").replace("\\\n", " ")):
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


def contents(root: Path, path: Path) -> dict[str, bytes]:
    """Return the bytes of a file, or of all files under a folder, by their paths relative to `root`."""
    try:
        files = list(files_of(path)) if path.is_dir() else [path]
    except OSError as error:
        raise UserError(f"{error.filename}: cannot be read: {error.strerror}") from error
    return {Path(os.path.relpath(file, root)).as_posix(): read_bytes(file) for file in files}


def read_bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UserError(f"{path}: cannot be read: {error.strerror}") from error
