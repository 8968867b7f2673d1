"""Results of steps, kept under outputs/cache: a step whose code, inputs and parameters are known runs only once.

A result appears under its final name in one rename, after everything in it is written. So whatever interrupts a run,
a result under a final name is whole, and the next run removes whatever has a temporary name.
"""

import errno
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import UserError
from ..files import write_json
from ..paths import Project

KEPT_RESULTS = 5  # of one step; the least recently used ones go


@dataclass(frozen=True)
class Result:
    """A finished step: its folder holds done.json, step.log and one file or folder for each output."""

    folder: Path

    @property
    def log(self) -> Path:
        return self.folder / "step.log"

    def outputs(self, names: Mapping[str, str]) -> dict[str, Path]:
        return {name: self.folder / name for name in names}


class Store:
    """The results under outputs/cache/steps, named <step>-<key>."""

    def __init__(self, project: Project) -> None:
        self.folder = project.outputs / "cache" / "steps"
        self.locks = project.outputs / "cache" / "locks"

    def find(self, step: str, key: str) -> Result | None:
        """Return the whole result of a step, if there is one."""
        result = Result(self.folder / f"{step}-{key}")
        return result if (result.folder / "done.json").is_file() else None

    def use(self, result: Result) -> None:
        """Mark a result as needed, which saves it from `prune`."""
        with suppress(OSError):
            os.utime(result.folder / "done.json")

    @contextmanager
    def work(self, step: str, key: str) -> Iterator[Path]:
        """Make a temporary folder for a step at work; removed afterwards unless it was kept or moved.

        Raises:
            UserError: another process is at this very step, or the folder cannot be made.
        """
        with self._lock(f"{step}-{key}") as mine:
            if not mine:
                raise UserError(
                    f"step {step!r} is being run by another process on the same inputs: wait for it and run again"
                )
            folder = self.folder / f"{step}-{key}.tmp"
            try:
                with writing(folder):
                    _remove(folder)
                    folder.mkdir(parents=True)
                yield folder
            finally:
                _remove(folder)

    def keep(self, work: Path, record: Mapping[str, Any]) -> Result:
        """Turn the folder of a step at work into its result, in the place of an earlier one."""
        final, old = work.with_suffix(""), work.with_suffix(".old.tmp")
        write_json(work / "done.json", record)
        with writing(final):
            _remove(old)
            if final.exists():
                final.rename(old)
            work.rename(final)
        _remove(old)
        return Result(final)

    def clean(self) -> None:
        """Remove the folders of dead processes."""
        for folder in self.folder.glob("*.tmp"):
            with self._lock(folder.name.split(".")[0]) as mine:
                if mine:
                    _remove(folder)

    def prune(self, step: str, needed: set[Path]) -> None:
        """Remove all results of a step but the most recently used ones and those in `needed`."""
        found = [path.parent for path in self.folder.glob(f"{step}-{'[0-9a-f]' * 16}/done.json")]
        found.sort(key=lambda folder: (folder / "done.json").stat().st_mtime, reverse=True)
        for folder in [folder for folder in found[KEPT_RESULTS:] if folder not in needed]:
            with self._lock(folder.name) as mine:
                if mine:
                    _remove(folder)
            with suppress(OSError):
                (self.locks / f"{folder.name}.lock").unlink()

    @contextmanager
    def _lock(self, name: str) -> Iterator[bool]:
        """Take the lock `name`, and yield whether it was free; the system releases it when a process dies."""
        from filelock import FileLock, Timeout

        lock = FileLock(self.locks / f"{name}.lock")
        with writing(self.locks):
            self.locks.mkdir(parents=True, exist_ok=True)
            with suppress(Timeout):
                lock.acquire(timeout=0)
        try:
            yield lock.is_locked
        finally:
            lock.release()


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn a refusal to write into a UserError that names the file."""
    try:
        yield
    except OSError as error:
        reason = "the disk is full" if error.errno == errno.ENOSPC else error.strerror or str(error)
        raise UserError(f"{error.filename or path}: cannot be written: {reason}") from error


def _remove(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
