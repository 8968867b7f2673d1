"""CSV, JSON Lines and Parquet files as Arrow tables, each value as it is written; `values` gives it its type."""

import codecs
import csv
import io
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from . import jsonl
from .config.file_format import Files
from .data_folder import WORKBOOK
from .delimited import open_bytes
from .errors import UserError

if TYPE_CHECKING:
    import pyarrow as pa

Choose = Callable[[Sequence[str]], list[str]]
# The first bytes of files that are not what their names say.
SIGNATURES = {
    b"PK\x03\x04": WORKBOOK,
    b"\xd0\xcf\x11\xe0": WORKBOOK,
    b"\x1f\x8b": "compressed with gzip; add .gz to its name",
    b"PAR1": "a Parquet file; its name must end in .parquet",
}
UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
BLOCK = 4 << 20  # bytes that one thread parses at a time; a row must fit into it


def is_delimited(path: Path) -> bool:
    """Return whether a data file is delimited text, by its name."""
    return not path.name.lower().endswith((".parquet", *jsonl.SUFFIXES))


def read(path: Path, choose: Choose, options: Files) -> "pa.Table":
    """Read columns of one file as they are written: those of a CSV or JSON Lines file as text, null if there is none.

    Args:
        path: the file.
        choose: takes the names of all columns, in order, and returns those to read.
        options: how CSV files are written.

    Raises:
        UserError: the file cannot be read, or `choose` refuses.
    """
    import pyarrow as pa

    try:
        if path.name.lower().endswith(".parquet"):
            return _read_parquet(path, choose)
        _refuse_disguised(path, options)
        if path.name.lower().endswith(jsonl.SUFFIXES):
            return jsonl.read(path, choose)
        return _read_csv(path, choose, options)
    except (pa.ArrowException, OSError, EOFError, zlib.error) as error:
        raise UserError(f"{path}: cannot be read: {_short(error)}") from None


def _read_csv(path: Path, choose: Choose, options: Files) -> "pa.Table":
    import pyarrow as pa
    import pyarrow.csv as pa_csv

    present = choose(_header(path, options))
    utf_8 = codecs.lookup(options.encoding).name in ("utf-8", "utf-8-sig")
    # Numbers and times are parsed later, column by column, so that a message can show the offending value.
    conversion = pa_csv.ConvertOptions(
        include_columns=present,
        column_types=dict.fromkeys(present, pa.string()),
        null_values=[""],
        strings_can_be_null=True,
    )
    # Line breaks inside quotes are legal, wherever a block begins.
    parsing = pa_csv.ParseOptions(delimiter=options.separator, newlines_in_values=True)

    def parse(*, threads: bool) -> "pa.Table":
        reading = pa_csv.ReadOptions(
            encoding="utf8" if utf_8 else options.encoding, block_size=BLOCK, use_threads=threads
        )
        compression = "gzip" if path.name.lower().endswith(".gz") else None
        with pa.input_stream(str(path), compression=compression) as stream:
            return pa_csv.read_csv(stream, reading, parsing, conversion)

    try:
        return parse(threads=True)
    except pa.ArrowInvalid as error:
        if "Expected" not in str(error):
            raise _unreadable(path, error, options) from None
    except UnicodeError as error:
        raise _unreadable(path, error, options) from None
    try:
        return parse(threads=False)  # only one thread knows the number of the row
    except pa.ArrowInvalid as error:
        raise _unreadable(path, error, options) from None


def _refuse_disguised(path: Path, options: Files) -> None:
    """Refuse a file whose first bytes say that it is not the text that its name promises."""
    with open_bytes(path) as stream:
        start = stream.read(4)
    for signature, reason in SIGNATURES.items():
        if start.startswith(signature):
            raise UserError(f"{path}: is {reason}")
    if not start.startswith(UTF_16):
        return
    if path.name.lower().endswith(jsonl.SUFFIXES):
        raise UserError(f"{path}: is UTF-16 text; JSON Lines files are UTF-8: save it as such")
    if not codecs.lookup(options.encoding).name.startswith(("utf-16", "utf-32")):
        raise UserError(f"{path}: is UTF-16 text; set files.encoding: utf-16 in config/project.yml")


def _header(path: Path, options: Files) -> list[str]:
    """Return the names in the first line that is not empty."""
    with open_bytes(path) as stream:
        encoding = "utf-8-sig" if codecs.lookup(options.encoding).name == "utf-8" else options.encoding
        text = io.TextIOWrapper(stream, encoding=encoding, newline="")
        try:
            header = next((row for row in csv.reader(text, delimiter=options.separator) if row), None)
        except (UnicodeError, csv.Error) as error:
            raise _unreadable(path, error, options) from None
    if header is None:
        raise UserError(f"{path}: is empty; the first line must name the columns")
    return header


def _unreadable(path: Path, error: Exception, options: Files) -> UserError:
    reason = _short(error)
    if isinstance(error, UnicodeError) or "UTF8" in reason or "UTF-8" in reason:
        return UserError(
            f"{path}: is not {options.encoding.upper()} text ({reason}); set files.encoding in config/project.yml:"
            " cp1252 for most files of Excel on Windows, latin-1, utf-16, or save the file as UTF-8"
        )
    hint = ""
    if "Expected" in reason:
        hint = f"; a value that holds {options.separator!r} or a line break must stand in double quotes"
    elif "NUL" in reason:
        hint = "; if it is UTF-16 text, set files.encoding: utf-16-le in config/project.yml"
    elif "straddl" in reason:
        hint = f"; a row must be shorter than {BLOCK >> 20} MiB: is a double quote never closed?"
    return UserError(f"{path}: is not a well-formed CSV file: {reason}{hint}")


def _short(error: Exception) -> str:
    text = " ".join(str(error).split())
    return text if len(text) <= 200 else text[:200] + "..."


def _read_parquet(path: Path, choose: Choose) -> "pa.Table":
    from pyarrow import parquet

    # Without `partitioning` a folder called year=2024 would add a column.
    return parquet.read_table(path, columns=choose(parquet.read_schema(path).names), partitioning=None)
