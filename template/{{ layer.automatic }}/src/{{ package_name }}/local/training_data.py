"""The files of a retraining: the original data and what arrived since, with the labels that the world brought."""

from collections.abc import Sequence
from pathlib import Path

from ..data_folder import files
from ..paths import Project
from ..pipeline import load
from .windows import arrived_windows


def sources(project: Project, arrived: Sequence[Path] = ()) -> list[Path]:
    """Return the files that `retrain` would train on: the original data, then `arrived` (default: all windows).

    Raises:
        UserError: a file or folder cannot be used, or nothing has arrived.
    """
    original = project.root / str(load.load(project, project.pipeline).inputs["data"].default)
    new = [file for path in arrived for file in files(path)] or arrived_windows(project, "or name one with --with")
    return [*files(original), *new]
