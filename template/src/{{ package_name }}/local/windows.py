"""Data that arrived after the training: the entries of data/production, one a period."""

from pathlib import Path

from .. import data_folder
from ..errors import UserError
from ..paths import Project


def windows(project: Project) -> list[Path]:
    """Return the data files of data/production, oldest (first by name) first; none if nothing has arrived.

    Raises:
        UserError: the folder has files, but none of data.
    """
    return data_folder.windows(project.production)


def arrived_windows(project: Project, way_out: str) -> list[Path]:
    """Return `windows`, of which there must be one.

    Raises:
        UserError: there is none; the message ends with `way_out`.
    """
    found = windows(project)
    if not found:
        raise UserError(
            f"{project.relative(project.production)}: no data has arrived yet; put a file there ({way_out})"
        )
    return found
