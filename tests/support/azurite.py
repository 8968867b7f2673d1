"""Azurite, Microsoft's emulator of Azure Storage, from npm: installed into build/ once, started for one test."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support import harness, npm

LOCKED = harness.ROOT / "tests" / "fixtures" / "azurite"  # its lock has hashes, and no address of a registry
SECONDS = 60


def installed() -> Path:
    """Return the folder that Azurite is installed in; skip the test where it cannot be had."""
    return npm.installed(LOCKED, "Azurite")


@contextmanager
def started(certificate: Path, key: Path) -> Iterator[str]:
    """Run Azurite with a certificate, which bearer tokens need; give the address of its storage account."""
    folder = installed()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [npm.node(), str(folder / "node_modules/.bin/azurite-blob")]
    command += ["--blobHost", "127.0.0.1", "--blobPort", str(port)]
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
