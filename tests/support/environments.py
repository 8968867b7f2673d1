"""Virtual environments with the locked packages of rendered projects, kept in build/ from one run to the next."""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from tests.support import harness

FOLDER = harness.ROOT / "build" / "environments"
# torch, and what only its build for GPUs needs: gigabytes.
TORCH = re.compile(r"(torch|triton|nvidia-[\w-]+|cuda-[\w-]+)==")


class Environments:
    """The environments that one process uses; no other process gets them until it releases them."""

    def __init__(self) -> None:
        self._claimed: dict[str, tuple[Path, FileLock]] = {}
        self._kept: set[str] = set()

    def of(self, project: Path, *groups: str, keep: bool = False) -> Path:
        """Return an environment with the packages that a project locks, those of further dependency groups too.

        One to keep stays this process's own when those of a test are released.

        torch of the group `deep` is the build for CPUs where pip's configuration has links that offer one.
        """
        sources = [project / name for name in ("pyproject.toml", "uv.lock")]
        metadata = tomllib.loads(sources[0].read_text())
        needed = (metadata["project"]["dependencies"], metadata["dependency-groups"], sources[1].read_text(), groups)
        key = hashlib.sha256(repr((needed, sys.version)).encode()).hexdigest()[:16]
        if keep:
            self._kept.add(key)
        if key not in self._claimed:
            self._claimed[key] = _claim(key)
            folder, _ = self._claimed[key]
            if not (folder / "complete").exists():
                shutil.rmtree(folder, ignore_errors=True)
                harness.run("uv", "venv", "--quiet", "--python", sys.executable, str(folder))
                # uv.lock is beside the packages, completed with addresses and hashes of this machine's index.
                for source in sources:
                    shutil.copy(source, folder)
                chosen = [f"--group={group}" for group in groups]
                if "deep" in metadata["dependency-groups"] and "deep" not in groups:
                    chosen.append("--no-group=deep")  # also where it is installed by default
                export = ("uv", "export", "--quiet", "--no-emit-project", "--output-file=locked.txt", *chosen)
                harness.run(*export, cwd=folder)
                links = pip_links() if "deep" in groups else []
                torch = without_torch(folder / "locked.txt") if links else None
                sync = ("uv", "pip", "sync", "--quiet", "--require-hashes", f"--python={folder}", "locked.txt")
                harness.run(*sync, cwd=folder, timeout=900)
                if torch:
                    found = [f"--find-links={link}" for link in links]
                    add = ("uv", "pip", "install", "--quiet", "--no-index", "--no-deps", *found)
                    harness.run(*add, f"--python={folder}", torch, cwd=folder, timeout=900)
                (folder / "complete").touch()
            if linked(folder):
                share_bytecode(folder)
        return self._claimed[key][0]

    def release(self, *, kept: bool = False) -> None:
        """Release the environments, those to keep only if `kept` is true: the next test of them may be elsewhere."""
        for key in [key for key in self._claimed if kept or key not in self._kept]:
            _, lock = self._claimed.pop(key)
            lock.release()


def linked(environment: Path) -> bool:
    """Whether uv has put links to its cache into an environment: the same file is as old in each of them then."""
    one = next(environment.glob("lib/python*/site-packages/*.dist-info/METADATA"), None)
    return one is not None and one.stat().st_nlink > 1


def share_bytecode(environment: Path) -> None:
    """Let Python keep the bytecode of an environment, which may be made later, where it keeps that of others.

    Python compares a file's time and size with those of its bytecode. Thousands of modules are compiled once then,
    which takes it longer than many a test.
    """
    here = harness.BYTECODE / environment.absolute().relative_to(environment.anchor)
    shared = harness.BYTECODE / "environments"
    if not here.is_symlink():
        shutil.rmtree(here, ignore_errors=True)
        for folder in (shared, here.parent):
            folder.mkdir(parents=True, exist_ok=True)
        here.symlink_to(shared, target_is_directory=True)


@contextlib.contextmanager
def mypy_cache() -> Iterator[Path]:
    """Yield mypy's cache for all environments, to one process at a time: two that write to it would damage it.

    mypy compares the contents of files, so that it reads a package once, although each environment has a copy.
    """
    folder = FOLDER.parent / "mypy"
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder.with_suffix(".lock")):
        yield folder


def pip_links() -> list[str]:
    """Return the folders and pages of packages that pip's configuration names."""
    listed = subprocess.run([sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True)
    return sorted({link for links in re.findall(r"find-links='(.*)'", listed.stdout) for link in links.split()})


def without_torch(locked: Path) -> str:
    """Take torch and its libraries for GPUs out of a list of requirements with hashes, and return torch's own."""
    entries = re.split(r"\n(?=\S)", locked.read_text())
    locked.write_text("\n".join(entry for entry in entries if not TORCH.match(entry)).rstrip() + "\n")
    (torch,) = [entry.split()[0] for entry in entries if entry.startswith("torch==")]
    return torch


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
