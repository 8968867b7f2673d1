"""One column of a file becomes an array in its canonical dtype (see `dataset`).

Categories and class labels have one form, whichever file or format they come from, so that `true` of a Parquet file
and `True` of a CSV file, or 3 and 3.0 of a column with gaps, are one value (`normal`).
"""

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Literal

from .config.file_format import Files
from .errors import UserError
from .figures import plural

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

# `text` may be a word for a missing value (see Files.missing), `verbatim` is what it is, unless it is empty.
Kind = Literal["numeric", "categorical", "boolean", "text", "time", "verbatim"]
TRUE = ["true", "True", "TRUE", "t", "T", "yes", "Yes", "YES", "y", "Y", "1", "1.0"]
FALSE = ["false", "False", "FALSE", "f", "F", "no", "No", "NO", "n", "N", "0", "0.0"]
TIME_RULE = "an ISO 8601 time between 1678 and 2261, such as 2024-01-31 or 2024-01-31T10:00:00Z"

_WHOLE = r"^-?\d+\.0+$|^-0$"
_BOOLEAN = r"^(?:true|True|TRUE|false|False|FALSE)$"
_TIME = r"^(\d{4}-\d{2}-\d{2})[ T](\d{2}:\d{2}:\d{2})(\.\d+)?(?:Z|\+00:?00)?$"
_VARIANT = re.compile("|".join(f"(?:{form})" for form in (_WHOLE, _BOOLEAN, _TIME)))


def normal(text: str) -> str:
    """Return the one form of a category or class label.

    >>> [normal(text) for text in ("3.0", "True", "2024-01-31T00:00:00", "2024-01-31 10:30:00.500", "007", "3.10")]
    ['3', 'true', '2024-01-31', '2024-01-31 10:30:00.5', '007', '3.10']
    """
    if not _VARIANT.match(text):
        return text
    if re.match(_BOOLEAN, text):
        return text.lower()
    if re.match(_WHOLE, text):
        whole = text.partition(".")[0]
        return "0" if whole == "-0" else whole
    if found := re.match(_TIME, text):
        day, clock, fraction = found[1], found[2], (found[3] or "").rstrip("0").rstrip(".")
        return day if clock == "00:00:00" and not fraction else f"{day} {clock}{fraction}"
    return text


def category(text: str, missing: Iterable[str]) -> str | None:
    """Return the one form of a category, None for a word that stands for a missing value."""
    return None if not text or text in missing else normal(text)


def times(texts: "pd.Series") -> "pd.Series":
    """Return ISO 8601 texts as times, datetime64[ns, UTC]; NaT for anything else."""
    import pandas as pd

    # Pandas takes these two for the present moment.
    texts = texts.replace({"now": "?", "today": "?"})
    return pd.to_datetime(texts, utc=True, errors="coerce", format="ISO8601").dt.as_unit("ns")


def numbers(texts: "pd.Series", decimal: str) -> "pd.Series":
    """Return texts as numbers, float64; NaN for anything else."""
    import pandas as pd

    if decimal == ",":
        # A point would be a thousands separator here: no value with one is a number.
        texts = texts.str.replace(".", "?", regex=False).str.replace(",", ".", regex=False)
    return pd.to_numeric(texts, errors="coerce").astype("float64")


def convert(where: str, name: str, kind: Kind, column: "pa.ChunkedArray", files: Files, words: dict[str, int]) -> Any:
    """Return a column in its canonical dtype; words of text that were taken for a missing value are counted in `words`.

    Args:
        where: the file, for messages.
        name: the column's name, for messages.
        kind: the kind that its values must be of.
        column: its values, of any Arrow type.
        files: how numbers and missing values are written.
        words: receives each such word with its number of rows, where the column holds text.

    Raises:
        UserError: a value is not of that kind; the first one is named as a reader of the file counts rows.
    """
    import pyarrow as pa

    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    try:
        if kind == "verbatim":
            return _verbatim(column)
        if kind in ("categorical", "text"):
            return _text(column, files, words, one_form=kind == "categorical")
        if kind == "time":
            return _time(where, name, column, files)
        return (_numeric if kind == "numeric" else _boolean)(where, name, column, files)
    except pa.ArrowException:
        raise UserError(f"{where}: column {name!r} is of type {column.type}, which is not {_needs(kind)}") from None


def _needs(kind: Kind) -> str:
    needs: Mapping[str, str] = {"numeric": "numbers", "boolean": "true or false", "time": "times"}
    return needs.get(kind, "text, numbers, booleans or dates")


def _is_text(column: "pa.ChunkedArray") -> bool:
    import pyarrow as pa

    return bool(pa.types.is_string(column.type) or pa.types.is_large_string(column.type))


def _without_words(column: "pa.ChunkedArray", files: Files, words: dict[str, int] | None = None) -> "pa.ChunkedArray":
    """Replace the words for a missing value by nulls."""
    import pyarrow as pa
    import pyarrow.compute as pc

    found = pc.is_in(column, pa.array(["", *files.missing], column.type))
    if not pc.any(found).as_py():
        return column
    if words is not None:
        for each in pc.value_counts(column.filter(found)).to_pylist():
            if each["values"]:
                words[each["values"]] = words.get(each["values"], 0) + each["counts"]
    return pc.if_else(found, pa.scalar(None, column.type), column)


def _text(column: "pa.ChunkedArray", files: Files, words: dict[str, int], *, one_form: bool) -> Any:
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_floating(column.type):
        column = pc.if_else(pc.is_nan(column), pa.scalar(None, column.type), column)
    text = _is_text(column)
    column = _without_words(column, files, words) if text else column.cast(pa.string())
    if not one_form:
        return column.to_pandas().to_numpy(object)
    encoded = column.dictionary_encode().combine_chunks()
    if isinstance(encoded, pa.ChunkedArray):
        encoded = pa.array([], pa.dictionary(pa.int32(), pa.string()))
    # The last entry is for the rows without a value.
    distinct = np.array([*encoded.dictionary.to_pylist(), None], dtype=object)
    distinct[:-1] = [normal(value) for value in distinct[:-1]]
    return distinct[pc.fill_null(encoded.indices, len(distinct) - 1).to_numpy(zero_copy_only=False)]


def _verbatim(column: "pa.ChunkedArray") -> Any:
    import pyarrow as pa
    import pyarrow.compute as pc

    column = column.cast(pa.large_string())
    return pc.if_else(pc.equal(column, ""), pa.scalar(None, column.type), column).to_pandas().to_numpy(object)


def _boolean(where: str, name: str, column: "pa.ChunkedArray", files: Files) -> Any:
    import pyarrow as pa
    import pyarrow.compute as pc

    if _is_text(column):
        column = _without_words(column, files)
        known = pc.is_in(column, pa.array([*TRUE, *FALSE], column.type)).to_numpy()
        _refuse_first(where, name, column, ~known & column.is_valid().to_numpy(), "true or false")
        values = pc.is_in(column, pa.array(TRUE, column.type)).cast(pa.float64())
        return pc.if_else(column.is_valid(), values, None).to_numpy()
    column = column.cast(pa.float64())
    fits = pc.is_in(column, pa.array([0.0, 1.0])).to_numpy()
    _refuse_first(where, name, column, ~fits & ~column.is_null(nan_is_null=True).to_numpy(), "true or false")
    return column.to_numpy()


def _numeric(where: str, name: str, column: "pa.ChunkedArray", files: Files) -> Any:
    import pyarrow as pa
    import pyarrow.compute as pc

    if not _is_text(column):
        if pa.types.is_temporal(column.type):
            raise pa.ArrowInvalid("a time is no number, although Arrow would take it for one")
        return column.cast(pa.float64(), safe=False).to_numpy()
    written = column
    if files.decimal == ",":
        column = pc.replace_substring(pc.replace_substring(column, ".", "?"), ",", ".")  # as `numbers` does
    try:
        return column.cast(pa.float64()).to_numpy()
    except pa.ArrowInvalid:
        found = numbers(written.to_pandas(), files.decimal)
        valid = _without_words(written, files).is_valid().to_numpy()
        _refuse_first(where, name, written, found.isna().to_numpy() & valid, "a number", files)
        return found.to_numpy()


def _time(where: str, name: str, column: "pa.ChunkedArray", files: Files) -> Any:
    import pandas as pd
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_timestamp(column.type) or pa.types.is_date(column.type):
        earliest, latest = pd.Timestamp.min.ceil("D"), pd.Timestamp.max.floor("D")
        moments = column.cast(pa.timestamp("us")).cast(pa.int64())
        outside = pc.or_(pc.less(moments, earliest.value // 1000), pc.greater(moments, latest.value // 1000))
        _refuse_first(where, name, column.cast(pa.string()), pc.fill_null(outside, False).to_numpy(), TIME_RULE)
        return pd.to_datetime(column.cast(pa.timestamp("ns")).to_pandas(), utc=True)
    if pa.types.is_floating(column.type):
        column = pc.if_else(pc.is_nan(column), pa.scalar(None, column.type), column)
    text = _without_words(column, files) if _is_text(column) else column.cast(pa.string())
    parsed = times(text.to_pandas())
    bad = parsed.isna().to_numpy() & text.is_valid().to_numpy()
    if bad.any():  # perhaps years with gaps: 2024.0
        text = pc.replace_substring_regex(text, r"^(\d{4}|\d{8})\.0+$", r"\1")
        parsed = times(text.to_pandas())
        bad = parsed.isna().to_numpy() & text.is_valid().to_numpy()
    if bad.any() and re.fullmatch(r"[+-]?\d+(\.\d*)?", text[int(bad.argmax())].as_py()):
        _refuse_first(where, name, text, bad, f"{TIME_RULE}; a number can only be a year (2024) or a day (20240131)")
    _refuse_first(where, name, text, bad, TIME_RULE)
    return parsed


def _refuse_first(
    where: str, name: str, column: "pa.ChunkedArray", bad: Any, rule: str, files: Files | None = None
) -> None:
    """Refuse the column if any value is `bad`, naming the first one as a reader of the file counts rows."""
    if not bad.any():
        return
    row = int(bad.argmax())
    value = column[row].as_py()
    raise UserError(
        f"{where}: column {name!r}, data row {row + 1}: {value!r} is not {rule}"
        f" ({int(bad.sum())} such of {plural(len(bad), 'value')}){_number_hint(value, files) if files else ''}"
    )


def _number_hint(value: str, files: Files) -> str:
    if not re.fullmatch(r"\s*[+-]?\d[\d.,' \u00a0]*\s*", value):
        return ""
    if files.decimal == "." and re.fullmatch(r"\s*[+-]?[\d. ]*\d,\d+\s*", value):
        return "; if ',' is the decimal mark, set files.decimal: ',' in config/project.yml"
    return f"; write numbers without thousands separators (files.decimal is {files.decimal!r})"
