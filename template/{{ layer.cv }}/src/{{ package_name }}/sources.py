"""Where images stand: label folders, .zip archives of them, and tables with a column of paths; each image once.

A table lists the images of its own folder and of those below. In an archive it is at the top and named metadata
(.jsonl, .csv or .parquet). Where no table is, an image has the first folder on its path as its label, or no label if it
stands in none.
"""

import re
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
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
        prefix: the beginning of each image's id.
        members: paths of the images that are there, after `base`, sorted.
        top: the beginning of each member that says nothing, such as the one folder in which an archive holds all.
        table: what lists the images: the file `path`, or a member of the archive `path`; None for label folders.
    """

    path: Path
    base: str
    prefix: str
    members: tuple[str, ...]
    top: str = ""
    table: str | None = None

    def label(self, member: str) -> str | None:
        """Return the first folder on the path of an image, None if it stands in none."""
        parts = PurePosixPath(member.removeprefix(self.top)).parts
        return parts[0] if len(parts) > 1 else None


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
    sources += [_archive(file, root) for file in archives]
    if free and path not in tables:
        sources.append(_folder(path, root, root, free, None))
    return sorted(sources, key=lambda source: source.path)


def _folder(path: Path, folder: Path, root: Path, files: Iterable[Path], table: str | None) -> Source:
    prefix = folder.relative_to(root).as_posix() + "/" if folder != root else ""
    members = tuple(file.relative_to(folder).as_posix() for file in files)
    return Source(path, f"{folder.absolute().as_posix().rstrip('/')}/", prefix, members, table=table)


def _archive(path: Path, root: Path) -> Source:
    try:
        with zipfile.ZipFile(path) as archive:
            infos = [info for info in archive.infolist() if not info.is_dir() and not _hidden(info.filename)]
    except (OSError, zipfile.BadZipFile, NotImplementedError, ValueError) as error:
        raise UserError(f"{path}: cannot be read as a .zip archive: {error}") from None
    if any(info.flag_bits & 1 for info in infos):
        raise UserError(f"{path}: is locked by a password; unpack it")
    names = sorted({info.filename for info in infos})
    members = tuple(name for name in names if name.lower().endswith(IMAGES))
    top = _top(members)
    tables = [name for name in names if METADATA.fullmatch(name.removeprefix(top))]
    if len(tables) > 1:
        raise UserError(f"{path}: holds {' and '.join(tables)}; one table lists the images of an archive")
    if not members and not tables:
        raise UserError(f"{path}: holds no image; their names end in {', '.join(IMAGES)}")
    base = f"{path.absolute().as_posix()}{MEMBER}"
    return Source(
        path, base, f"{path.relative_to(root).as_posix()}/", members, top, table=tables[0] if tables else None
    )


def _hidden(member: str) -> bool:
    return any(part.startswith((".", "__MACOSX")) for part in PurePosixPath(member).parts)


def _top(members: Iterable[str]) -> str:
    """Return the folders that all members stand in, while each holds nothing but several others, with a slash."""
    paths, top = [PurePosixPath(member).parts[:-1] for member in members], ""
    while paths and len({parts[:1] for parts in paths}) == 1 and len({parts[:2] for parts in paths}) > 1:
        if any(len(parts) < 2 for parts in paths):
            break
        top += paths[0][0] + "/"
        paths = [parts[1:] for parts in paths]
    return top
