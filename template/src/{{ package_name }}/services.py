"""Programs of this machine that listen on a port: the claim of the port, and their end."""

import contextlib
import errno
import os
import signal
import socket
import subprocess

from .errors import UserError

STOP_SECONDS = 5.0


def claim_port(host: str, port: int) -> int:
    """Return `port` if it is free on `host`, or a free one for 0.

    Raises:
        UserError: it is taken, is out of range, or is not ours to use.
    """
    if not 0 <= port <= 65535:
        raise UserError(f"port {port} is refused: 1 to 65535, or 0 for any free one")
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
            return int(probe.getsockname()[1])
    except socket.gaierror:
        raise UserError(f"host {host!r} is not an address of this machine") from None
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            hint = "stop that, or choose another port (0: any free one)"
            raise UserError(f"port {port} on {host} is taken by another program: {hint}") from None
        raise UserError(f"port {port} on {host} cannot be used: {error.strerror}") from None


def stop(process: "subprocess.Popen[bytes]") -> None:
    """End a process that leads a group of its own, and the group: its workers must not outlive it."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=STOP_SECONDS)
    if process.stdin is not None:
        process.stdin.close()
