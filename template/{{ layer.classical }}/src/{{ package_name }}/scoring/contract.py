"""What a scoring request must look like, and how it becomes a table.

Two shapes are accepted, with the rows in any number from 1 to the contract's `max_rows`:

    {"data": [{"distance": 1074, "carrier": "B6", ...}, ...]}
    {"input_data": {"columns": ["distance", "carrier", ...], "index": [0, ...], "data": [[1074, "B6", ...], ...]}}

The second is MLflow's, which Azure's own tools send; its `index` may be left out. Every row holds every feature.
By kind of feature a value is

    numeric      a finite JSON number
    categorical  a JSON string; one never seen in training is legal
    boolean      true or false

or null where it is not known: the model was trained with gaps. Nothing is guessed: "3" is no number, 3 no category,
1 no boolean, and NaN no JSON. The id column may be sent along, as a string or a whole number, in every row or in none.
"""

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NoReturn

import numpy as np

from ..config.yaml_file import suggest

if TYPE_CHECKING:
    import pandas as pd

Kind = Literal["numeric", "categorical", "boolean"]
RULES: dict[Kind, str] = {
    "numeric": "a finite number or null",
    "categorical": "a string or null",
    "boolean": "true, false or null",
}
ID_RULE = "a string or a whole number"
SHAPE_RULE = 'an object with either "data" or "input_data"'
_ALLOWED: dict[Kind, frozenset[type]] = {
    "numeric": frozenset((int, float, type(None))),
    "categorical": frozenset((str, type(None))),
    "boolean": frozenset((bool, type(None))),
}
_ID_ALLOWED = frozenset((str, int))
_SHOWN = 60


class InvalidRequestError(Exception):
    """A request breaks the contract.

    Attributes:
        status: the HTTP status to answer with: 400 for text that is not JSON, 422 for JSON of the wrong content.
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
        """The answer's JSON content."""
        return {"error": str(self), "row": self.row, "column": self.column, "rule": self.rule}


@dataclass(frozen=True)
class Feature:
    """A column that the model sees, with what it held in training."""

    name: str
    kind: Kind
    categories: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None

    def example(self) -> float | str | bool | None:
        """A value that occurred in training, or null where none is recorded."""
        if self.kind == "boolean":
            return True
        if self.kind == "categorical":
            return self.categories[0] if self.categories else None
        return self.minimum


@dataclass(frozen=True)
class Rows:
    """A valid request: a frame (rows, features) in the canonical dtypes of `data`, and the ids if they were sent."""

    frame: "pd.DataFrame"
    ids: list[str] | None


@dataclass(frozen=True)
class Contract:
    """What the model was trained on, as far as a caller must know it; read from the model's contract.json."""

    task: Literal["regression", "classification"]
    id: str
    features: tuple[Feature, ...]
    classes: tuple[Any, ...]
    max_rows: int

    @classmethod
    def of(cls, content: Mapping[str, Any]) -> "Contract":
        """The contract that a model carries, from the content of contract.json."""
        features = tuple(
            Feature(
                name=feature["name"],
                kind=feature["kind"],
                categories=tuple(feature["categories"] or ()),
                minimum=feature["minimum"],
                maximum=feature["maximum"],
            )
            for feature in content["features"]
        )
        classes = tuple(content["classes"] or ())
        return cls(content["task"], content["id"], features, classes, content["max_rows"])

    def example(self) -> dict[str, Any]:
        """One valid row, without an id."""
        return {feature.name: feature.example() for feature in self.features}

    def parse(self, text: str) -> Rows:
        """Check a request's text and turn it into a table.

        Raises:
            InvalidRequestError: the text breaks the contract; the first offence found is named.
        """
        return self.check(_load(text))

    def check(self, payload: Any) -> Rows:
        """As `parse`, for JSON that is loaded already."""
        if not isinstance(payload, dict) or len(payload) != 1 or next(iter(payload)) not in ("data", "input_data"):
            got = ", ".join(map(_show, payload)) or "no key" if isinstance(payload, dict) else _kind_of(payload)
            raise InvalidRequestError(f"the request must be {SHAPE_RULE}, not {got}", SHAPE_RULE)
        if "data" in payload:
            return self._table("data", *self._from_records(payload["data"]))
        return self._table("input_data.data", *self._from_split(payload["input_data"]))

    def _from_records(self, rows: Any) -> tuple[Sequence[str], Sequence[Sequence[Any]]]:
        self._count("data", rows)
        first = rows[0]
        names = self._names(with_id=isinstance(first, dict) and self.id in first)
        expected = frozenset(names)
        for number, row in enumerate(rows):
            if not isinstance(row, dict):
                rule = "an object of column names and values"
                raise InvalidRequestError(f"data[{number}] must be {rule}, not {_kind_of(row)}", rule, row=number)
            if row.keys() != expected:
                self._refuse_columns(f"data[{number}]", list(row), names, number)
        return names, [[row[name] for row in rows] for name in names]

    def _from_split(self, split: Any) -> tuple[Sequence[str], Sequence[Sequence[Any]]]:
        keys = set(split) if isinstance(split, dict) else set()
        if not {"columns", "data"} <= keys <= {"columns", "index", "data"}:
            rule = 'an object with "columns", "data" and optionally "index"'
            raise InvalidRequestError(f"input_data must be {rule}", rule)
        columns, rows = split["columns"], split["data"]
        if not isinstance(columns, list) or not all(isinstance(name, str) for name in columns):
            rule = "an array of column names"
            raise InvalidRequestError(f"input_data.columns must be {rule}", rule)
        self._count("input_data.data", rows)
        if name := _repeated(columns):
            rule = "each column once"
            raise InvalidRequestError(f"input_data.columns: {_show(name)} stands there twice", rule, column=name)
        names = self._names(with_id=self.id in columns)
        if set(columns) != set(names):
            self._refuse_columns("input_data.columns", columns, names, None)
        rule = f"an array of {len(columns)} values, one for each column"
        for number, row in enumerate(rows):
            if not isinstance(row, list) or len(row) != len(columns):
                got = f"{len(row)} values" if isinstance(row, list) else _kind_of(row)
                raise InvalidRequestError(f"input_data.data[{number}] must be {rule}, not {got}", rule, row=number)
        if "index" in split and not (isinstance(split["index"], list) and len(split["index"]) == len(rows)):
            rule = f"an array of {len(rows)} labels, one for each row"
            raise InvalidRequestError(f"input_data.index must be {rule}", rule)
        return columns, list(zip(*rows, strict=True))

    def _count(self, where: str, rows: Any) -> None:
        rule = f"an array of 1 to {self.max_rows} rows"
        if not isinstance(rows, list) or not 1 <= len(rows) <= self.max_rows:
            got = f"{len(rows)} rows" if isinstance(rows, list) else _kind_of(rows)
            raise InvalidRequestError(f"{where} must be {rule}, not {got}", rule)

    def _names(self, *, with_id: bool) -> list[str]:
        names = [feature.name for feature in self.features]
        return [*names, self.id] if with_id else names

    def _refuse_columns(self, where: str, given: Sequence[str], names: Sequence[str], row: int | None) -> NoReturn:
        rule = f"exactly the columns {', '.join(names)}"
        for name in names:
            if name not in given:
                hint = (
                    "send it in every row or in none" if name == self.id else "send null where its value is not known"
                )
                message = f"{where}: column {name!r} is missing; {hint}"
                raise InvalidRequestError(message, rule, row=row, column=name)
        name = next(name for name in given if name not in names)
        message = f"{where}: {_show(name)} is not a column of this model{suggest(name, list(names))}"
        raise InvalidRequestError(message, rule, row=row, column=name)

    def _table(self, where: str, names: Sequence[str], columns: Sequence[Sequence[Any]]) -> Rows:
        import pandas as pd

        values = dict(zip(names, columns, strict=True))
        ids = (
            [str(value) for value in _checked(where, self.id, values[self.id], _ID_ALLOWED, ID_RULE)]
            if self.id in values
            else None
        )
        arrays = {feature.name: _array(where, feature, values[feature.name]) for feature in self.features}
        return Rows(pd.DataFrame(arrays, copy=False), ids)


def _load(text: str) -> Any:
    """JSON without keys that stand twice or half characters; NaN and infinities are left to their column's check."""
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


class _Constant(float):
    """NaN or an infinity, which Python's parser takes for JSON. Being no `float` to a type check, it fits no column."""


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        name = _repeated([name for name, _ in pairs])
        raise InvalidRequestError(f"the key {_show(name)} stands twice in one object", "each key once", column=name)
    return found


def _repeated(names: Sequence[str]) -> str | None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            return name
        seen.add(name)
    return None


def _array(where: str, feature: Feature, values: Sequence[Any]) -> np.ndarray[Any, Any]:
    rule = RULES[feature.kind]
    _checked(where, feature.name, values, _ALLOWED[feature.kind], rule)
    if feature.kind == "categorical":
        return np.array(values, dtype=object)
    try:
        array = np.array(values, dtype=np.float64)
        finite = not np.isinf(array).any()
    except OverflowError:  # an integer of more than 308 digits
        finite = False
    if not finite:
        _refuse(where, feature.name, values, rule, lambda value: value is None or abs(value) <= sys.float_info.max)
    return array


def _checked(where: str, column: str, values: Sequence[Any], allowed: frozenset[type], rule: str) -> Sequence[Any]:
    # One set of types for the whole column: two orders of magnitude cheaper than a look at each value.
    if not allowed.issuperset(map(type, values)):
        _refuse(where, column, values, rule, lambda value: type(value) in allowed)
    return values


def _refuse(where: str, column: str, values: Sequence[Any], rule: str, fits: Callable[[Any], bool]) -> NoReturn:
    row, value = next((row, value) for row, value in enumerate(values) if not fits(value))
    message = f"{where}[{row}]: column {column!r} holds {_show(value)}, which is not {rule}"
    raise InvalidRequestError(message, rule, row=row, column=column)


def _show(value: Any) -> str:
    try:
        text = json.dumps(value)
    except ValueError:
        return f"a number of more than {_SHOWN} digits"  # Python refuses to print very long integers
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "..."


def _kind_of(value: Any) -> str:
    names = {dict: "an object", list: "an array", str: "a string", bool: "a boolean", type(None): "null"}
    return names.get(type(value), "a number")
