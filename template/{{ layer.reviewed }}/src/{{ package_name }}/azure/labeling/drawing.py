"""Which files of a window a review reads, where all of them are more than this machine shall download.

Each file is as likely as any other, whenever it was written and wherever it lies: so is each row, and the rows chosen
by chance stand for the whole window. The order is that of hashes of a seed and the files' names: the same seed and the
same files give the same draw, on any machine.
"""

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ...config.inputs import LISTED, SUFFIXES, TABLES
from ...errors import UserError
from ...figures import number, plural
from .. import storage

if TYPE_CHECKING:
    from azure.storage.blob import ContainerClient

KEY = "review.download_mb"
MEGABYTE = 1_000_000


@dataclass(frozen=True)
class File:
    """A file in Azure.

    Args:
        container: that it lies in.
        name: of its blob.
        size: bytes.
        path: the file that it becomes here.
    """

    container: "ContainerClient"
    name: str
    size: int
    path: Path


@dataclass(frozen=True)
class Drawn:
    """The files of a window that are read.

    Args:
        files: themselves.
        size: bytes of them.
        of: number of files of the window.
        of_size: bytes of these.
        large: files of more bytes than the limit.
        limit: bytes that may be downloaded.
    """

    files: tuple[File, ...]
    size: int
    of: int
    of_size: int
    large: int
    limit: int

    @property
    def whole(self) -> bool:
        """Whether all files of the window are read."""
        return len(self.files) == self.of

    @property
    def sentence(self) -> str:
        """What share of the window is read; empty if that is all."""
        if self.whole:
            return ""
        share = f"{self.size / self.of_size:.1%}".replace(".0%", "%")
        found = f"{len(self.files):,} of {plural(self.of, 'file')}, drawn by chance: {share} of {_mb(self.of_size)} MB"
        found += f", since {KEY} of config/project.yml is {_mb(self.limit)}"
        return f"{found}; {plural(self.large, 'file is', 'files are')} larger than that alone" if self.large else found


def draw(files: Sequence[File], limit: int, seed: str) -> Drawn:
    """Return all files, or as many by chance as a limit allows.

    A table comes with each file that it lists, and counts too.

    Args:
        files: of the window.
        limit: bytes.
        seed: another one gives another draw.

    Raises:
        UserError: each file is larger than the limit.
    """
    of_size = sum(file.size for file in files)
    if of_size <= limit:
        return Drawn(tuple(files), of_size, len(files), of_size, 0, limit)
    units = _units([file for file in files if file.name.lower().endswith(SUFFIXES)])
    small = [unit for unit in units if sum(file.size for file in unit) <= limit]
    if not small:
        least = min((sum(file.size for file in unit) for unit in units), default=of_size)
        raise UserError(
            f"config/project.yml: {KEY}: {_mb(limit)} is refused: no file of the window is that small; the smallest one"
            f" has {_mb(least)} MB"
        )
    chosen: dict[str, File] = {}
    size = 0
    for unit in sorted(small, key=lambda unit: hashlib.sha256(f"{seed}:{_key(unit[0])}".encode()).digest()):
        new = {_key(file): file for file in unit if _key(file) not in chosen}
        size += sum(file.size for file in new.values())
        if size > limit:  # a smaller one further on would make small files likelier
            size -= sum(file.size for file in new.values())
            break
        chosen |= new
    return Drawn(tuple(chosen.values()), size, len(files), of_size, len(units) - len(small), limit)


def fetch(files: Sequence[File]) -> None:
    """Download files to where they belong.

    Raises:
        AzureError: one cannot be read.
    """
    by_container: dict[tuple[str, str], list[File]] = defaultdict(list)
    for file in files:
        by_container[str(file.container.account_name), str(file.container.container_name)].append(file)
    for found in by_container.values():
        storage.fetch(found[0].container, {file.name: file.path for file in found})


def _units(files: Sequence[File]) -> list[tuple[File, ...]]:
    """Return what is drawn: each file, with the tables that list it, which stand in a folder above it."""
    tables: dict[Path, list[File]] = defaultdict(list)
    for file in files:
        if file.name.lower().endswith(TABLES):
            tables[file.path.parent].append(file)
    units, listing = [], set()
    for file in files:
        if file.name.lower().endswith(LISTED):
            found = [table for parent in file.path.parents for table in tables.get(parent, ())]
            listing |= {_key(table) for table in found}
            units.append((file, *found))
    return units + [(f,) for f in files if not f.name.lower().endswith(LISTED) and _key(f) not in listing]


def _key(file: File) -> str:
    return f"{file.container.account_name}/{file.container.container_name}/{file.name}"


def _mb(size: int) -> str:
    return number(size / MEGABYTE, digits=3)
