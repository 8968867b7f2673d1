"""Run command-line tools without a shell, and pass their output on without secrets.

A tool runs in a process group of its own, so that Ctrl-C reaches it once, through this module: the tool can then end
properly and leaves nothing half written.
"""

import os
import shutil
import signal
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ..errors import UserError

_SECRET = ("SECRET", "PASSWORD", "TOKEN", "ACCESS_KEY")


class TerminatedError(KeyboardInterrupt):
    """SIGTERM interrupted this process."""


@dataclass(frozen=True)
class Ended:
    """Exit code and output of a tool."""

    code: int
    out: str
    err: str

    @property
    def reason(self) -> str:
        """The tool's own message about a failure, without the secrets of this process's environment."""
        return without_secrets(self.err.strip() or self.out.strip() or f"exit code {self.code}")


def find(tool: str, advice: str) -> str:
    """Return the path of `tool`.

    Raises:
        UserError: it is not on PATH; the message ends with `advice`.
    """
    path = shutil.which(tool)
    if path is None:
        raise UserError(f"'{tool}' is not on PATH: {advice}")
    return path


def without_secrets(text: str) -> str:
    """Return `text` with `***` for the value of every secret in the environment variables."""
    for name, value in os.environ.items():
        if len(value) >= 6 and any(word in name.upper() for word in _SECRET):
            text = text.replace(value, "***")
    return text


def run(
    command: Sequence[str],
    *,
    folder: Path | None = None,
    variables: Mapping[str, str] | None = None,
    show: Callable[[str], None] | None = None,
) -> Ended:
    """Run `command`, the path of a tool and its arguments, and wait until it ends.

    `variables` are added to the environment; `show` is called with each line of the tool's output as it comes.

    SIGTERM reaches the tool as SIGINT, and only if no SIGINT has reached it before: CI systems cancel a job with SIGINT
    and, some seconds later, SIGTERM, and a second interrupt is the order to end at once, whatever is half written.

    Raises:
        KeyboardInterrupt: Ctrl-C or SIGTERM interrupted it; the tool has ended by then.
        UserError: it cannot be started.
    """
    interrupted = False
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as errors, sigterm_interrupts():
        try:
            process = subprocess.Popen(
                list(command),
                cwd=folder,
                env={**os.environ, **(variables or {})},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                encoding="utf-8",
                errors="replace",
                start_new_session=True,
            )
        except OSError as error:
            raise UserError(f"{command[0]}: cannot be started: {error.strerror or error}") from None
        lines: list[str] = []
        assert process.stdout
        while True:
            try:
                for line in process.stdout:
                    lines.append(line)
                    if show:
                        show(without_secrets(line.rstrip()))
                process.wait()
                break
            except KeyboardInterrupt as cause:
                again = interrupted and isinstance(cause, TerminatedError)
                interrupted = True
                if os.name != "nt" and not again:  # there the console itself interrupts every process
                    process.send_signal(signal.SIGINT)
        process.stdout.close()
        errors.seek(0)
        ended = Ended(process.returncode, "".join(lines), errors.read())
    if interrupted:
        raise KeyboardInterrupt
    return ended


@contextmanager
def sigterm_interrupts() -> Iterator[None]:
    """Treat SIGTERM, with which CI systems cancel a job, like Ctrl-C inside the `with` block."""
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may change how signals are handled
        return
    before = signal.signal(signal.SIGTERM, _terminated)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _terminated(number: int, frame: object) -> None:
    raise TerminatedError
