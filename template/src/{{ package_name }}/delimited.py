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


def separator_of(path: Path, encoding: str) -> str:
    """Return the separator that cuts the first rows into the most fields, and nearly all into equally many."""
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

    return max(SEPARATORS, key=fit)


def format_of(files: Sequence[Path]) -> tuple[str, str]:
    """Return the encoding and the separator of files that are read together; UTF-8 and a comma if there are none.

    The first file that is not UTF-8 decides the encoding, the first file the separator.

    Raises:
        UserError: a file cannot be read.
    """
    encoding, separator = "utf-8", ","
    for file in reversed(files):
        try:
            own = encoding_of(file)
            encoding = own if own != "utf-8" else encoding
            separator = separator_of(file, own)
        except (OSError, EOFError, zlib.error) as error:
            raise UserError(f"{file}: cannot be read: {error}") from None
    return encoding, separator
