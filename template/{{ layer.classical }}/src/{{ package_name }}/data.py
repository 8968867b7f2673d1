"""Tables in, typed frames out: the one reader that training, batch scoring and monitoring share.

Canonical dtypes: numeric and boolean columns float64 (booleans 0.0 and 1.0), categorical columns, the id
and a class target object (str), a regression target float64, times datetime64[ns, UTC].
A missing value is NaN, None or NaT. `values` says how a file's values become these.
"""

import codecs
import csv
import hashlib
import io
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import values
from .config.inputs import Files
from .config.project import ROW_HASH, ProjectConfig
from .config.yaml_file import suggest
from .delimited import open_bytes
from .errors import UserError
from .records import Contract, Feature

if TYPE_CHECKING:
    import numpy.typing as npt
    import pandas as pd
    import pyarrow as pa

Kind = values.Kind
_KINDS: dict[str, Kind] = {
    "numeric": "numeric",
    "categorical": "categorical",
    "boolean": "boolean",
    "time": "time",
}  # of features
SUFFIXES = (".csv", ".csv.gz", ".parquet")  # in letters of any case
WORKBOOKS = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods", ".numbers")
WORKBOOK = "a spreadsheet; save the sheet that holds the table as 'CSV UTF-8' or Parquet"
# The first bytes of files that are not what their names say.
SIGNATURES = {
    b"PK\x03\x04": WORKBOOK,
    b"\xd0\xcf\x11\xe0": WORKBOOK,
    b"\x1f\x8b": "compressed with gzip; its name must end in .csv.gz",
    b"PAR1": "a Parquet file; its name must end in .parquet",
}
UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
BLOCK = 4 << 20  # bytes that one thread parses at a time; a row must fit into it
SHOWN = 8


class MissingColumnError(UserError):
    """A file lacks a column that is asked for."""


@dataclass(frozen=True)
class Table:
    """The rows of some files in canonical dtypes, with what reading them has left out.

    Args:
        frame: the rows, with a fresh RangeIndex.
        files: each file with its number of rows, in the order of `frame`.
        words: column -> word of text that was taken for a missing value -> number of rows.
        dropped: rows that were left out because they have no target.
        kept: position of each row of `frame` among all rows of the files; None if none was dropped.
    """

    frame: "pd.DataFrame"
    files: tuple[tuple[Path, int], ...]
    words: Mapping[str, Mapping[str, int]]
    dropped: int = 0
    kept: "npt.NDArray[Any] | None" = None

    def place(self, row: int) -> str:
        """Return where a row of `frame` stands, as a reader of the file counts: the file is named if there are many."""
        position = row if self.kept is None else int(self.kept[row])
        for path, rows in self.files:
            if position < rows:
                return f"data row {position + 1}" + (f" of {path}" if len(self.files) > 1 else "")
            position -= rows
        raise IndexError(row)


def kinds(config: ProjectConfig) -> dict[str, Kind]:
    """Return the kind of every column that `config` names, features first."""
    columns = config.columns
    found: dict[str, Kind] = {name: columns.kind(name) for name in columns.features}
    if columns.id and columns.id not in found:
        found[columns.id] = "text"
    if columns.time:
        found[columns.time] = "time"
    found[columns.target] = "numeric" if config.task == "regression" else "categorical"
    return found


def read(path: Path, config: ProjectConfig, *, require_target: bool = True) -> "pd.DataFrame":
    """Read the columns that `config` names from a file, or from all files of a folder.

    Raises:
        UserError: see `read_columns`.
    """
    return read_table(path, config, require_target=require_target).frame


def read_table(path: Path, config: ProjectConfig, *, require_target: bool = True) -> Table:
    """Do the same, and tell where each row is from and what was left out.

    Data without an id gets the column `ROW_HASH` where the id would decide the split: a hash of all values of the
    row that `config` names, so that equal rows stay together and none changes sides when others come or go.

    Args:
        path: the file or folder.
        config: names the columns and says how files are written.
        require_target: for training; else the target may be absent, and no row is dropped.

    Raises:
        UserError: see `read_columns`.
    """
    optional = () if require_target else (config.columns.target,)
    try:
        table = _read_all(path, kinds(config), config.files, set(optional))
    except MissingColumnError as error:
        raise UserError(f"config/project.yml names a column that is not there: {error}") from None
    if require_target and config.files.without_target == "drop":
        table = _drop(table, table.frame[config.columns.target].isna().to_numpy())
    if require_target and config.split_column == ROW_HASH:
        import pandas as pd

        # Not by insertion, of which pandas warns in a frame of many columns.
        hashes = pd.Series(_row_hash(table.frame), name=ROW_HASH)
        return replace(table, frame=pd.concat([table.frame, hashes], axis="columns"))
    return table


def _drop(table: Table, unwanted: "npt.NDArray[Any]") -> Table:
    if not unwanted.any():
        return table
    frame = table.frame[~unwanted].reset_index(drop=True)
    return Table(frame, table.files, table.words, int(unwanted.sum()), (~unwanted).nonzero()[0])


def _row_hash(frame: "pd.DataFrame") -> "npt.NDArray[Any]":
    import numpy as np
    from pandas.util import hash_pandas_object

    hashes = hash_pandas_object(frame[sorted(map(str, frame))], index=False)
    return np.array([f"{value:016x}" for value in hashes], dtype=object)


def read_inputs(path: Path, contract: Contract) -> "pd.DataFrame":
    """Read the columns that a model needs from a file, and the id where the file has it.

    The contract says how files are written: where files are scored there is the model's folder and nothing else.

    Raises:
        UserError: see `read_columns`.
    """
    columns: dict[str, Kind] = {feature.name: _KINDS[feature.kind] for feature in contract.features}
    files = Files.model_validate(contract.files)
    if contract.id is None or contract.id in columns:
        return read_columns(path, columns, files)
    return read_columns(path, columns | {contract.id: "text"}, files, optional=[contract.id])


def read_columns(
    path: Path, columns: Mapping[str, Kind], files: Files | None = None, *, optional: Sequence[str] = ()
) -> "pd.DataFrame":
    """Read `columns` from a .csv, .csv.gz or .parquet file, or from all such files of a folder.

    Args:
        path: the file or folder; the files of a folder are read in the order of their names.
        columns: name -> kind of each column to read; other columns of the file are ignored.
        files: how the files are written, None for the defaults.
        optional: names in `columns` that a file may lack; they are then absent from the result.

    Returns:
        A frame (rows, columns) in canonical dtypes with a fresh RangeIndex.

    Raises:
        UserError: no such file, a column is missing, or a value does not fit its column's kind.
    """
    return _read_all(path, columns, files or Files(), set(optional)).frame


def _read_all(path: Path, columns: Mapping[str, Kind], options: Files, optional: set[str]) -> Table:
    import pandas as pd

    words: dict[str, dict[str, int]] = {}
    found = files(path)
    frames = [_read_file(file, columns, options, optional, words) for file in found]
    frame = frames[0] if len(frames) == 1 else pd.concat(frames, ignore_index=True)
    counts = tuple((file, len(each)) for file, each in zip(found, frames, strict=True))
    return Table(frame, counts, {name: counted for name, counted in words.items() if counted})


def describe(
    frame: "pd.DataFrame", config: ProjectConfig, classes: Sequence[str] | None, package_version: str | None = None
) -> Contract:
    """Return the contract of a model that learned from the rows of `frame`.

    Args:
        frame: the training rows.
        config: names the columns.
        classes: class labels in the order of the model's probabilities, None for a regression.
        package_version: version of the library that fitted the model.
    """
    columns = config.columns
    return Contract(
        task=config.task,
        target=columns.target,
        id=columns.id,
        features=tuple(_describe_feature(name, config, frame[name]) for name in columns.features),
        classes=None if classes is None else tuple(classes),
        max_rows=config.serving.max_rows,
        trained_until=frame[columns.time].max().isoformat() if columns.time else None,
        package_version=package_version,
        files=config.files.model_dump(),
    )


def _describe_feature(name: str, config: ProjectConfig, column: "pd.Series") -> Feature:
    kind, filled = config.columns.kind(name), column.dropna()
    categories = tuple(sorted(filled.unique().tolist())) if kind == "categorical" else None
    if kind not in ("numeric", "time") or filled.empty:
        return Feature(name, kind, categories)
    low, high = filled.min(), filled.max()
    if kind == "time":  # in seconds since 1970
        low, high = low.timestamp(), high.timestamp()
    return Feature(name, kind, categories, float(low), float(high))


def files(path: Path) -> list[Path]:
    """Return the data files at `path`: itself, or those directly in that folder, by name.

    Raises:
        UserError: nothing is there, or nothing that can be read as a table.
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


def digest(path: Path) -> str:
    """Return the SHA-256 of the names and bytes of the data files at `path`, in hexadecimal."""
    total = hashlib.sha256()
    for file in files(path):
        with file.open("rb") as stream:
            content = hashlib.file_digest(stream, "sha256").digest()
        total.update(file.name.encode() + b"\0" + content)
    return total.hexdigest()


def _read_file(
    path: Path, columns: Mapping[str, Kind], options: Files, optional: set[str], words: dict[str, dict[str, int]]
) -> "pd.DataFrame":
    import pandas as pd

    table = read_arrow(path, lambda known: _present(path, known, columns, optional), options)
    converted: dict[str, Any] = {}
    for name in table.column_names:
        counted = words.setdefault(name, {})
        converted[name] = values.convert(str(path), name, columns[name], table.column(name), options, counted)
    return pd.DataFrame(converted, copy=False)


def read_arrow(path: Path, choose: Callable[[Sequence[str]], list[str]], options: Files) -> "pa.Table":
    """Read columns of one file as they are written: those of a CSV file as text, null where there is none.

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
        return _read_csv(path, choose, options)
    except (pa.ArrowException, OSError, EOFError, zlib.error) as error:
        raise UserError(f"{path}: cannot be read: {_short(error)}") from None


def _present(path: Path, known: Sequence[str], columns: Mapping[str, Kind], optional: set[str]) -> list[str]:
    for name in known:
        if name in columns and known.count(name) > 1:
            raise UserError(f"{path}: column {name!r} is there {known.count(name)} times; names must be unique")
    for name in columns:
        if name not in known and name not in optional:
            shown = ", ".join(known[:12]) + (", ..." if len(known) > 12 else "")
            hint = _separator_hint(known) or suggest(name, list(known))
            raise MissingColumnError(f"{path}: has no column {name!r} (columns: {shown}){hint}")
    return [name for name in columns if name in known]


def _separator_hint(known: Sequence[str]) -> str:
    """Return the way out if the first line looks like one of another separator."""
    line = known[0] if len(known) == 1 else ""
    other = max(";\t|,", key=line.count)
    if other not in line:
        return ""
    written = "\\t" if other == "\t" else other
    return f'; if {other!r} separates the columns, set files.separator: "{written}" in config/project.yml'


def _read_csv(path: Path, choose: Callable[[Sequence[str]], list[str]], options: Files) -> "pa.Table":
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


def _header(path: Path, options: Files) -> list[str]:
    """Return the names in the first line that is not empty."""
    with open_bytes(path) as stream:
        start = stream.read(4)
        for signature, reason in SIGNATURES.items():
            if start.startswith(signature):
                raise UserError(f"{path}: is {reason}")
        wide = codecs.lookup(options.encoding).name.startswith(("utf-16", "utf-32"))
        if start.startswith(UTF_16) and not wide:
            raise UserError(f"{path}: is UTF-16 text; set files.encoding: utf-16 in config/project.yml")
        stream.seek(0)
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


def _read_parquet(path: Path, choose: Callable[[Sequence[str]], list[str]]) -> "pa.Table":
    from pyarrow import parquet

    # Without `partitioning` a folder called year=2024 would add a column.
    return parquet.read_table(path, columns=choose(parquet.read_schema(path).names), partitioning=None)
