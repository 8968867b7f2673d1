"""Virtual environments with the locked packages of rendered projects, kept in build/ from one run to the next."""

from __future__ import annotations

import hashlib
import itertools
import shutil
import sys
import tomllib
from pathlib import Path

from filelock import FileLock, Timeout

from tests.support import harness

FOLDER = harness.ROOT / "build" / "environments"


class Environments:
    """The environments that one process uses; no other process gets them until it releases them."""

    def __init__(self) -> None:
        self._claimed: dict[str, tuple[Path, FileLock]] = {}

    def of(self, project: Path) -> Path:
        """Return an environment with the packages that a project locks."""
        sources = [project / name for name in ("pyproject.toml", "uv.lock")]
        metadata = tomllib.loads(sources[0].read_text())
        needed = (metadata["project"]["dependencies"], metadata["dependency-groups"], sources[1].read_text())
        key = hashlib.sha256(repr((needed, sys.version)).encode()).hexdigest()[:16]
        if key not in self._claimed:
            self._claimed[key] = _claim(key)
            folder, _ = self._claimed[key]
            if not (folder / "complete").exists():
                shutil.rmtree(folder, ignore_errors=True)
                harness.run("uv", "venv", "--quiet", "--python", sys.executable, str(folder))
                # uv.lock is beside the packages, completed with addresses and hashes of this machine's index.
                for source in sources:
                    shutil.copy(source, folder)
                harness.run("uv", "export", "--quiet", "--no-emit-project", "--output-file=locked.txt", cwd=folder)
                sync = ("uv", "pip", "sync", "--quiet", "--require-hashes", f"--python={folder}", "locked.txt")
                harness.run(*sync, cwd=folder, timeout=900)
                (folder / "complete").touch()
        return self._claimed[key][0]

    def release(self) -> None:
        for _, lock in self._claimed.values():
            lock.release()


def _claim(key: str) -> tuple[Path, FileLock]:
    """Return the first folder of this key that no other process has, and its lock."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for number in itertools.count():
        folder = FOLDER / f"{key}-{number}"
        lock = FileLock(folder.with_suffix(".lock"))
        try:
            lock.acquire(blocking=False)
        except Timeout:
            continue
        return folder, lock
    raise AssertionError("itertools.count never ends")
