"""A look at data files before anything is known of them: their format, and the kind of values in every column."""

import re
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import data
from .config.inputs import Files
from .delimited import encoding_of, separator_of
from .errors import UserError
from .figures import plural
from .values import FALSE, TRUE

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

USUAL = Files()
FEW = 5  # different values from which on two strange ones among numbers stand for "missing"
PROSE_WORDS = 4
WORDS = ("?", "-", "--", ".", "n/a", "#N/A", "#NV", "<NA>", "nil", "NIL")  # that stand for "missing" in some exports
NAMES_THINGS = re.compile(
    r"(^|[_\s.-])(id|uuid|guid|key|no|nr|number|code|zip|postcode)$|(?<=[a-z])(Id|ID|No|Nr)$", re.I
)
ISO = re.compile(r"\d{4}-\d{2}(-\d{2}([ T]\d{2}:\d{2}\S*)?)?( ?\+\d{2}:?\d{2})?$")
OTHER_DATE = re.compile(r"\d{1,2}([./-])\d{1,2}\1(\d{4}|\d{2})( .*)?$")


@dataclass(frozen=True)
class Column:
    """One column as text, None where it is missing, and its kind.

    `numbers` are its values as float64, `times` as UTC times; None if it holds anything else.
    """

    name: str
    kind: str
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
        if not self.unique or self.kind not in ("number", "text", "code"):
            return False
        if self.numbers is None or self.kind == "code" or NAMES_THINGS.search(self.name):
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


def look(path: Path, usual_target: str | None = None) -> Survey:
    """Read every column of the files at `path` as text, and tell its kind.

    Raises:
        UserError: the files cannot be read, or hold no rows.
    """
    import pandas as pd

    files = data.files(path)
    texts = [file for file in files if not file.name.lower().endswith(".parquet")]
    encoding, separator = "utf-8", ","
    for file in reversed(texts):
        try:
            own = encoding_of(file)
            encoding = own if own != "utf-8" else encoding
            separator = separator_of(file, own)
        except (OSError, EOFError, zlib.error) as error:
            raise UserError(f"{file}: cannot be read: {error}") from None
    headers, tables = zip(*(_read(file, Files(separator=separator, encoding=encoding)) for file in files), strict=True)
    header = headers[0]
    repeated = {name for names in headers for name in names if names.count(name) > 1}
    shared = set(header).intersection(*headers)
    frame = pd.concat([table[[name for name in header if name in shared - repeated]] for table in tables])
    frame = frame.reset_index(drop=True)
    if frame.empty:
        raise UserError(f"{path}: has no rows to look at")
    decimal = "," if separator != "," and _decimal_comma(frame) else "."
    words: set[str] = set()
    columns: dict[str, Column] = {}
    for name in header:
        if name in columns:
            continue
        if name not in shared - repeated:
            reason = "the header has this name more than once" if name in repeated else "not in every file"
            columns[name] = Column(name, "unknown", pd.Series([None] * len(frame), dtype=object), unusable=reason)
            continue
        values, taken = _without_words(frame[name], decimal)
        words |= taken
        columns[name] = _column(name, values, decimal)
    facts = {"separator": separator, "decimal": decimal, "encoding": encoding}
    options: dict[str, Any] = {key: value for key, value in facts.items() if value != getattr(USUAL, key)}
    if words:
        options["missing"] = [*USUAL.missing, *sorted(words)]
    shown = [repr(separator) if separator != "\t" else "tab"] + ["decimal comma"] * (decimal == ",") + [encoding]
    kinds = " and ".join(
        plural(len(some), f"{kind} file") + (f" ({', '.join(shown)})" if kind == "CSV" else "")
        for kind, some in (("CSV", texts), ("Parquet", [file for file in files if file not in texts]))
        if some
    )
    source = f"{kinds}, {plural(len(frame), 'row')}, {plural(len(header), 'column')}"
    return Survey(path, source, options, columns, len(frame), usual_target)


def _read(path: Path, options: Files) -> "tuple[list[str], pd.DataFrame]":
    """Return the names of all columns of one file, and those columns as text whose names are unique."""
    import pandas as pd

    header: list[str] = []

    def unique(known: Sequence[str]) -> list[str]:
        header.extend(known)
        return [name for name in known if known.count(name) == 1]

    table = data.read_arrow(path, unique, options)
    columns = zip(table.column_names, table.columns, strict=True)
    return header, pd.DataFrame({name: _as_text(column) for name, column in columns}, dtype=object)


def _as_text(column: "pa.ChunkedArray") -> Any:
    """Return the values as str, None where missing; of a type that is no single value, its name in every row."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if pa.types.is_nested(column.type) or pa.types.is_binary(column.type) or pa.types.is_large_binary(column.type):
        return [f"({column.type})"] * len(column)
    if pa.types.is_floating(column.type):
        column = pc.if_else(pc.is_nan(column), pa.scalar(None, column.type), column)
    if pa.types.is_floating(column.type) and pc.all(pc.equal(column, pc.floor(column))).as_py():
        column = column.cast(pa.int64(), safe=False)  # a whole number with gaps
    return column.cast(pa.string()).to_pandas().to_numpy(object)


def _decimal_comma(frame: "pd.DataFrame") -> bool:
    """Whether more columns hold numbers with a decimal comma than with a decimal point."""
    head = frame.head(1000)
    counts = [
        sum(head[name].dropna().astype(str).str.fullmatch(rf"-?\d+{mark}\d+").sum() for name in head)
        for mark in (",", r"\.")
    ]
    return bool(counts[0] > counts[1])


def _numbers(texts: "pd.Series", decimal: str) -> "pd.Series":
    """Return the texts as float64, NaN where one is not a number."""
    import pandas as pd

    if decimal != ".":
        texts = texts.where(~texts.str.contains(".", regex=False), "no number").str.replace(decimal, ".", regex=False)
    return pd.to_numeric(texts, errors="coerce").astype("float64")


def _without_words(values: "pd.Series", decimal: str) -> "tuple[pd.Series, set[str]]":
    """Return the values without the words that stand for missing ones, and these words."""
    import pandas as pd

    values = values.where(~values.isin(["", *USUAL.missing]), None)
    distinct = pd.Series(values.dropna().unique(), dtype=object)
    found = {word for word in WORDS if word in set(distinct)}
    strange = set(distinct[_numbers(distinct, decimal).isna()]) if len(distinct) > FEW else set()
    if 0 < len(strange) <= 2 and values.isin(strange).mean() < 0.5:
        found |= strange  # all others are numbers
    return values.where(~values.isin(found), None) if found else values, found


def _column(name: str, values: "pd.Series", decimal: str) -> Column:
    import pandas as pd

    distinct = pd.Series(values.dropna().unique(), dtype=object)
    if distinct.empty:
        return Column(name, "unknown", values, unusable="empty")
    if set(distinct) <= {*TRUE, *FALSE} and len(distinct) == 2 and len(set(distinct) & set(TRUE)) == 1:
        return Column(name, "boolean", values, values.map({word: float(word in TRUE) for word in distinct}))
    if distinct.str.fullmatch(ISO).all():
        times = pd.to_datetime(distinct, utc=True, errors="coerce", format="ISO8601")
        if times.notna().all():
            moments = values.map(dict(zip(distinct, times.dt.as_unit("ns"), strict=True)))
            return Column(name, "date", values, times=pd.to_datetime(moments, utc=True))
    if distinct.str.fullmatch(OTHER_DATE).all():
        return Column(name, "date", values, unusable="a date, but not as ISO 8601 (2024-12-31): export it like that")
    numbers = _numbers(distinct, decimal)
    if numbers.notna().all():
        if distinct.str.match(r"0\d").any():
            return Column(name, "code", values)
        return Column(name, "number", values, values.map(dict(zip(distinct, numbers, strict=True))).astype("float64"))
    if distinct.str.fullmatch(r"-?\d{1,3}([.,' ]\d{3})*([.,]\d+)?").all():
        return Column(name, "text", values, unusable="numbers with separators of thousands: export them without")
    if distinct.str.fullmatch(r"\((list|struct|map|binary|large|fixed|dense|sparse).*\)", flags=re.S).all():
        return Column(name, distinct[0][1:-1], values, unusable="not one value a row")
    words = [len(text.split()) for text in distinct.head(1000)]
    if sum(words) >= PROSE_WORDS * len(words) and len(distinct) > 0.2 * values.notna().sum():
        return Column(name, "prose", values)
    return Column(name, "text", values)
