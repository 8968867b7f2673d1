"""A look at data files before anything is known of them: their format, and the kind of values in every column."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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

    @property
    def distinct(self) -> int:
        return int(self.values.nunique())

    @property
    def missing(self) -> float:
        return float(self.values.isna().mean())

    @property
    def example(self) -> str:
        """The first value; empty if there is none."""
        return str(self.filled.iloc[0]) if len(self.filled) else ""

    @property
    def unique(self) -> bool:
        """Whether each row has a value of its own."""
        return self.distinct == len(self.values)

    @property
    def whole(self) -> bool:
        """Whether it holds whole numbers only."""
        return self.numbers is not None and bool((self.numbers.dropna() % 1 == 0).all())

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
        found, taken = _without_words(frame[name], decimal)
        words |= taken
        columns[name] = _column(name, found, decimal)
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


def _without_words(column: "pd.Series", decimal: str) -> "tuple[pd.Series, set[str]]":
    """Return the values without further words that stand for missing ones, and these words."""
    import pandas as pd

    distinct = pd.Series(column.dropna().unique(), dtype=object)
    found = {word for word in WORDS if word in set(distinct)}
    strange = set(distinct[values.numbers(distinct, decimal).isna()]) if len(distinct) > FEW else set()
    if 0 < len(strange) <= 2 and column.isin(strange).mean() < 0.5:
        found |= strange  # all others are numbers
    return column.where(~column.isin(found), None) if found else column, found


def _column(name: str, column: "pd.Series", decimal: str) -> Column:
    """Tell the kind of a column of categories, from its different values."""
    import pandas as pd

    distinct = pd.Series(column.dropna().unique(), dtype=object)
    if distinct.empty:
        return Column(name, None, column, unusable="empty")
    if len(distinct) == 2 and set(distinct) <= {*TRUE, *FALSE} and len(set(distinct) & set(TRUE)) == 1:
        return Column(name, "boolean", column, column.map({word: float(word in TRUE) for word in distinct}))
    numbers = values.numbers(distinct, decimal)
    if numbers.notna().all() and not distinct.str.match(r"0\d").any():  # 0815 is a code
        infinite = "holds infinite values" if numbers.abs().max() == float("inf") else ""
        every = column.map(dict(zip(distinct, numbers, strict=True))).astype("float64")
        return Column(name, "numeric", column, every, unusable=infinite)
    times = values.times(distinct)
    if times.notna().all() and numbers.isna().all():
        moments = pd.to_datetime(column.map(dict(zip(distinct, times, strict=True))), utc=True)
        return Column(name, "time", column, times=moments)
    unusable = ""
    if distinct.str.fullmatch(OTHER_DATE).all():
        unusable = "a date, but not as ISO 8601 (2024-12-31): export it like that"
    elif numbers.isna().any() and distinct.str.fullmatch(r"-?\d{1,3}([.,' ]\d{3})*([.,]\d+)?").all():
        unusable = "numbers with separators of thousands: export them without"
    elif distinct.str.fullmatch(r"\((list|struct|map|binary|large|fixed|dense|sparse).*\)", flags=re.S).all():
        unusable = f"not one value a row: {distinct[0][1:-1]}"
    words = [len(text.split()) for text in distinct.head(1000)]
    prose = sum(words) >= PROSE_WORDS * len(words) and len(distinct) > 0.2 * len(column.dropna())
    return Column(name, "text" if prose and not unusable else "categorical", column, unusable=unusable)
