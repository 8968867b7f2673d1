"""The entries of a data folder that are read, and the reason why each other one is not."""

import hashlib
from pathlib import Path

from .config.inputs import SUFFIXES
from .errors import UserError

WORKBOOKS = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods", ".numbers")
WORKBOOK = "a spreadsheet; save the sheet that holds the table as 'CSV UTF-8' or Parquet"
SHOWN = 8


def files(path: Path) -> list[Path]:
    """Return the data files at `path`: itself, or those directly in that folder, by name.

    The name of a data file ends in one of `SUFFIXES`, in letters of any case.

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
    found = [entry for entry in _entries(path) if not _not_data(entry, inside=True)]
    if not found:
        there = left_out(path)
        reason = f"; it holds {', '.join(there[:SHOWN])}" if there else ""
        raise UserError(f"{path}: holds no data file; expected at least one {', '.join(SUFFIXES)}{reason}")
    return found


def left_out(path: Path) -> list[str]:
    """Return the name of each entry of a folder that `files` leaves out, with the reason; none for a file."""
    if not path.is_dir():
        return []
    reasons = ((entry.name, _not_data(entry, inside=True)) for entry in _entries(path))
    return [f"{name} ({reason})" for name, reason in reasons if reason]


def digest(path: Path) -> str:
    """Return the SHA-256 of the names and bytes of the data files at `path`, in hexadecimal."""
    total = hashlib.sha256()
    for file in files(path):
        with file.open("rb") as stream:
            content = hashlib.file_digest(stream, "sha256").digest()
        total.update(file.name.encode() + b"\0" + content)
    return total.hexdigest()


def _entries(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError as error:
        raise UserError(f"{folder}: cannot be read: {error.strerror}") from None


def _not_data(path: Path, *, inside: bool = False) -> str | None:
    """Return why a path is not read as a data file, None if it is; `inside` a folder, hidden files are not."""
    name = path.name.lower()
    if inside and name.startswith((".", "~$")):
        return "a hidden file"
    if path.is_dir():
        return "a folder; only files directly in the data folder are read"
    if not path.is_file():
        return "a link to a file that does not exist" if path.is_symlink() else "not a file"
    if name.endswith(WORKBOOKS):
        return WORKBOOK
    return None if name.endswith(SUFFIXES) else f"not a data file; its name must end in {', '.join(SUFFIXES)}"
