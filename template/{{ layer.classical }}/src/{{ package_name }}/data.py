"""Tables in, typed frames out: the one reader that training, batch scoring and monitoring share.

Canonical dtypes: numeric and boolean columns float64 (booleans 0.0 and 1.0), categorical columns, the id
and a class target object (str), a regression target float64, time datetime64[ns, UTC].
A missing value is NaN, None or NaT.
"""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from .config.project import ProjectConfig
from .config.yaml_file import suggest
from .errors import UserError
from .records import Contract, Feature

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

Kind = Literal["numeric", "categorical", "boolean", "text", "time"]
_KINDS: dict[str, Kind] = {"numeric": "numeric", "categorical": "categorical", "boolean": "boolean"}  # of features
SUFFIXES = (".csv", ".csv.gz", ".parquet")
NULLS = ["", "NA", "N/A", "NaN", "nan", "null", "NULL", "None"]
TRUE = ["true", "True", "TRUE", "t", "T", "yes", "Yes", "YES", "y", "Y", "1", "1.0"]
FALSE = ["false", "False", "FALSE", "f", "F", "no", "No", "NO", "n", "N", "0", "0.0"]


class MissingColumnError(UserError):
    """A file lacks a column that is asked for."""


def kinds(config: ProjectConfig) -> dict[str, Kind]:
    """Return the kind of every column that `config` names, features first."""
    columns = config.columns
    found: dict[str, Kind] = {name: columns.kind(name) for name in columns.features}
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
    optional = () if require_target else (config.columns.target,)
    try:
        return read_columns(path, kinds(config), optional=optional)
    except MissingColumnError as error:
        raise UserError(f"config/project.yml names a column that is not there: {error}") from None


def read_inputs(path: Path, contract: Contract) -> "pd.DataFrame":
    """Read the columns that a model needs from a file, and the id where the file has it.

    Raises:
        UserError: see `read_columns`.
    """
    columns: dict[str, Kind] = {feature.name: _KINDS[feature.kind] for feature in contract.features}
    return read_columns(path, columns | {contract.id: "text"}, optional=[contract.id])


def read_columns(path: Path, columns: Mapping[str, Kind], *, optional: Sequence[str] = ()) -> "pd.DataFrame":
    """Read `columns` from a .csv, .csv.gz or .parquet file, or from all such files of a folder.

    Args:
        path: the file or folder; the files of a folder are read in the order of their names.
        columns: name -> kind of each column to read; other columns of the file are ignored.
        optional: names in `columns` that a file may lack; they are then absent from the result.

    Returns:
        A frame (rows, columns) in canonical dtypes with a fresh RangeIndex.

    Raises:
        UserError: no such file, a column is missing, or a value does not fit its column's kind.
    """
    import pandas as pd

    frames = [_read_file(file, columns, set(optional)) for file in files(path)]
    return frames[0] if len(frames) == 1 else pd.concat(frames, ignore_index=True)


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
    )


def _describe_feature(name: str, config: ProjectConfig, column: "pd.Series") -> Feature:
    kind, filled = config.columns.kind(name), column.dropna()
    categories = tuple(sorted(filled.unique().tolist())) if kind == "categorical" else None
    if kind != "numeric" or filled.empty:
        return Feature(name, kind, categories)
    return Feature(name, kind, categories, float(filled.min()), float(filled.max()))


def files(path: Path) -> list[Path]:
    """Return the data files at `path`: itself, or those directly in that folder, by name.

    Raises:
        UserError: nothing is there, or nothing that can be read as a table.
    """
    if path.is_file():
        if not path.name.endswith(SUFFIXES):
            raise UserError(f"{path}: must end in {', '.join(SUFFIXES)}")
        return [path]
    if not path.is_dir():
        raise UserError(f"{path}: no such file or folder")
    found = sorted(file for file in path.iterdir() if file.is_file() and file.name.endswith(SUFFIXES))
    if not found:
        raise UserError(f"{path}: holds no data file; expected at least one {', '.join(SUFFIXES)}")
    return found


def digest(path: Path) -> str:
    """Return the SHA-256 of the names and bytes of the data files at `path`, in hexadecimal."""
    total = hashlib.sha256()
    for file in files(path):
        with file.open("rb") as stream:
            content = hashlib.file_digest(stream, "sha256").digest()
        total.update(file.name.encode() + b"\0" + content)
    return total.hexdigest()


def _read_file(path: Path, columns: Mapping[str, Kind], optional: set[str]) -> "pd.DataFrame":
    import pyarrow as pa

    try:
        if path.name.endswith(".parquet"):
            table = _read_parquet(path, columns, optional)
        else:
            table = _read_csv(path, columns, optional)
    except (pa.ArrowException, OSError) as error:
        raise UserError(f"{path}: cannot be read: {' '.join(str(error).split())}") from None
    return _to_frame(path, table, columns)


def _present(path: Path, known: Sequence[str], columns: Mapping[str, Kind], optional: set[str]) -> list[str]:
    for name in known:
        if name in columns and known.count(name) > 1:
            raise UserError(f"{path}: column {name!r} is there {known.count(name)} times; names must be unique")
    for name in columns:
        if name not in known and name not in optional:
            shown = ", ".join(known[:12]) + (", ..." if len(known) > 12 else "")
            hint = suggest(name, list(known))
            raise MissingColumnError(f"{path}: has no column {name!r} (columns: {shown}){hint}")
    return [name for name in columns if name in known]


def _read_csv(path: Path, columns: Mapping[str, Kind], optional: set[str]) -> "pa.Table":
    import pyarrow as pa
    from pyarrow import csv

    # Numbers and times are parsed here, column by column, so that a message can show the offending value.
    try:
        with csv.open_csv(path) as stream:
            header = stream.schema.names
    except pa.ArrowInvalid as error:
        if "Empty CSV" in str(error):
            raise UserError(f"{path}: is empty; the first line must name the columns") from None
        raise _unreadable(path, error) from None
    present = _present(path, header, columns, optional)
    options = csv.ConvertOptions(
        include_columns=present,
        column_types=dict.fromkeys(present, pa.string()),
        null_values=NULLS,
        strings_can_be_null=True,
    )
    try:
        return csv.read_csv(path, convert_options=options)
    except pa.ArrowInvalid as error:
        raise _unreadable(path, error) from None


def _unreadable(path: Path, error: Exception) -> UserError:
    reason = " ".join(str(error).split())
    if "UTF8" in reason or "UTF-8" in reason:
        return UserError(f"{path}: is not UTF-8 text ({reason}); save it as UTF-8 and try again")
    return UserError(f"{path}: is not a well-formed CSV file: {reason}")


def _read_parquet(path: Path, columns: Mapping[str, Kind], optional: set[str]) -> "pa.Table":
    from pyarrow import parquet

    present = _present(path, parquet.read_schema(path).names, columns, optional)
    return parquet.read_table(path, columns=present)


def _to_frame(path: Path, table: "pa.Table", columns: Mapping[str, Kind]) -> "pd.DataFrame":
    import pandas as pd

    converted: dict[str, Any] = {}
    for name in table.column_names:
        converted[name] = _convert(path, name, columns[name], table.column(name))
    return pd.DataFrame(converted, copy=False)


def _convert(path: Path, name: str, kind: Kind, column: "pa.ChunkedArray") -> Any:
    """Convert one Arrow column to an array in its canonical dtype."""
    import pandas as pd
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    text = pa.types.is_string(column.type) or pa.types.is_large_string(column.type)
    if kind in ("categorical", "text"):
        if pa.types.is_floating(column.type) and pc.all(pc.equal(column, pc.floor(column))).as_py():
            column = column.cast(pa.int64())  # a whole number with gaps: "3", not "3.0"
        return column.cast(pa.string()).to_pandas().to_numpy(object)
    if kind == "boolean" and text:
        known = pc.is_in(column, pa.array([*TRUE, *FALSE])).to_pandas().to_numpy(bool)
        _refuse_first(path, name, column, ~known & column.is_valid().to_numpy(), "true or false")
        values = pc.is_in(column, pa.array(TRUE)).cast(pa.float64())
        return pc.if_else(column.is_valid(), values, None).to_numpy()
    if kind == "boolean":
        column = column.cast(pa.float64())
        bad = pc.fill_null(pc.invert(pc.is_in(column, pa.array([0.0, 1.0]))), False).to_numpy()
        _refuse_first(path, name, column, bad & column.is_valid().to_numpy(), "true or false")
        return column.to_numpy()
    if kind == "time":
        parsed = pd.to_datetime(column.to_pandas(), utc=True, errors="coerce", format="ISO8601" if text else None)
        _refuse_first(
            path,
            name,
            column,
            parsed.isna().to_numpy() & column.is_valid().to_numpy(),
            "an ISO 8601 time",
        )
        return parsed.dt.as_unit("ns")
    if not text:
        if not (
            pa.types.is_integer(column.type)
            or pa.types.is_floating(column.type)
            or pa.types.is_decimal(column.type)
            or pa.types.is_boolean(column.type)
            or pa.types.is_null(column.type)
        ):
            raise UserError(f"{path}: column {name!r} is of type {column.type}; a numeric column needs numbers")
        return column.cast(pa.float64(), safe=False).to_numpy()
    try:
        return column.cast(pa.float64()).to_numpy()
    except pa.ArrowInvalid:
        numbers = pd.to_numeric(column.to_pandas(), errors="coerce")
        _refuse_first(path, name, column, numbers.isna().to_numpy() & column.is_valid().to_numpy(), "a number")
        return numbers.to_numpy("float64")


def _refuse_first(path: Path, name: str, column: "pa.ChunkedArray", bad: Any, rule: str) -> None:
    """Refuse the column if any value is `bad`, naming the first one as a reader of the file counts rows."""
    if bad.any():
        row = int(bad.argmax())
        raise UserError(
            f"{path}: column {name!r}, data row {row + 1}: {column[row].as_py()!r} is not {rule}"
            f" ({int(bad.sum())} such of {len(bad)} values)"
        )
