"""The files of infra/ that Azure deploys: the Bicep of each stack, compiled."""

from pathlib import Path

from . import compiler

SUFFIX = ".bicep"


def freeze(source: Path, target: Path) -> None:
    """Write what Azure is sent for `source`, a file of infra/, so that no later edit changes it.

    Raises:
        StepFailedError: the compiler refuses the file.
        UserError: there is no compiler.
    """
    compiler.run(source.parent, "build", str(source), "--outfile", str(target))


def problem(infra: Path) -> str | None:
    """Return the problem with the tool that the files need, None if there is none."""
    return compiler.problem(infra)
