"""Data files as one frame in canonical dtypes, with the place of each row and all that reading has left out.

Canonical dtypes: numbers and booleans float64 (booleans 0.0 and 1.0), categories, ids, texts and a class target object
(str), a regression target float64, times datetime64[ns, UTC]. A missing value is NaN, None or NaT.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import arrow_reader, delimited, values
from .config.file_format import Files
from .config.project import ROW_HASH, ProjectConfig
from .config.yaml_file import suggest
from .errors import UserError
from .figures import plural
from .values import Kind

if TYPE_CHECKING:
    import numpy.typing as npt
    import pandas as pd

SHOWN_NAMES = 12


class MissingColumnError(UserError):
    """A file lacks a column that is asked for."""


@dataclass(frozen=True)
class Dataset:
    """The rows of some files, with what reading them has left out.

    Args:
        frame: the rows, with a fresh RangeIndex.
        files: each file with its number of rows, in the order of `frame`.
        words: column -> word of text that was taken for a missing value -> number of rows.
        dropped: rows that were left out because they have no target.
        kept: position of each row of `frame` among all rows of the files; None if none was dropped.
        left_out: a sentence for whatever else was left out.
        named: the column whose values tell a reader which row is meant, where no row has a number; None for numbers.
    """

    frame: "pd.DataFrame"
    files: tuple[tuple[Path, int], ...] = ()
    words: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    dropped: int = 0
    kept: "npt.NDArray[Any] | None" = None
    left_out: tuple[str, ...] = ()
    named: str | None = None

    def place(self, row: int, show: Callable[[Path], str] | None = None) -> str:
        """Return where a row of `frame` stands, as a reader of the file counts.

        The file is named if there are many, and always, with `show`, where that is given.
        """
        if self.named:
            return str(self.frame[self.named].iloc[row])
        path, number = self.origin(row)
        if path is None or (show is None and len(self.files) < 2):
            return f"data row {number}"
        return f"data row {number} of {show(path) if show else path}"

    def origin(self, row: int) -> tuple[Path | None, int]:
        """Return the file of a row of `frame`, None without files, and the row's number there, from 1."""
        position = row if self.kept is None else int(self.kept[row])
        if not self.files:
            return None, position + 1
        for path, rows in self.files:
            if position < rows:
                return path, position + 1
            position -= rows
        raise IndexError(row)

    def without(self, unwanted: "npt.NDArray[Any]") -> "Dataset":
        """Return the rows that are not marked in `unwanted`, bool (rows,)."""
        if not unwanted.any():
            return self
        kept = (~unwanted).nonzero()[0]
        kept = kept if self.kept is None else self.kept[kept]
        return replace(self, frame=self.frame[~unwanted].reset_index(drop=True), kept=kept)


def read(
    files: Sequence[Path],
    kinds: Mapping[str, Kind],
    config: ProjectConfig,
    *,
    require_target: bool,
    hashed: "Callable[[pd.DataFrame], pd.DataFrame] | None" = None,
) -> Dataset:
    """Read the columns that `config` names.

    Data without an id gets the column `ROW_HASH` where the id would decide the split: a hash of all values of the
    row that `config` names, so that equal rows stay together and none changes sides when others come or go.

    Args:
        files: to read, in this order.
        kinds: column that `config` names -> kind of its values.
        config: says how files are written.
        require_target: for training; else the target may be absent, and no row is dropped.
        hashed: returns the form of the rows that the hash is taken of; None for the rows as they are.

    Raises:
        UserError: see `read_columns`.
    """
    target = config.columns.target
    try:
        found = read_columns(files, kinds, config.files, () if require_target else (target,))
    except MissingColumnError as error:
        raise UserError(f"config/project.yml names a column that is not there: {error}") from None
    if require_target and config.files.without_target == "drop":
        unwanted = found.frame[target].isna().to_numpy()
        found = replace(found.without(unwanted), dropped=int(unwanted.sum()))
    if require_target and config.split_column == ROW_HASH:
        import pandas as pd

        # Not by insertion, of which pandas warns in a frame of many columns.
        form = hashed(found.frame) if hashed else found.frame
        hashes = pd.Series(_row_hash(form), name=ROW_HASH)
        return replace(found, frame=pd.concat([found.frame, hashes], axis="columns"))
    return found


def read_inputs(
    files: Sequence[Path], columns: Mapping[str, Kind], identity: str | None, options: Files
) -> "pd.DataFrame":
    """Read the columns that a model needs, and that of ids where a file has it; see `read_columns`."""
    if identity is None or identity in columns:
        return read_columns(files, columns, options).frame
    return read_columns(files, {**columns, identity: "text"}, options, optional=[identity]).frame


def with_roles(kinds: Mapping[str, Kind], config: ProjectConfig) -> dict[str, Kind]:
    """Return the kinds of some columns, and of id, group, time and target; the first two may be among the others."""
    columns = config.columns
    found: dict[str, Kind] = dict(kinds)
    if columns.id:
        found.setdefault(columns.id, "text")
    if columns.group:
        found.setdefault(columns.group, "text")
    if columns.time:
        found[columns.time] = "time"
    found[columns.target] = "numeric" if config.task == "regression" else "categorical"
    return found


def read_columns(
    files: Sequence[Path], columns: Mapping[str, Kind], options: Files, optional: Collection[str] = ()
) -> Dataset:
    """Read `columns` of each file; other columns are ignored.

    Args:
        files: to read, in this order.
        columns: name -> kind of each column to read.
        options: how the files are written.
        optional: names in `columns` that a file may lack; they are then absent from its rows.

    Raises:
        UserError: a file cannot be read, a column is missing, or a value does not fit its column's kind.
    """
    import pandas as pd

    words: dict[str, dict[str, int]] = {}
    try:
        frames = [_read_file(file, columns, options, optional, words) for file in files]
    except MissingColumnError:
        delimited.format_of([file for file in files if arrow_reader.is_delimited(file)])
        raise
    frame = frames[0] if len(frames) == 1 else pd.concat(frames, ignore_index=True)
    counts = tuple((file, len(each)) for file, each in zip(files, frames, strict=True))
    return Dataset(frame, counts, {name: counted for name, counted in words.items() if counted})


def repeated_ids(datasets: Sequence[Dataset], name: str, show: Callable[[Path], str] | None = None) -> str | None:
    """Return how often a row of these data repeats the id of an earlier one, and where first; None if each id is new.

    Args:
        datasets: data that are trained on together.
        name: the column of ids; rows without one do not count.
        show: how to name the file of a row; see `Dataset.place`.
    """
    import pandas as pd

    ids = pd.concat([each.frame[name] for each in datasets], ignore_index=True)
    again = (ids.duplicated() & ids.notna()).to_numpy()
    if not again.any():
        return None
    later = int(again.argmax())
    value, count = ids[later], int(again.sum())
    earlier = int((ids == value).to_numpy().argmax())

    def place(row: int) -> str:
        for each in datasets:
            if row < len(each.frame):
                return each.place(row, show)
            row -= len(each.frame)
        raise IndexError(row)

    rows = plural(count, "row repeats", "rows repeat")
    shown = repr(value) if isinstance(value, str) else str(value)
    return f"{rows} an earlier one, first {shown} in {place(later)}, already in {place(earlier)}"


def _row_hash(frame: "pd.DataFrame") -> "npt.NDArray[Any]":
    import numpy as np
    from pandas.util import hash_pandas_object

    hashes = hash_pandas_object(frame[sorted(map(str, frame))], index=False)
    return np.array([f"{value:016x}" for value in hashes], dtype=object)


def _read_file(
    path: Path,
    columns: Mapping[str, Kind],
    options: Files,
    optional: Collection[str],
    words: dict[str, dict[str, int]],
) -> "pd.DataFrame":
    import pandas as pd

    table = arrow_reader.read(path, lambda known: _present(path, known, columns, optional), options)
    converted: dict[str, Any] = {}
    for name in table.column_names:
        counted = words.setdefault(name, {})
        converted[name] = values.convert(str(path), name, columns[name], table.column(name), options, counted)
    return pd.DataFrame(converted, copy=False)


def _present(path: Path, known: Sequence[str], columns: Mapping[str, Kind], optional: Collection[str]) -> list[str]:
    for name in known:
        if name in columns and known.count(name) > 1:
            raise UserError(f"{path}: column {name!r} is there {known.count(name)} times; names must be unique")
    for name in columns:
        if name not in known and name not in optional:
            shown = ", ".join(known[:SHOWN_NAMES]) + (", ..." if len(known) > SHOWN_NAMES else "")
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
