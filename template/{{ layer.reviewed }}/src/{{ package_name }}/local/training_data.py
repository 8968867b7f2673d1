"""The files of a retraining: the newest version of the training data that people have reviewed."""

from collections.abc import Sequence
from pathlib import Path

from ..config.inputs import NESTED
from ..data_folder import files
from ..errors import UserError
from ..paths import Project
from ..review import versions
from ..review.workspace import Workspace


def sources(project: Project, arrived: Sequence[Path] = ()) -> list[Path]:
    """Return the files that `retrain` would train on: those of the newest version, or `arrived` in their place.

    Raises:
        UserError: there is no version yet, one of its files was changed, or a file cannot be used.
    """
    if arrived:
        return [entry for path in arrived for entry in _entries(path)]
    workspace = Workspace.of(project)
    newest = workspace.newest_version()
    if newest is None:
        raise UserError(
            f"{project.relative(workspace.versions_folder)}: there is no version of the training data yet; people"
            " review first: `mlops review select`, `mlops review label`, `mlops review merge`"
        )
    folder = workspace.version(newest)
    versions.verify(folder, versions.manifest(workspace, newest).files)
    return files(folder / versions.ROWS)


def _entries(path: Path) -> list[Path]:
    """Return the data files at `path`; a folder whose subfolders mean something is one entry."""
    found = files(path)
    return [path] if NESTED else found
