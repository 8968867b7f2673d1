"""The Bicep compiler, called directly: it works without a sign-in and without network."""

import os
import re
import shutil
from pathlib import Path

from ..errors import StepFailedError, UserError
from . import tools

VERSION = ".bicep-version"  # in infra/: the version that infra/ was tested with


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


def lint(infra: Path, file: Path) -> str:
    """Return what the linter says of a file: warnings do not make it fail.

    Raises:
        StepFailedError: the file has an error.
        UserError: there is no compiler.
    """
    ended = _ended(infra, "lint", str(file))
    return "\n".join(part.strip() for part in (ended.out, ended.err) if part.strip())


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
    # Without this variable it needs a library, ICU, that small images lack.
    ended = tools.run([find(infra), *arguments], variables={"DOTNET_SYSTEM_GLOBALIZATION_INVARIANT": "1"})
    if ended.code:
        raise StepFailedError(f"'bicep {arguments[0]}' failed:\n{ended.reason}")
    return ended


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))
