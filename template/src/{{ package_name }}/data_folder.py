"""The entries of a data folder that are read, and the reason why each other one is not."""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

from .config.inputs import NESTED, SUFFIXES
from .errors import UserError

WORKBOOKS = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods", ".numbers")
WORKBOOK = "a spreadsheet; save the sheet that holds the table as 'CSV UTF-8' or Parquet"
HIDDEN = (".", "~$", "__MACOSX")  # beginnings of the names of what programs leave in folders
SHOWN = 8


def windows(folder: Path) -> list[Path]:
    """Return the data files of a folder to which each period adds one, oldest (first by name) first; none at first.

    Where `NESTED` says so, a folder with data files is one too.

    Raises:
        UserError: the folder has files, but none of data.
    """
    if not folder.is_dir() or all(path.name.startswith(".") for path in folder.iterdir()):
        return []
    found = files(folder)
    return sorted({folder / file.relative_to(folder).parts[0] for file in found}) if NESTED else found


def files(path: Path) -> list[Path]:
    """Return the data files at `path`: itself, or those in that folder, by name.

    Those in its subfolders are among them where `NESTED` says so. The name of a data file ends in one of `SUFFIXES`,
    in letters of any case.

    Raises:
        UserError: nothing is there, or nothing that can be read as data.
    """
    if path.is_file():
        if reason := _not_data(path):
            raise UserError(f"{path}: is {reason}")
        return [path]
    if not path.is_dir():
        broken = "a link to a file that does not exist" if path.is_symlink() else "no such file or folder"
        raise UserError(f"{path}: {broken}")
    found = [entry for entry, reason in _entries(path) if reason is None]
    if not found:
        there = left_out(path)
        reason = f"; it holds {', '.join(there[:SHOWN])}" if there else ""
        raise UserError(f"{path}: holds no data file; expected at least one {', '.join(SUFFIXES)}{reason}")
    return found


def left_out(path: Path) -> list[str]:
    """Return the name of each entry of a folder that `files` leaves out, with the reason; none for a file."""
    if not path.is_dir():
        return []
    return [f"{entry.relative_to(path).as_posix()} ({reason})" for entry, reason in _entries(path) if reason]


def digest(path: Path) -> str:
    """Return the SHA-256 of the names and bytes of the data files at `path`, in hexadecimal."""
    total, folder = hashlib.sha256(), path if path.is_dir() else path.parent
    for file in files(path):
        with file.open("rb") as stream:
            content = hashlib.file_digest(stream, "sha256").digest()
        total.update(file.relative_to(folder).as_posix().encode() + b"\0" + content)
    return total.hexdigest()


def _entries(folder: Path) -> Iterator[tuple[Path, str | None]]:
    """Yield the entries of a folder, sorted by name, each with the reason why it is not read as data; None if it is."""
    yield from _walk(folder, folder.resolve() if NESTED else None)


def _walk(folder: Path, root: Path | None) -> Iterator[tuple[Path, str | None]]:
    """Do so, also in subfolders if `root` is given, which no link may lead out of."""
    try:
        with os.scandir(folder) as entries:
            there = sorted(entries, key=lambda entry: entry.name)
    except OSError as error:
        raise UserError(f"{folder}: cannot be read: {error.strerror}") from None
    for entry in there:
        path = folder / entry.name
        if root is None or entry.name.startswith(HIDDEN):
            yield path, _not_data(path, inside=True)
        elif entry.is_symlink() and not path.resolve().is_relative_to(root):
            yield path, "a link that leads out of the data folder"
        elif not entry.is_dir():
            yield path, _not_data(path, inside=True)
        elif entry.is_symlink():
            yield path, "a link to a folder; only folders themselves are read"
        else:
            inner = list(_walk(path, root))
            yield from inner or [(path, "an empty folder")]


def _not_data(path: Path, *, inside: bool = False) -> str | None:
    """Return why a path is not read as a data file, None if it is; `inside` a folder, hidden files are not."""
    name = path.name.lower()
    if inside and path.name.startswith(HIDDEN):
        return "hidden"
    if path.is_dir():
        return "a folder; only files directly in the data folder are read"
    if not path.is_file():
        return "a link to a file that does not exist" if path.is_symlink() else "not a file"
    if name.endswith(WORKBOOKS):
        return WORKBOOK
    return None if name.endswith(SUFFIXES) else f"not a data file; its name must end in {', '.join(SUFFIXES)}"
