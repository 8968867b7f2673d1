"""Digests of files, folders and JSON structures: equal digests mean equal content."""

import hashlib
import json
import os
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from ..errors import UserError
from ..files import read_json, write_json
from ..paths import Project

NO_CODE = {
    "__pycache__",
    ".ipynb_checkpoints",
    ".mypy_cache",
    ".pytest_cache",
    ".ruff_cache",
    ".DS_Store",
}
# A file changed this recently may change again without its time stamp showing it.
SETTLED_NS = 2_000_000_000


def key_of(content: object) -> str:
    """Return 16 hex digits that identify `content`, a structure of JSON."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]


def files_of(folder: Path) -> Iterator[Path]:
    """Return all files under a folder, sorted within each folder; caches of Python and of its tools do not count.

    Raises:
        OSError: a folder cannot be listed.
    """
    return (Path(entry.path) for entry in _entries(folder))


class Digests:
    """SHA-256 digests of files and folders; an unchanged file (path, size, times) is read only once."""

    def __init__(self, project: Project) -> None:
        self.memo = project.outputs / "cache" / "files.json"
        self.known: dict[str, list[Any]] = {}
        self.changed = False
        with suppress(OSError, ValueError, UserError):  # lost or damaged, it is only slower
            self.known = read_json(self.memo)

    def tree(self, path: Path) -> str:
        """Return the digest of a file, or of all files under a folder with their names; caches of Python do not count.

        Raises:
            UserError: a file cannot be read.
        """
        try:
            if path.is_file():
                return self._file(str(path), path.stat())
            start = len(str(path).rstrip(os.sep)) + 1
            listing = [
                [entry.path[start:].replace(os.sep, "/"), self._file(entry.path, entry.stat())]
                for entry in _entries(path)
            ]
            return key_of(listing)
        except OSError as error:
            raise UserError(f"{error.filename}: cannot be read: {error.strerror}") from error

    def save(self) -> None:
        """Keep new digests for the next process."""
        if self.changed:
            write_json(self.memo, self.known)
            self.changed = False

    def _file(self, path: str, status: os.stat_result) -> str:
        # The change time differs for a file put in place with its old modification time, as cp -p, tar and links do.
        state = [status.st_size, status.st_mtime_ns, status.st_ctime_ns]
        known = self.known.get(path)
        if known and known[:-1] == state:
            return str(known[-1])
        with Path(path).open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        if time.time_ns() - max(state[1:]) > SETTLED_NS:
            self.known[path] = [*state, digest]
            self.changed = True
        return digest


def _entries(folder: Path | str) -> "Iterator[os.DirEntry[str]]":
    """Yield the entries of `files_of`: a run looks at all of them after each step, and a path of each takes longer."""
    with os.scandir(folder) as listed:
        entries = sorted((entry for entry in listed if entry.name not in NO_CODE), key=lambda entry: entry.name)
    yield from (entry for entry in entries if not entry.is_dir() and not entry.name.endswith(".pyc"))
    for entry in entries:
        if entry.is_dir() and not entry.name.endswith(".egg-info"):
            yield from _entries(entry.path)
