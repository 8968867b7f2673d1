"""Versions of the training data: a folder each, written whole, checked when read, never changed."""

import hashlib
import os
import secrets
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from ..config.project import ProjectConfig
from ..errors import UserError
from . import contract, media
from .contract import Manifest, Merged
from .workspace import Workspace

MANIFEST = "manifest.json"
MERGED = "merged.jsonl"
ROWS = "rows"
UNFINISHED = ".new-"  # names of folders that a merge is writing, or was when it was killed


def manifest(workspace: Workspace, number: int) -> Manifest:
    """Read the manifest of a version.

    Raises:
        UserError: it is missing or breaks a rule.
    """
    path = workspace.version(number) / MANIFEST
    try:
        return contract.parse(path.read_bytes(), Manifest, str(path))
    except OSError as error:
        raise UserError(f"{path}: cannot be read: {error.strerror}") from None


def rows(workspace: Workspace, number: int) -> list[Merged]:
    """Read the rows of a version with their origins; `path` is absolute here, and relative to rows/ in the file.

    Raises:
        UserError: a file of it is missing or was changed after it was written.
    """
    folder = workspace.version(number)
    verify(folder, manifest(workspace, number).files)
    found = contract.read(folder / MERGED, Merged)
    return [row.model_copy(update={"path": str(folder / ROWS / row.path)}) if row.path else row for row in found]


def contents(workspace: Workspace, number: int) -> dict[str, str]:
    """Return id -> hash of the content of the rows of a version; reads their list and no other file.

    Raises:
        UserError: the list is missing or was changed after it was written.
    """
    folder = workspace.version(number)
    listed = {name: digest for name, digest in manifest(workspace, number).files.items() if name == MERGED}
    verify(folder, listed)
    return {row.sample_id: row.content_sha256 for row in contract.read(folder / MERGED, Merged)}


def verify(folder: Path, digests: Mapping[str, str]) -> None:
    """Raise a UserError that names a file which is not as the manifest says."""
    for name, wanted in digests.items():
        path = folder / name
        if not path.is_file():
            raise UserError(f"{path}: is missing, although {MANIFEST} lists it; get it back, or remove this version")
        if _sha256(path) != wanted:
            raise UserError(
                f"{path}: was changed after it was written: its SHA-256 is not that of {MANIFEST}; get the file back,"
                " or remove this version and merge again"
            )


def write(workspace: Workspace, described: Manifest, merged: Sequence[Merged], config: ProjectConfig) -> Manifest:
    """Write a version; a reader sees all of it or nothing, also if this process is killed. Return its manifest.

    Args:
        workspace: where; `hold` it.
        described: the manifest without `files`.
        merged: all rows.
        config: names the columns of the rows that training reads.

    Raises:
        UserError: the folder cannot be written.
    """
    clear(workspace)
    final = workspace.version(described.version)
    partial = final.with_name(f"{UNFINISHED}{os.getpid()}-{secrets.token_hex(4)}")
    try:
        (partial / ROWS).mkdir(parents=True)
        written = media.write_rows(merged, config, partial / ROWS)
        (partial / MERGED).write_text(contract.dumps(written), encoding="utf-8", newline="\n")
        names = sorted(path for path in partial.rglob("*") if path.is_file())
        digests = {path.relative_to(partial).as_posix(): _sha256(path) for path in names}
        complete = described.model_copy(update={"files": digests})
        (partial / MANIFEST).write_text(complete.model_dump_json(indent=2) + "\n", encoding="utf-8", newline="\n")
        for path in (*names, partial / MANIFEST):
            _sync(path)
        partial.rename(final)
    except OSError as error:
        raise UserError(f"{final}: cannot be written: {error.strerror or error}") from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return complete


def clear(workspace: Workspace) -> None:
    """Remove what a killed merge left unfinished."""
    for path in workspace.versions_folder.glob(f"{UNFINISHED}*"):
        shutil.rmtree(path, ignore_errors=True)


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _sync(path: Path) -> None:
    with path.open("rb+") as stream:
        os.fsync(stream.fileno())
