"""Where vectors of contents come from: the embedder of a folder, which the embed step learned."""

import pickle
from pathlib import Path

from .embedder import Embedder
from .errors import UserError

FILE = "embedder.pkl"


def names(components: int) -> list[str]:
    """Return a name for each component of a vector."""
    return [f"component_{number + 1}" for number in range(components)]


def save(embedder: Embedder, folder: Path) -> None:
    """Write an embedder into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / FILE).write_bytes(pickle.dumps(embedder))


def load(folder: Path) -> Embedder:
    """Read the embedder that a folder holds; only of folders that this project made: a pickle runs code.

    Raises:
        UserError: there is none.
    """
    path = folder / FILE
    if not path.is_file():
        raise UserError(f"{path}: no such file; the embed step writes it")
    found: Embedder = pickle.loads(path.read_bytes())
    return found
