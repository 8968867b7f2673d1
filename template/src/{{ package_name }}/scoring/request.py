"""The text of a scoring request: strict JSON in one of two shapes, with the rows in any number up to a limit.

    {"data": [{"<feature>": value, ...}, ...]}
    {"input_data": {"columns": ["<feature>", ...], "index": [0, ...], "data": [[value, ...], ...]}}

The second is MLflow's, which Azure's own tools send; its `index` may be left out. `"probe": true` beside either marks a
request of a check: it is answered, and kept nowhere. Every row holds every feature. The
id, if rows have one, may be sent along, as a string or a whole number, in every row or in none. `contract` says what a
value may be.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

from ..config.yaml_file import suggest
from ..figures import plural
from ..records import Contract

if TYPE_CHECKING:
    import pandas as pd

SHAPE_RULE = 'an object with either "data" or "input_data"'
PROBE = "probe"
ID_RULE = "a string or a whole number"
JSON = "application/json"
# What one managed endpoint carries in a second, for all of its deployments and callers: "5 MBPS" and requests
# (learn.microsoft.com/azure/machine-learning/how-to-manage-quotas). Azure's pages state no size of a single request.
ENDPOINT_BYTES = 5_000_000
ENDPOINT_REQUESTS = 500
_ID_ALLOWED = frozenset((str, int))
_SHOWN = 60


class InvalidRequestError(Exception):
    """A request breaks the contract.

    Attributes:
        status: the HTTP status to answer with: 400 for a body that cannot be read, such as text that is not JSON, 405
            for another method than POST, 413 for too many bytes, 415 for another type of content, 422 for a content
            that breaks the contract.
        row: index of the row in the request, from 0, where one row is to blame.
        column: its column, where one is to blame.
        rule: what should have been there.
    """

    def __init__(
        self, message: str, rule: str, *, row: int | None = None, column: str | None = None, status: int = 422
    ) -> None:
        super().__init__(message)
        self.status = status
        self.row = row
        self.column = column
        self.rule = rule

    def body(self) -> dict[str, Any]:
        """Return the JSON content of the answer."""
        return {"error": str(self), "row": self.row, "column": self.column, "rule": self.rule}


class SmokeRequest(NamedTuple):
    """A request's name, its body as sent, the status it must be answered with, and its type of content."""

    name: str
    body: str | bytes
    status: int
    content_type: str = JSON


@dataclass(frozen=True)
class Rows:
    """A valid request: a frame (rows, features) in the canonical dtypes of `data`, and the ids if they were sent."""

    frame: "pd.DataFrame"
    ids: list[str] | None
    probe: bool = False  # a request of a check, to be kept nowhere


@dataclass(frozen=True)
class Values:
    """The values of a request by column, each a list over the rows; `where` names them in messages."""

    where: str
    columns: dict[str, Sequence[Any]]
    probe: bool = False

    def ids(self, contract: Contract) -> list[str] | None:
        """Return the ids as text, None if none were sent.

        Raises:
            InvalidRequestError: one is neither a string nor a whole number.
        """
        if not _may_send_id(contract) or contract.id not in self.columns:
            return None
        return [str(value) for value in self.checked(str(contract.id), _ID_ALLOWED, ID_RULE)]

    def checked(
        self, column: str, allowed: frozenset[type], rule: str, shown: "Callable[[Any], str] | None" = None
    ) -> Sequence[Any]:
        """Return the values of a column, all of which must be of an allowed type.

        Raises:
            InvalidRequestError: one is not; its row, its value and `rule` are named (see `refuse`).
        """
        values = self.columns[column]
        # One set of types for the whole column: two orders of magnitude cheaper than a look at each value.
        if not allowed.issuperset(map(type, values)):
            self.refuse(column, rule, lambda value: type(value) in allowed, shown)
        return values

    def refuse(
        self,
        column: str,
        rule: str,
        fits: Callable[[Any], bool],
        shown: "Callable[[Any], str] | None" = None,
        status: int = 422,
    ) -> NoReturn:
        """Refuse the first value of a column that does not fit.

        Args:
            column: its name.
            rule: what should have been there.
            fits: whether a value keeps the rule.
            shown: value -> its description in the message; by default the beginning of its JSON text.
            status: the HTTP status to answer with.

        Raises:
            InvalidRequestError: always.
        """
        row, value = next((row, value) for row, value in enumerate(self.columns[column]) if not fits(value))
        message = f"{self.where}[{row}]: column {column!r} holds {(shown or _show)(value)}, which is not {rule}"
        raise InvalidRequestError(message, rule, row=row, column=column, status=status)


def parse(text: str) -> Any:
    """Parse JSON without repeated keys or half characters; NaN and infinities are left to their column's check.

    Raises:
        InvalidRequestError: the text is not such JSON (status 400).
    """
    rule = "a JSON text"
    try:
        payload = json.loads(text, parse_constant=_Constant, object_pairs_hook=_unique)
        if "\\u" in text:
            json.dumps(payload, ensure_ascii=False).encode()  # fails for half of a surrogate pair
    except RecursionError:
        raise InvalidRequestError("the request is nested too deeply", rule, status=400) from None
    except UnicodeEncodeError:
        raise InvalidRequestError("the request holds half of a surrogate pair", rule, status=400) from None
    except ValueError as error:
        reason = str(error) if text.strip() else "the body is empty (send it as application/json)"
        raise InvalidRequestError(f"the request is not JSON: {reason}", rule, status=400) from None
    return payload


def values(payload: Any, contract: Contract) -> Values:
    """Take the values of a request apart by column: those of every feature and, if sent, the ids.

    Raises:
        InvalidRequestError: the shape, the number of rows or the columns break the contract.
    """
    probe = isinstance(payload, dict) and PROBE in payload
    if probe:
        if payload[PROBE] is not True:
            raise InvalidRequestError(f"{PROBE} must be true, not {_show(payload[PROBE])}", "true, or left out")
        payload = {key: value for key, value in payload.items() if key != PROBE}
    if not isinstance(payload, dict) or len(payload) != 1 or next(iter(payload)) not in ("data", "input_data"):
        got = ", ".join(map(_show, payload)) or "no key" if isinstance(payload, dict) else kind_of(payload)
        raise InvalidRequestError(f"the request must be {SHAPE_RULE}, not {got}", SHAPE_RULE)
    if "data" in payload:
        return Values("data", _from_records(payload["data"], contract), probe)
    return Values("input_data.data", _from_split(payload["input_data"], contract), probe)


def _from_records(rows: Any, contract: Contract) -> dict[str, Sequence[Any]]:
    check_count("data", rows, contract)
    first = rows[0]
    names = _names(contract, with_id=isinstance(first, dict) and contract.id in first)
    expected = frozenset(names)
    for number, row in enumerate(rows):
        if not isinstance(row, dict):
            rule = "an object of column names and values"
            raise InvalidRequestError(f"data[{number}] must be {rule}, not {kind_of(row)}", rule, row=number)
        if row.keys() != expected:
            _refuse_columns(f"data[{number}]", list(row), names, number, contract)
    return {name: [row[name] for row in rows] for name in names}


def _from_split(split: Any, contract: Contract) -> dict[str, Sequence[Any]]:
    keys = set(split) if isinstance(split, dict) else set()
    if not {"columns", "data"} <= keys <= {"columns", "index", "data"}:
        rule = 'an object with "columns", "data" and optionally "index"'
        raise InvalidRequestError(f"input_data must be {rule}", rule)
    columns, rows = split["columns"], split["data"]
    if not isinstance(columns, list) or not all(isinstance(name, str) for name in columns):
        rule = "an array of column names"
        raise InvalidRequestError(f"input_data.columns must be {rule}", rule)
    check_count("input_data.data", rows, contract)
    if name := _repeated(columns):
        rule = "each column once"
        raise InvalidRequestError(f"input_data.columns: {_show(name)} is listed twice", rule, column=name)
    names = _names(contract, with_id=contract.id in columns)
    if set(columns) != set(names):
        _refuse_columns("input_data.columns", columns, names, None, contract)
    rule = f"an array of {plural(len(columns), 'value')}, one for each column"
    for number, row in enumerate(rows):
        if not isinstance(row, list) or len(row) != len(columns):
            got = plural(len(row), "value") if isinstance(row, list) else kind_of(row)
            raise InvalidRequestError(f"input_data.data[{number}] must be {rule}, not {got}", rule, row=number)
    if "index" in split and not (isinstance(split["index"], list) and len(split["index"]) == len(rows)):
        rule = f"an array of {plural(len(rows), 'label')}, one for each row"
        raise InvalidRequestError(f"input_data.index must be {rule}", rule)
    return dict(zip(columns, zip(*rows, strict=True), strict=True))


def check_count(where: str, rows: Any, contract: Contract) -> None:
    """Refuse anything but a list of as many rows as the contract allows.

    Raises:
        InvalidRequestError: it is no list, or has no row or too many.
    """
    rule = f"an array of 1 to {contract.max_rows} rows"
    if not isinstance(rows, list) or not 1 <= len(rows) <= contract.max_rows:
        got = plural(len(rows), "row") if isinstance(rows, list) else kind_of(rows)
        raise InvalidRequestError(f"{where} must be {rule}, not {got}", rule)


def _names(contract: Contract, *, with_id: bool) -> list[str]:
    if contract.id is None or not with_id or not _may_send_id(contract):
        return contract.names
    return [*contract.names, contract.id]


def _may_send_id(contract: Contract) -> bool:
    """Return whether a request may hold an id beside the features: rows may have none, or it is a feature itself."""
    return contract.id is not None and contract.id not in contract.names


def _refuse_columns(
    where: str, given: Sequence[str], names: Sequence[str], row: int | None, contract: Contract
) -> NoReturn:
    rule = f"exactly the columns {', '.join(names)}"
    for name in names:
        if name not in given:
            hint = (
                "send it in every row or in none" if name == contract.id else "send null where its value is not known"
            )
            message = f"{where}: column {name!r} is missing; {hint}"
            raise InvalidRequestError(message, rule, row=row, column=name)
    name = next(name for name in given if name not in names)
    message = f"{where}: {_show(name)} is not a column of this model{suggest(name, list(names))}"
    raise InvalidRequestError(message, rule, row=row, column=name)


class _Constant(float):
    """NaN or an infinity, which Python's parser takes for JSON. Being no `float` to a type check, it fits no column."""


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        name = _repeated([name for name, _ in pairs])
        raise InvalidRequestError(f"the key {_show(name)} is given twice in one object", "each key once", column=name)
    return found


def _repeated(names: Sequence[str]) -> str | None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            return name
        seen.add(name)
    return None


def _show(value: Any) -> str:
    try:
        text = json.dumps(value)
    except ValueError:
        return f"a number of more than {_SHOWN} digits"  # Python refuses to print very long integers
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "..."


def kind_of(value: Any) -> str:
    """Return the kind of a JSON value in words."""
    names = {dict: "an object", list: "an array", str: "a string", bool: "a boolean", type(None): "null"}
    return names.get(type(value), "a number")
