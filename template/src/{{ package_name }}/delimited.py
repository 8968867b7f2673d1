"""How a file of delimited text is written: its encoding and its separator, found from its bytes."""

import codecs
import csv
import gzip
import io
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import IO, cast

from .errors import UserError

SEPARATORS = (",", ";", "\t", "|")


def open_bytes(path: Path) -> IO[bytes]:
    """Open a file for reading, a compressed one as what it holds."""
    return cast(IO[bytes], gzip.open(path)) if path.name.lower().endswith(".gz") else path.open("rb")


def encoding_of(path: Path) -> str:
    """Return the encoding of a text file: by its byte order mark, else UTF-8 if all of it is, else Windows' Latin."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    with open_bytes(path) as stream:
        start = stream.read(1 << 20)
        if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            return "utf-16"
        block = start
        try:
            while block:
                decoder.decode(block)
                block = stream.read(1 << 20)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return "cp1252"
    return "utf-8-sig" if start.startswith(codecs.BOM_UTF8) else "utf-8"


def separator_of(path: Path, encoding: str) -> str | None:
    """Return the separator that cuts the first rows into the most fields, and nearly all into equally many.

    None if no separator cuts them: the file has one column, or nothing in it.
    """
    with open_bytes(path) as stream:
        text = codecs.getincrementaldecoder(encoding)("replace").decode(stream.read(1 << 16))

    def fit(separator: str) -> tuple[bool, int]:
        try:
            rows = [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator) if row]
        except csv.Error:  # a field beyond every measure: a quote that does not end
            return False, 0
        rows = rows[:-1] if len(rows) > 2 else rows  # the last one may be cut off
        alike = sum(len(row) == len(rows[0]) for row in rows) if rows else 0
        return alike >= 0.9 * len(rows), len(rows[0]) if rows else 0

    best = max(SEPARATORS, key=fit)
    return best if fit(best)[1] > 1 else None


def format_of(files: Sequence[Path]) -> tuple[str, str]:
    """Return the encoding and the separator of files that are read together; UTF-8 and a comma if there are none.

    The first file that is not UTF-8 decides the encoding.

    Raises:
        UserError: a file cannot be read, or two files have different separators.
    """
    encoding, first = "utf-8", None
    for file in files:
        try:
            own = encoding_of(file)
            separator = separator_of(file, own)
        except (OSError, EOFError, zlib.error) as error:
            raise UserError(f"{file}: cannot be read: {error}") from None
        encoding = own if encoding == "utf-8" else encoding
        if separator is None:
            continue
        first = first or (file, separator)
        if separator != first[1]:
            raise UserError(
                f"{file}: {_written(separator)} separates its columns, but {_written(first[1])} those of {first[0]};"
                " files that are read together need the same separator: export one of them again"
            )
    return encoding, first[1] if first else ","


def _written(separator: str) -> str:
    return "a tabulator" if separator == "\t" else repr(separator)
