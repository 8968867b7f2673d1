"""Contents as vectors, learned from the training part, and the folder that keeps what makes them.

`embedder` says how. A folder holds one embedder: embedder.pkl, or the folder embedder/ with files of a network.
"""

import pickle
import shutil
from collections.abc import Sequence
from pathlib import Path

from . import embedder
from .config.project import ProjectConfig
from .embedder import Embedder
from .errors import UserError

FILE, FOLDER = "embedder.pkl", "embedder"


def fit(contents: Sequence[str], config: ProjectConfig, folder: Path) -> Embedder:
    """Learn the embedder that the configuration asks for, and write it into a folder.

    Raises:
        UserError: see `embedder.fit`.
    """
    learned = embedder.fit(contents, config, folder / FOLDER)
    if learned is not None:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / FILE).write_bytes(pickle.dumps(learned))
    return load(folder)


def names(components: int) -> list[str]:
    """Return a name for each component of a vector."""
    return [f"component_{number + 1}" for number in range(components)]


def is_there(folder: Path) -> bool:
    """Return whether a folder holds an embedder."""
    return (folder / FILE).is_file() or (folder / FOLDER).is_dir()


def load(folder: Path) -> Embedder:
    """Read the embedder that a folder holds; only of folders that this project made: a pickle runs code.

    Raises:
        UserError: there is none.
    """
    path = folder / FILE
    if path.is_file():
        found: Embedder = pickle.loads(path.read_bytes())
        return found
    if not (folder / FOLDER).is_dir():
        raise UserError(f"{path}: no such file; the embed step writes it")
    return embedder.load_network(folder / FOLDER)


def copy(source: Path, target: Path) -> None:
    """Copy the embedder of a folder into another one."""
    if (source / FILE).is_file():
        shutil.copy(source / FILE, target / FILE)
    else:
        shutil.copytree(source / FOLDER, target / FOLDER)
