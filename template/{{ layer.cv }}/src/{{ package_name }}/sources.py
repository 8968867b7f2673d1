"""Where images stand: label folders, .zip archives of them, and tables with a column of paths; each image once.

A table lists the images of its own folder and of those below. In an archive it is at the top and named metadata
(.jsonl, .csv or .parquet). Where no table is, folders are labels: the first on an image's path that `labels.names` of
config/project.yml lists, or else the first that not all images stand in.
"""

import re
import zipfile
import zlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from . import data_folder
from .config.inputs import ARCHIVES, IMAGES, TABLES
from .errors import UserError
from .images import MEMBER

METADATA = re.compile(r"metadata(\.jsonl|\.csv|\.parquet|\.jsonl\.gz|\.csv\.gz)", re.IGNORECASE)


@dataclass(frozen=True)
class Source:
    """Images that stand together.

    Args:
        path: the folder, archive or table.
        base: the beginning of each image's reference.
        members: paths of the images that are there, after `base`, sorted.
        prefix: the beginning of each image's path as its id has it: the folder of a table within a data folder.
        table: what lists the images: the file `path`, or a member of the archive `path`; None for label folders.
        checksums: member of an archive -> CRC-32 of its bytes.
    """

    path: Path
    base: str
    members: tuple[str, ...]
    prefix: str = ""
    table: str | None = None
    checksums: Mapping[str, int] = field(default_factory=dict)

    def labels(self, names: Collection[str]) -> list[str | None]:
        """Return the label of each member: None if it stands in no folder, or in none that may be a label."""
        top = _top(self.members)
        found: list[str | None] = []
        for member in self.members:
            folders = PurePosixPath(member).parts[:-1]
            known = next((folder for folder in folders if folder in names), None)
            found.append(known or next(iter(folders[top:]), None))
        return found

    def id(self, member: str) -> str:
        """Return the id of an image that has no other: its path and the CRC-32 of its bytes.

        Images of one path in two sources have two ids, and so has an image that is replaced.
        """
        path = Path(self.base + member)
        checksum = self.checksums.get(member)
        if checksum is None and MEMBER not in self.base and path.is_file():
            checksum = _checksum(path)
        return f"{self.prefix}{member}" + ("" if checksum is None else f"#{checksum:08x}")


def find(path: Path) -> list[Source]:
    """Return the sources at `path`: an image, an archive, a table, or a folder of any of them.

    Raises:
        UserError: nothing is there that can be read, or an archive is damaged.
    """
    files = data_folder.files(path)
    root = path if path.is_dir() else path.parent
    tables = [file for file in files if file.name.lower().endswith(TABLES)]
    if path in tables:
        files = data_folder.files(root)
    loose = [file for file in files if file.name.lower().endswith(IMAGES)]
    sources = []
    # A table deeper down comes first: the images of its folder are its own.
    for table in sorted(tables, key=lambda file: (-len(file.parts), file)):
        own = [file for file in loose if file.is_relative_to(table.parent)]
        sources.append(_folder(table, table.parent, root, own, table.name))
    homes = {table.parent for table in tables}
    free = [file for file in loose if not homes.intersection(file.parents)]
    archives = [file for file in files if file.name.lower().endswith(ARCHIVES)] if path not in tables else []
    sources += [_archive(file) for file in archives]
    if free and path not in tables:
        sources.append(_folder(path, root, root, free, None))
    return sorted(sources, key=lambda source: source.path)


def _folder(path: Path, folder: Path, root: Path, files: Iterable[Path], table: str | None) -> Source:
    prefix = folder.relative_to(root).as_posix() + "/" if folder != root else ""
    members = tuple(file.relative_to(folder).as_posix() for file in files)
    return Source(path, f"{folder.absolute().as_posix().rstrip('/')}/", members, prefix, table)


def _archive(path: Path) -> Source:
    try:
        with zipfile.ZipFile(path) as archive:
            infos = [info for info in archive.infolist() if not info.is_dir() and not _hidden(info.filename)]
    except (OSError, zipfile.BadZipFile, NotImplementedError, ValueError) as error:
        raise UserError(f"{path}: cannot be read as a .zip archive: {error}") from None
    if any(info.flag_bits & 1 for info in infos):
        raise UserError(f"{path}: is locked by a password; unpack it")
    checksums = {info.filename: info.CRC for info in infos}
    members = tuple(sorted(name for name in checksums if name.lower().endswith(IMAGES)))
    tables = sorted(name for name in checksums if METADATA.fullmatch(name))
    if len(tables) > 1:
        raise UserError(f"{path}: holds {' and '.join(tables)}; one table lists the images of an archive")
    if not members and not tables:
        raise UserError(f"{path}: holds no image; their names end in {', '.join(IMAGES)}")
    base = f"{path.absolute().as_posix()}{MEMBER}"
    return Source(path, base, members, table=tables[0] if tables else None, checksums=checksums)


def _hidden(member: str) -> bool:
    return any(part.startswith(data_folder.HIDDEN) for part in PurePosixPath(member).parts)


def _top(members: Iterable[str]) -> int:
    """Return the number of folders that all members stand in and that hold nothing but several other folders.

    >>> _top(["digits/3/a.png", "digits/4/b.png"]), _top(["3/a.png", "3/b.png"]), _top(["a.png", "digits/3/b.png"])
    (1, 0, 0)
    """
    paths, depth = [PurePosixPath(member).parts[:-1] for member in members], 0
    while paths and len({parts[:1] for parts in paths}) == 1 and len({parts[:2] for parts in paths}) > 1:
        if any(len(parts) < 2 for parts in paths):
            break
        paths, depth = [parts[1:] for parts in paths], depth + 1
    return depth


def _checksum(path: Path) -> int:
    total = 0
    with path.open("rb") as stream:
        while block := stream.read(1 << 20):
            total = zlib.crc32(block, total)
    return total
