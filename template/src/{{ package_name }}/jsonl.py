"""JSON Lines files (one JSON object a line, UTF-8; jsonlines.org) as Arrow tables, with each value as it is written."""

import json
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from .delimited import open_bytes
from .errors import UserError

if TYPE_CHECKING:
    import pyarrow as pa

Choose = Callable[[Sequence[str]], list[str]]
SUFFIXES = (".jsonl", ".jsonl.gz")
LONGEST_LINE = 16 << 20  # bytes
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
NAMES = {dict: "an object", list: "a list", str: "a text", bool: "true or false", type(None): "null"}


class _RepeatedKeyError(ValueError):
    pass


def read(path: Path, choose: Choose) -> "pa.Table":
    """Read columns of one file as text (rows, columns), null where a row has no value or lacks the key.

    A column is a key that any object has. A number keeps its digits, true and false are written so. Columns that are
    not chosen may hold anything.

    Args:
        path: the file.
        choose: takes the names of all columns, in the order in which they appear, and returns those to read.

    Raises:
        UserError: a line is not a JSON object in UTF-8, a chosen column holds a list or an object, or `choose` refuses.
    """
    import pyarrow as pa

    known: dict[str, None] = {}
    for _, _, row in _rows(path):
        known.update(dict.fromkeys(row))
    if not known:
        raise UserError(f'{path}: is empty; each line must hold a JSON object, such as {{"id": "1", ...}}')
    chosen = choose(list(known))
    columns: dict[str, list[str | None]] = {name: [] for name in chosen}
    for number, line, row in _rows(path):
        escaped = b"\\u" in line
        for name, values in columns.items():
            value = row.get(name)
            if isinstance(value, dict | list):
                _refuse(path, number, f"{name!r} holds {NAMES[type(value)]}; {_nested(value)}")
            if isinstance(value, bool):
                value = "true" if value else "false"
            if escaped and value is not None and not _encodable(value):
                _refuse(
                    path, number, f"{name!r} holds half of a surrogate pair (\\ud800 to \\udfff), which is no character"
                )
            values.append(value or None)
    return pa.table({name: pa.array(values, pa.large_string()) for name, values in columns.items()})


def nested(path: Path) -> dict[str, str]:
    """Return the columns of which a row holds more than one value, each with its kind: `list` or `struct`.

    Raises:
        UserError: a line is not a JSON object in UTF-8.
    """
    found: dict[str, str] = {}
    for _, _, row in _rows(path):
        for name, value in row.items():
            if isinstance(value, dict | list):
                found.setdefault(name, "struct" if isinstance(value, dict) else "list")
    return found


def _rows(path: Path) -> Iterator[tuple[int, bytes, dict[str, Any]]]:
    """Yield number, bytes and object of each line that is not blank."""
    try:
        with open_bytes(path) as stream:
            number = 0
            # Not by `for`: it reads a line of any length into memory.
            while line := stream.readline(LONGEST_LINE + 1):
                number += 1
                if number == 1:
                    line = line.removeprefix(BYTE_ORDER_MARK)
                if not line.isspace():
                    yield number, line, _object(path, number, line)
    except (OSError, EOFError, zlib.error) as error:
        raise UserError(f"{path}: cannot be read: {error}") from None


def _object(path: Path, number: int, line: bytes) -> dict[str, Any]:
    if len(line) > LONGEST_LINE:
        _refuse(
            path,
            number,
            f"is longer than {LONGEST_LINE >> 20} MiB; each line must hold one object, ended by a line break",
        )
    try:
        found = _DECODER.decode(line.decode("utf-8"))
    except UnicodeDecodeError as error:
        _refuse(path, number, f"byte {error.start + 1}: is not UTF-8; JSON Lines files are: save the file as UTF-8")
    except _RepeatedKeyError as error:
        _refuse(path, number, f"the key {error} is there twice; names must be unique")
    except RecursionError:
        _refuse(path, number, "is nested too deeply")
    except json.JSONDecodeError as error:
        _refuse(path, number, _not_json(line, error))
    if not isinstance(found, dict):
        kind = NAMES.get(type(found), "a number")
        _refuse(path, number, f'holds {kind}; each line must hold an object, such as {{"id": "1", ...}}')
    return found


def _not_json(line: bytes, error: json.JSONDecodeError) -> str:
    if b"\x00" in line:
        return f"byte {line.index(0) + 1}: is a NUL, which no JSON holds; if the file is UTF-16, save it as UTF-8"
    if not line.endswith(b"\n"):
        return "is not complete: the file ends inside its last object; fetch or export it again"
    if line.strip() in (b"{", b"["):
        return (
            "holds the beginning of an object only; each line must hold a whole one: JSON Lines, not one JSON document"
        )
    return f"character {error.pos + 1}: is not JSON: {error.msg[0].lower()}{error.msg[1:]}"


def _nested(value: Any) -> str:
    several = "one row has one value: several labels for it are refused"
    return several if isinstance(value, list) else "a value is a text, a number, true, false or null"


def _encodable(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        raise _RepeatedKeyError(repr(next(key for key in keys if keys.count(key) > 1)))
    return found


def _decimal(digits: str) -> str:
    return digits if "e" not in digits.lower() else repr(float(digits))


def _constant(name: str) -> str | None:
    return None if name == "NaN" else name.replace("Infinity", "inf")


def _refuse(path: Path, number: int, reason: str) -> NoReturn:
    raise UserError(f"{path}: line {number}: {reason}") from None


_DECODER = json.JSONDecoder(object_pairs_hook=_pairs, parse_float=_decimal, parse_int=str, parse_constant=_constant)
