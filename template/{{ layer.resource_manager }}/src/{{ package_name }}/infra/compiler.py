"""The Bicep compiler, called directly: it works without a sign-in and without network."""

import atexit
import functools
import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ..errors import StepFailedError, UserError
from . import tools

VERSION = ".bicep-version"  # in infra/: the version that infra/ was tested with

# Without this variable the compiler needs a library, ICU, that small images lack.
_VARIABLES = {"DOTNET_SYSTEM_GLOBALIZATION_INVARIANT": "1"}


def find(infra: Path) -> str:
    """Return the compiler's path: the variable BICEP, else PATH, else where the Azure CLI installs it.

    Raises:
        UserError: there is none; the message says how to get it.
    """
    home = Path(os.environ.get("AZURE_CONFIG_DIR") or Path.home() / ".azure") / "bin"
    for found in (os.environ.get("BICEP"), "bicep", str(home / "bicep")):
        path = shutil.which(found) if found else None
        if path:
            return path
    raise UserError(f"the Bicep compiler is missing: run 'az bicep install --version v{wanted(infra)}'")


def run(infra: Path, *arguments: str) -> str:
    """Run `bicep ARGUMENTS` and return what it prints.

    Raises:
        StepFailedError: it refuses a file; the message holds file, line and reason.
        UserError: there is no compiler.
    """
    return _ended(infra, *arguments).out


def ask(infra: Path, method: str, **parameters: Any) -> Any:
    """Return the compiler's answer to a request of its JSON-RPC interface.

    One process answers all requests of this one: most of the time of a first request is the compiler's own start.

    Raises:
        StepFailedError: the compiler refuses the request; the message holds its own.
        UserError: there is no compiler.
    """
    process = _server(find(infra))
    request = {"jsonrpc": "2.0", "id": 1, "method": f"bicep/{method}", "params": [parameters]}
    try:
        answer = _answer(process, json.dumps(request).encode())
    except BaseException as error:  # half an answer may be left, such as after Ctrl-C
        _end(process)
        _server.cache_clear()
        if not isinstance(error, OSError | ValueError):
            raise
        raise StepFailedError(f"the Bicep compiler ended while it answered {method!r}") from None
    if "error" in answer:
        raise StepFailedError(f"the Bicep compiler refuses {method!r}: {answer['error']['message']}")
    return answer["result"]


def lint(infra: Path, file: Path) -> str:
    """Return what the compiler and its linter say of a file and of those that it uses, warnings too.

    Raises:
        UserError: there is no compiler.
    """
    return said(ask(infra, "compile", path=str(file.resolve()))["diagnostics"])


def formatted(infra: Path, file: Path) -> str:
    """Return a file in the compiler's format.

    Raises:
        UserError: there is no compiler.
    """
    text: str = ask(infra, "format", path=str(file.resolve()))["contents"]
    return text.replace("\r\n", "\n")


def said(diagnostics: Iterable[Mapping[str, Any]]) -> str:
    """Return diagnostics as the compiler prints them, one a line, with file, line and column."""
    found = []
    for each in diagnostics:
        start = each["range"]["start"]
        place = f"{each['source']}({start['line'] + 1},{start['char'] + 1})"
        found.append(f"{place} : {each['level']} {each['code']}: {each['message']}")
    return "\n".join(found)


def problem(infra: Path) -> str | None:
    """Return the problem with the installed compiler, None if there is none."""
    try:
        found = re.search(r"\d+\.\d+\.\d+", run(infra, "--version"))
    except (StepFailedError, UserError) as error:
        return str(error)
    if found is None:
        return "the Bicep compiler does not tell its version"
    if _numbers(found[0]) < _numbers(wanted(infra)):
        return f"Bicep {found[0]} is too old: run 'az bicep install --version v{wanted(infra)}', or a later one"
    return None


def wanted(infra: Path) -> str:
    return (infra / VERSION).read_text("utf-8").strip()


def _ended(infra: Path, *arguments: str) -> tools.Ended:
    ended = tools.run([find(infra), *arguments], variables=_VARIABLES)
    if ended.code:
        raise StepFailedError(f"'bicep {arguments[0]}' failed:\n{ended.reason}")
    return ended


@functools.cache
def _server(path: str) -> subprocess.Popen[bytes]:
    """Return a process of the compiler that answers requests, and ends with this one."""
    try:
        process = subprocess.Popen(
            [path, "jsonrpc", "--stdio"],
            cwd=Path(path).resolve().parent,  # never a folder that is removed meanwhile: all paths are absolute
            env={**os.environ, **_VARIABLES},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError as error:
        raise UserError(f"{path}: cannot be started: {error.strerror or error}") from None
    atexit.register(_end, process)
    return process


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()


def _answer(process: subprocess.Popen[bytes], request: bytes) -> Mapping[str, Any]:
    """Send a request and return its answer; the frames are those of the Language Server Protocol.

    Raises:
        OSError: the process has ended.
        ValueError: its output ended within the answer.
    """
    assert process.stdin
    assert process.stdout
    process.stdin.write(b"Content-Length: %d\r\n\r\n%b" % (len(request), request))
    process.stdin.flush()
    length = 0
    while line := process.stdout.readline().strip():
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    answer: Mapping[str, Any] = json.loads(process.stdout.read(length))
    return answer


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))
