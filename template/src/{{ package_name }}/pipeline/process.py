"""Runs the command of one step: inside this process, or as a process of its own as Azure ML does.

Inside is the default because imports are nine tenths of a small step's time, and a second step finds them done.
"""

import contextlib
import importlib
import io
import logging
import os
import shutil
import signal
import subprocess
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO

from ..errors import BreachError, GateRefusedError, StepFailedError, UserError
from ..variables import applied, local

OnLine = Callable[[str], None]
TAIL = 15  # lines of a log shown with an error
GRACE_S = 5.0  # for a process to end before it is killed
BY_CODE = {kind.exit_code: kind for kind in (UserError, GateRefusedError, BreachError)}


class Log(io.TextIOBase):
    """A step's log file as a stream; complete lines go to `on_line` as well."""

    encoding = "utf-8"

    def __init__(self, stream: IO[str], on_line: OnLine) -> None:
        self.stream = stream
        self.on_line = on_line
        self.line = ""

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self.stream.fileno()

    def write(self, text: str) -> int:
        if self.stream.closed:
            # A library that a step was first to import keeps this as its stderr permanently.
            return sys.stderr.write(text) if sys.stderr is not self else len(text)
        self.stream.write(text)
        self.stream.flush()
        *lines, self.line = (self.line + text).split("\n")
        for line in lines:
            self.on_line(line)
        return len(text)


def inside(module: str, argv: Sequence[str], code: Path, variables: Mapping[str, str], log: Log) -> None:
    """Call `module.main(argv)` in the local environment with `variables`, its output going to `log`.

    Raises:
        UserError: the step's own, unchanged; StepFailedError for any other way to fail.
    """
    with contextlib.ExitStack() as stack:
        for context in (_path(code), applied(variables), _logging(log)):
            stack.enter_context(context)
        stack.enter_context(contextlib.redirect_stdout(log))
        stack.enter_context(contextlib.redirect_stderr(log))
        try:
            main = getattr(importlib.import_module(module), "main", None)
            if main is None:
                raise UserError(
                    f"{module}: has no function main(argv), which the runner calls; add it, or run isolated"
                )
            main(list(argv))
        except UserError as error:
            log.write(f"{type(error).__name__}: {error}\n")
            raise
        except SystemExit as error:
            if isinstance(error.code, str):
                log.write(f"{error.code}\n")
            if error.code:
                raise _ended(error.code if isinstance(error.code, int) else 1, log) from error
        except Exception as error:
            log.write(traceback.format_exc())
            raise StepFailedError(f"{type(error).__name__}: {error}") from error


def apart(command: Sequence[str], code: Path, variables: Mapping[str, str], log: Log) -> None:
    """Run `command` in a process of its own in the folder `code`; it and its children end with an interruption.

    Raises:
        UserError: the kind that belongs to its exit status, with the last line it wrote; StepFailedError for others.
    """
    environment = local({**variables, "PYTHONUNBUFFERED": "1"})
    # Other programs of this environment, such as torchrun, lie beside its Python.
    environment["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), environment.get("PATH", "")])
    # A group of its own can be ended as one, and a Ctrl-C in the terminal reaches only the runner.
    flags = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)
    try:
        process = subprocess.Popen(
            command,
            cwd=code,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,  # does nothing on Windows
            creationflags=flags,
        )
    except OSError as error:
        raise StepFailedError(f"{command[0]}: cannot be started: {error.strerror}") from error
    with process:
        try:
            for line in process.stdout or ():
                log.write(line)
            status = process.wait()
        except BaseException:
            _end(process)
            raise
    if status != 0:
        raise _ended(status, log)


def bash() -> str:
    """Return the shell that Azure ML runs commands with.

    Raises:
        UserError: this machine has none.
    """
    if found := shutil.which("bash"):
        return found
    raise UserError("bash: not found; the pipeline has a command that is not 'python -m MODULE' and needs it")


def tail(path: Path) -> str:
    """Return the last lines of a log."""
    return "\n".join(path.read_text(encoding="utf-8", errors="replace").splitlines()[-TAIL:])


def _ended(status: int, log: Log) -> UserError:
    """Return the error that belongs to an exit status, with the message that `entry.run` or argparse wrote last."""
    lines = Path(log.stream.name).read_text(encoding="utf-8", errors="replace").rstrip().splitlines()
    if status in BY_CODE and lines:
        kind = BY_CODE[status]
        start = next(
            (n for n in reversed(range(len(lines))) if lines[n].startswith(f"{kind.__name__}: ")),
            len(lines) - 1,
        )
        return kind("\n".join(lines[start:]).removeprefix(f"{kind.__name__}: "))
    return StepFailedError(f"ended by signal {-status}" if status < 0 else f"ended with exit status {status}")


def _end(process: subprocess.Popen[str]) -> None:
    """End a process and what it started, politely first."""
    if sys.platform == "win32":
        subprocess.run(["taskkill", "/T", "/F", "/PID", str(process.pid)], capture_output=True, check=False)
        return
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(GRACE_S)


@contextlib.contextmanager
def _path(code: Path) -> Iterator[None]:
    """Import from the code folder first, as `python -m` in that folder does."""
    sys.path.insert(0, str(code))
    try:
        yield
    finally:
        sys.path.remove(str(code))


@contextlib.contextmanager
def _logging(log: Log) -> Iterator[None]:
    """Send what the step logs (INFO and above) to its log, and nothing else anywhere else."""
    root = logging.getLogger()
    level, handlers = root.level, root.handlers[:]
    handler = logging.StreamHandler(log)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    try:
        yield
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
