"""Azurite, Microsoft's emulator of Azure Storage, from npm: installed into build/ once, started for one test."""

from __future__ import annotations

import hashlib
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from filelock import FileLock

from tests.support import harness

LOCKED = harness.ROOT / "tests" / "fixtures" / "azurite"  # its lock has hashes, and no address of a registry
NODE = 20  # the oldest that is known to run it
SECONDS = 60


def installed() -> Path:
    """Return the folder that Azurite is installed in; skip the test where it cannot be had."""
    node = shutil.which("node")
    if node is None or shutil.which("npm") is None:
        pytest.skip("Azurite needs node and npm")
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    if int(version.removeprefix("v").split(".")[0]) < NODE:
        pytest.skip(f"Azurite needs node {NODE}; this one is {version}")
    key = hashlib.sha256((LOCKED / "package-lock.json").read_bytes()).hexdigest()[:16]
    folder = harness.ROOT / "build" / f"azurite-{key}"
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / "lock"):
        if not (folder / "complete").exists():
            for name in ("package.json", "package-lock.json"):
                shutil.copy(LOCKED / name, folder)
            command = ("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent")
            ended = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=900)
            if ended.returncode:
                pytest.skip(f"npm cannot install Azurite: {ended.stderr.strip()[-200:]}")
            (folder / "complete").touch()
    return folder


@contextmanager
def started(certificate: Path, key: Path) -> Iterator[str]:
    """Run Azurite with a certificate, which bearer tokens need; give the address of its storage account."""
    folder = installed()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [str(folder / "node_modules/.bin/azurite-blob"), "--blobHost", "127.0.0.1", "--blobPort", str(port)]
    command += ["--oauth", "basic", "--cert", str(certificate), "--key", str(key), "--inMemoryPersistence"]
    command += ["--skipApiVersionCheck", "--disableTelemetry", "--silent"]
    process = subprocess.Popen(command, cwd=certificate.parent, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait(port, process)
        yield f"https://127.0.0.1:{port}/devstoreaccount1"
    finally:
        process.terminate()
        process.wait(timeout=SECONDS)


def _wait(port: int, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        assert process.poll() is None, "Azurite has ended"
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise AssertionError(f"Azurite does not answer within {SECONDS} s")
