"""Temporary files in memory, on machines with room for them.

The tests make and remove a hundred thousand small files. On a disk each folder takes milliseconds, and a third of the
processors' time of an update by Copier.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from filelock import FileLock, Timeout

SHARED = Path("/dev/shm")  # Linux's file system in memory
PREFIX = "template-tests-"
ROOM = 8 * 1024**3  # bytes: two virtual environments in rendered projects, and what their tests write, take half of it


class Temporary:
    """The folder for temporary files of one run of the tests and of all that it starts, in memory if there is room.

    It is removed at the end, or by the next run if tests failed or the run was killed.
    """

    def __init__(self, shared: Path = SHARED) -> None:
        self.folder: Path | None = None
        if "TMPDIR" in os.environ or not _usable(shared):  # of a user, or of the process that started this one
            return
        for lock in shared.glob(f"{PREFIX}*.lock"):
            _remove_unused(lock)
        self.folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=shared))
        self._lock = FileLock(f"{self.folder}.lock")
        self._lock.acquire()
        os.environ["TMPDIR"] = tempfile.tempdir = str(self.folder)

    def end(self, *, kept: bool) -> None:
        """Release the folder, and remove it unless it is to be kept for someone who looks for a failure's cause."""
        if self.folder:
            os.environ.pop("TMPDIR", None)
            tempfile.tempdir = None
            self._lock.release()
            if not kept:
                _remove_unused(Path(f"{self.folder}.lock"))


def _usable(shared: Path) -> bool:
    """Return whether a file system has room, and runs programs: tests write some."""
    if not os.access(shared, os.W_OK):
        return False
    state = os.statvfs(shared)
    return not state.f_flag & os.ST_NOEXEC and min(state.f_bavail * state.f_frsize, _free_memory()) >= ROOM


def _free_memory() -> int:
    """Return the bytes of memory that programs can have without swapping; 0 where the system does not tell."""
    path = Path("/proc/meminfo")
    lines = path.read_text().splitlines() if path.exists() else []
    found = [line.split()[1] for line in lines if line.startswith("MemAvailable:")]
    return int(found[0]) * 1024 if found else 0


def _remove_unused(lock: Path) -> None:
    """Remove the folder of a run that has ended."""
    try:
        with FileLock(lock, blocking=False):
            shutil.rmtree(lock.with_suffix(""), ignore_errors=True)
            lock.unlink(missing_ok=True)
    except (Timeout, PermissionError):  # in use, or another user's
        return
