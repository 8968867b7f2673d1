"""The files of infra/ that Azure deploys: the JSON of each stack, as it is checked in."""

import shutil
from pathlib import Path

SUFFIX = ".json"


def freeze(source: Path, target: Path) -> None:
    """Write what Azure is sent for `source`, a file of infra/, so that no later edit changes it."""
    shutil.copyfile(source, target)


def problem(infra: Path) -> str | None:
    """Return None: the files in `infra` need no tool."""
    return None
