"""A look at data files before anything is known of them: their format, and the kind of values in every column."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import arrow_reader, delimited, jsonl, values
from .config.file_format import Files
from .errors import UserError
from .figures import plural
from .values import FALSE, TRUE

if TYPE_CHECKING:
    import pandas as pd

USUAL = Files()
FEW = 5  # different values from which on two strange ones among numbers stand for "missing"
PROSE_WORDS = 4
WORDS = ("?", "-", "--", ".", "n/a", "#N/A", "#NV", "<NA>", "nil", "NIL")  # that stand for "missing" in some exports
NAMES_THINGS = re.compile(
    r"(^|[_\s.-])(id|uuid|guid|key|no|nr|number|code|zip|postcode)$|(?<=[a-z])(Id|ID|No|Nr)$", re.I
)
CODE = re.compile(r"0\d")  # 0815 is no number
OTHER_DATE = re.compile(r"\d{1,2}([./-])\d{1,2}\1(\d{4}|\d{2})( .*)?$")


@dataclass(frozen=True)
class Column:
    """One column: its values as categories (see `values`), None where they are missing, and their kind.

    Args:
        name: of the column.
        kind: numeric, boolean, time, categorical or text (prose); None if it cannot be told.
        values: as str.
        numbers: as float64, of a numeric or boolean column.
        times: in UTC, of a time column.
        unusable: why it cannot have a role.
    """

    name: str
    kind: values.Kind | None
    values: "pd.Series"
    numbers: "pd.Series | None" = None
    times: "pd.Series | None" = None
    unusable: str = ""

    @property
    def filled(self) -> "pd.Series":
        return self.values.dropna()

    @cached_property
    def count(self) -> int:
        """Number of rows that have a value."""
        return int(self.values.count())

    @cached_property
    def distinct(self) -> int:
        return int(self.values.nunique())

    @property
    def missing(self) -> float:
        return (len(self.values) - self.count) / len(self.values)

    @property
    def example(self) -> str:
        """The first value; empty if there is none."""
        first = self.values.first_valid_index()
        return "" if first is None else str(self.values[first])

    @property
    def unique(self) -> bool:
        """Whether each row has a value of its own."""
        return self.distinct == len(self.values)

    @cached_property
    def whole(self) -> bool:
        """Whether it holds whole numbers only."""
        import numpy as np

        if self.numbers is None:
            return False
        filled = self.numbers.dropna().to_numpy()
        return bool((np.isfinite(filled) & (np.trunc(filled) == filled)).all())

    @property
    def names_rows(self) -> bool:
        """Whether it can be the id: unique, and neither a measurement, a time nor prose."""
        if not self.unique or self.kind not in ("numeric", "categorical"):
            return False
        if self.numbers is None or NAMES_THINGS.search(self.name):
            return self.numbers is None or self.whole
        return self.whole and self.numbers.max() - self.numbers.min() + 1 == len(self.numbers)


@dataclass(frozen=True)
class Survey:
    """All that was seen in the files: their format, and every column."""

    path: Path
    source: str
    files: Mapping[str, Any]
    columns: Mapping[str, Column]
    rows: int
    usual_target: str | None


def look_at(path: Path, files: Sequence[Path], usual_target: str | None = None) -> Survey:
    """Read every column of the files and tell its kind.

    Args:
        path: the file or folder, for messages.
        files: the data files there.
        usual_target: the column that was predicted before, None if that is not known.

    Raises:
        UserError: the files cannot be read, or hold no rows.
    """
    import pandas as pd

    texts = [file for file in files if arrow_reader.is_delimited(file)]
    lines = [file for file in files if file.name.lower().endswith(jsonl.SUFFIXES)]
    encoding, separator = delimited.format_of(texts)
    headers, frames = zip(*(_read(file, Files(separator=separator, encoding=encoding)) for file in files), strict=True)
    header = list(dict.fromkeys(headers[0]))
    unusable = {name: "not in every file" for name in header if not all(name in each for each in headers)}
    for name in header:
        if any(each.count(name) > 1 for each in headers):
            unusable[name] = "the header has this name more than once"
    usable = [name for name in header if name not in unusable]
    frame = pd.concat([each[usable] for each in frames], ignore_index=True)
    if frame.empty:
        raise UserError(f"{path}: has no rows to look at")
    decimal = "," if separator != "," and _decimal_comma(frame) else "."
    words: set[str] = set()
    columns: dict[str, Column] = {}
    for name in header:
        if name in unusable:
            nothing = pd.Series([None] * len(frame), dtype=object)
            columns[name] = Column(name, None, nothing, unusable=unusable[name])
            continue
        columns[name], taken = _column(name, frame[name], decimal)
        words |= taken
    facts = {"separator": separator, "decimal": decimal, "encoding": encoding}
    options: dict[str, Any] = {key: value for key, value in facts.items() if value != getattr(USUAL, key)}
    if words:
        options["missing"] = [*USUAL.missing, *sorted(words)]
    shown = [repr(separator) if separator != "\t" else "tab", *["decimal comma"] * (decimal == ","), encoding]
    amounts = {
        f"CSV file ({', '.join(shown)})": len(texts),
        "JSON Lines file": len(lines),
        "Parquet file": len(files) - len(texts) - len(lines),
    }
    source = " and ".join(
        plural(count, kind, kind.replace("file", "files", 1)) for kind, count in amounts.items() if count
    )
    size = f"{plural(len(frame), 'row')}, {plural(len(headers[0]), 'column')}"
    return Survey(path, f"{source}, {size}", options, columns, len(frame), usual_target)


def _read(path: Path, options: Files) -> "tuple[list[str], pd.DataFrame]":
    """Return the names of all columns of one file, and those columns as categories whose names are unique."""
    import pandas as pd

    header: list[str] = []
    nested = jsonl.nested(path) if path.name.lower().endswith(jsonl.SUFFIXES) else {}

    def unique(known: Sequence[str]) -> list[str]:
        header.extend(known)
        return [name for name in known if known.count(name) == 1 and name not in nested]

    table = arrow_reader.read(path, unique, options)
    found: dict[str, Any] = {name: [f"({kind})"] * table.num_rows for name, kind in nested.items()}
    for name in table.column_names:
        column = table.column(name)
        try:
            found[name] = values.convert(str(path), name, "categorical", column, options, {})
        except UserError:
            found[name] = [f"({column.type})"] * len(column)
    return header, pd.DataFrame(found, dtype=object)


def _decimal_comma(frame: "pd.DataFrame") -> bool:
    """Whether more columns hold numbers with a decimal comma than with a decimal point."""
    head = frame.head(1000)
    counts = [
        sum(head[name].dropna().astype(str).str.fullmatch(rf"-?\d+{mark}\d+").sum() for name in head)
        for mark in (",", r"\.")
    ]
    return bool(counts[0] > counts[1])


def _column(name: str, column: "pd.Series", decimal: str) -> "tuple[Column, set[str]]":
    """Tell the kind of a column of categories, and the words in it that stand for a missing value."""
    import numpy as np
    import pandas as pd

    codes, found = pd.factorize(column.to_numpy(object))
    distinct = pd.Series(found, dtype=object)
    numbers = values.numbers(distinct, decimal)
    words = {word for word in WORDS if word in set(found)}
    strange = numbers.isna().to_numpy() if len(found) > FEW else np.zeros(len(found), bool)
    if 0 < strange.sum() <= 2 and np.isin(codes, strange.nonzero()[0]).mean() < 0.5:
        words |= set(found[strange])  # all others are numbers
    if words:
        column = column.where(~column.isin(words), None)
        kept = ~distinct.isin(words).to_numpy()
        codes = np.append(np.where(kept, kept.cumsum() - 1, -1), -1)[codes]
        distinct, numbers = (each[kept].reset_index(drop=True) for each in (distinct, numbers))
    return _of_kind(name, column, codes, distinct, numbers), words


def _of_kind(name: str, column: "pd.Series", codes: Any, distinct: "pd.Series", numbers: "pd.Series") -> Column:
    """Tell the kind of a column from its different values.

    Args:
        name: of the column.
        column: its values.
        codes: position of each value among the different ones, -1 for a missing one.
        distinct: the different values.
        numbers: those as numbers, NaN where they are none.
    """
    import numpy as np
    import pandas as pd

    def each_row(of_distinct: Any, missing: Any) -> "pd.Series":
        return pd.Series(np.append(of_distinct, missing)[codes], column.index, name=name)

    if distinct.empty:
        return Column(name, None, column, unusable="empty")
    if len(distinct) == 2 and set(distinct) <= {*TRUE, *FALSE} and len(set(distinct) & set(TRUE)) == 1:
        return Column(name, "boolean", column, each_row([float(word in TRUE) for word in distinct], np.nan))
    if numbers.notna().all() and not any(CODE.match(text) for text in distinct):
        infinite = "holds infinite values" if numbers.abs().max() == float("inf") else ""
        return Column(name, "numeric", column, each_row(numbers.to_numpy(), np.nan), unusable=infinite)
    times = values.times(distinct)
    if times.notna().all() and numbers.isna().all():
        moments = each_row(times.dt.tz_localize(None).to_numpy(), np.datetime64("NaT", "ns")).dt.tz_localize("UTC")
        return Column(name, "time", column, times=moments)
    unusable = ""
    if distinct.str.fullmatch(OTHER_DATE).all():
        unusable = "a date, but not as ISO 8601 (2024-12-31): export it like that"
    elif numbers.isna().any() and distinct.str.fullmatch(r"-?\d{1,3}([.,' ]\d{3})*([.,]\d+)?").all():
        unusable = "numbers with separators of thousands: export them without"
    elif distinct.str.fullmatch(r"\((list|struct|map|binary|large|fixed|dense|sparse).*\)", flags=re.S).all():
        unusable = f"not one value a row: {distinct[0][1:-1]}"
    words = [len(text.split()) for text in distinct.head(1000)]
    prose = sum(words) >= PROSE_WORDS * len(words) and len(distinct) > 0.2 * column.count()
    return Column(name, "text" if prose and not unusable else "categorical", column, unusable=unusable)
