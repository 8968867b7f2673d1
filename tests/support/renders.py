"""Renders of the working tree, shared by all test processes and kept for as long as the template stays the same.

build/renders/<digest of the template>/ holds the template as it was when the tests began, and beside it one folder for
each set of answers. A folder appears whole, by one rename, and one process makes it while the others wait. Tests only
read it: a folder that was changed is reported and thrown away. Permissions would not hold a user who is root, and
copies of read-only files could not be edited by the tests that want a project of their own.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

from copier import run_copy
from filelock import FileLock, ReadWriteLock, Timeout

from tests.support import harness

FOLDER = harness.ROOT / "build" / "renders"
# All that Copier reads, and the lock that pins Copier itself.
SOURCES = ("copier.yml", "extensions", "parts", "requirements", "scenarios", "template")


def digest(root: Path, paths: Iterable[Path]) -> str:
    """Return a digest of files by their paths, contents and right to be executed."""
    total = hashlib.sha256()
    for path in paths:
        content = hashlib.sha256((root / path).read_bytes()).hexdigest()
        total.update(f"{path.as_posix()}\0{os.access(root / path, os.X_OK)}\0{content}\n".encode())
    return total.hexdigest()[:16]


class Session:
    """One run of the tests, by one or more processes: it keeps its renders, and removes older ones at its start."""

    def __init__(self) -> None:
        FOLDER.mkdir(parents=True, exist_ok=True)
        # Each run holds it for reading. A run that gets it for writing is alone, and may remove unused renders.
        self._lock = ReadWriteLock(FOLDER / "lock")
        paths = sorted(harness.working_tree(SOURCES))
        self.folder = FOLDER / digest(harness.ROOT, paths)
        with contextlib.suppress(Timeout), self._lock.write_lock(blocking=False):
            for other in FOLDER.iterdir():
                if other.is_dir() and other != self.folder:
                    shutil.rmtree(other)
        self._lock.acquire_read()
        made_once(self.folder / "template", lambda target: harness.copied(paths, target))

    def end(self) -> None:
        self._lock.release()


class Renders:
    """The renders of a session as one of its processes uses them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.template = folder / "template"
        self._used: dict[str, Path] = {}

    def project(self, answers: harness.Answers) -> Path:
        """Return the project of these answers, to be read only.

        Raises:
            ValueError: Copier refuses an answer.
        """
        text = json.dumps(answers, sort_keys=True)
        if text not in self._used:
            name = hashlib.sha256(text.encode()).hexdigest()[:16]
            self._used[text] = made_once(self.folder / name, lambda target: self._render(answers, target))
        return self._used[text]

    def _render(self, answers: harness.Answers, target: Path) -> None:
        run_copy(str(self.template), target, dict(answers), defaults=True, unsafe=True, quiet=True)
        recorded(target.with_suffix("")).write_text(state(target))

    def changed(self) -> list[str]:
        """Return the answers of used projects that are not as they were rendered, and remove these projects."""
        found = []
        for answers, project in self._used.items():
            if project.exists() and state(project) != recorded(project).read_text():
                shutil.rmtree(project, ignore_errors=True)  # another process may remove it too
                found.append(answers)
        return found


def state(project: Path) -> str:
    """Return a digest of what the file system tells of a project's files: to read a hundred projects takes too long."""
    total = hashlib.sha256()
    for folder, folders, names in os.walk(project):
        folders.sort()
        for name in sorted(names):
            path = Path(folder, name)
            found = path.lstat()
            known = (path.relative_to(project), found.st_size, found.st_mtime_ns, found.st_mode)
            total.update(f"{known}\n".encode())
    return total.hexdigest()


def recorded(project: Path) -> Path:
    """Return the file with the state of a project as it was rendered."""
    return project.with_suffix(".state")


def made_once(folder: Path, make: Callable[[Path], object]) -> Path:
    """Return a folder, made if it does not exist yet: never seen in part, and never made by two processes."""
    folder.parent.mkdir(exist_ok=True)
    with FileLock(folder.with_suffix(".lock")):
        if not folder.exists():
            unfinished = folder.with_suffix(".unfinished")
            shutil.rmtree(unfinished, ignore_errors=True)
            make(unfinished)
            unfinished.rename(folder)
    return folder
