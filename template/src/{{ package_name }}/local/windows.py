"""Data that arrived after the training: the entries of data/production, one a period."""

from pathlib import Path

from ..config.inputs import NESTED
from ..data_folder import files
from ..errors import UserError
from ..paths import Project


def windows(project: Project) -> list[Path]:
    """Return the data files of data/production, oldest (first by name) first; none if nothing has arrived.

    Where `NESTED` says so, a folder with data files is one too.

    Raises:
        UserError: the folder has files, but none of data.
    """
    folder = project.production
    if not folder.is_dir() or all(path.name.startswith(".") for path in folder.iterdir()):
        return []
    found = files(folder)
    return sorted({folder / file.relative_to(folder).parts[0] for file in found}) if NESTED else found


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
