"""Expressions of the Workflow Definition Language: parsed once, evaluated against what a run knows."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol
from urllib.parse import quote

from tests.infra.workflow.errors import DefinitionError, EvaluationError

Value = Any  # what JSON can hold


class Knowledge(Protocol):
    """What a run knows at the moment when an expression is evaluated."""

    def parameter(self, name: str) -> Value: ...
    def variable(self, name: str) -> Value: ...
    def trigger_body(self) -> Value: ...
    def outputs(self, action: str) -> Value: ...
    def status(self, action: str) -> str: ...
    def item(self) -> Value: ...
    def now(self) -> datetime: ...


@dataclass(frozen=True)
class Literal:
    value: Value


@dataclass(frozen=True)
class Call:
    function: str
    arguments: tuple[Node, ...]


@dataclass(frozen=True)
class Index:
    target: Node
    key: Node
    null_is_fine: bool


@dataclass(frozen=True)
class Text:
    """A string with expressions in it."""

    parts: tuple[Node, ...]


Node = Literal | Call | Index | Text

TOKEN = re.compile(
    r"""\s*(?:
        (?P<string>'(?:[^']|'')*')
      | (?P<number>-?[0-9]+)
      | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
      | (?P<mark>\?\[|[\[\](),}])
    )""",
    re.VERBOSE,
)


class _Parser:
    def __init__(self, text: str, start: int) -> None:
        self.text = text
        self.position = start

    def peek(self) -> tuple[str, str]:
        match = TOKEN.match(self.text, self.position)
        if match is None or match.lastgroup is None:
            return "end", self.text[self.position :].strip()
        return match.lastgroup, match.group(match.lastgroup)

    def take(self, *expected: str) -> tuple[str, str]:
        kind, token = self.peek()
        if expected and token not in expected:
            raise DefinitionError(f"{self.text!r}: expected {' or '.join(expected)} and not {token!r}")
        match = TOKEN.match(self.text, self.position)
        if match is None:
            raise DefinitionError(f"{self.text!r}: cannot be read from {token!r} on")
        self.position = match.end()
        return kind, token

    def expression(self) -> Node:
        kind, token = self.take()
        node: Node
        if kind == "string":
            node = Literal(token[1:-1].replace("''", "'"))
        elif kind == "number":
            node = Literal(int(token))
        elif kind == "name" and token in ("true", "false", "null"):
            node = Literal({"true": True, "false": False, "null": None}[token])
        elif kind == "name":
            node = self.call(token)
        else:
            raise DefinitionError(f"{self.text!r}: no expression begins with {token!r}")
        while self.peek()[1] in ("[", "?["):
            null_is_fine = self.take()[1] == "?["
            node = Index(node, self.expression(), null_is_fine)
            self.take("]")
        return node

    def call(self, function: str) -> Call:
        self.take("(")
        arguments: list[Node] = []
        while self.peek()[1] != ")":
            if arguments:
                self.take(",")
            arguments.append(self.expression())
        self.take(")")
        known = FUNCTIONS.get(function)
        if known is None:
            raise DefinitionError(f"{self.text!r}: the function {function!r} is not known")
        if not known.least <= len(arguments) <= known.most:
            raise DefinitionError(f"{self.text!r}: {function} with {len(arguments)} arguments")
        return Call(function, tuple(arguments))


def parse(text: str) -> Node:
    """A string of a definition: plain, one expression (`@...`), or text around expressions (`@{...}`)."""
    if text.startswith("@@"):
        return Literal(text[1:])
    if text.startswith("@") and not text.startswith("@{"):
        parser = _Parser(text, 1)
        node = parser.expression()
        if text[parser.position :].strip():
            raise DefinitionError(f"{text!r}: nothing may follow the expression")
        return node
    parts: list[Node] = []
    position = 0
    while (start := text.find("@{", position)) >= 0:
        parts.append(Literal(text[position:start]))
        parser = _Parser(text, start + 2)
        parts.append(parser.expression())
        parser.take("}")
        position = parser.position
    if not parts:
        return Literal(text)
    return Text((*parts, Literal(text[position:])))


def calls(node: Node) -> Iterator[Call]:
    """All calls of functions in an expression."""
    match node:
        case Call(_, arguments):
            yield node
            for argument in arguments:
                yield from calls(argument)
        case Index(target, key, _):
            yield from calls(target)
            yield from calls(key)
        case Text(parts):
            for part in parts:
                yield from calls(part)


def evaluate(node: Node, knowledge: Knowledge) -> Value:
    """Raises EvaluationError where Azure finds no value. All arguments are evaluated, as Azure does."""
    match node:
        case Literal(value):
            return value
        case Call(function, arguments):
            return FUNCTIONS[function].of(knowledge, *[evaluate(argument, knowledge) for argument in arguments])
        case Index(target, key, null_is_fine):
            return _member(evaluate(target, knowledge), evaluate(key, knowledge), null_is_fine)
        case Text(parts):
            return "".join(as_text(evaluate(part, knowledge)) for part in parts)


def as_text(value: Value) -> str:
    if value is None:
        return ""
    if isinstance(value, dict | list):
        return json.dumps(value)
    return str(value)


def equal(one: Value, other: Value) -> bool:
    """Unlike in Python, neither `true` nor `1.0` equals `1`."""
    return type(one) is type(other) and bool(one == other)


def _member(target: Value, key: Value, null_is_fine: bool) -> Value:
    if target is None and null_is_fine:
        return None
    if isinstance(target, dict) and isinstance(key, str):
        if key in target or null_is_fine:
            return target.get(key)
        raise EvaluationError(f"there is no property {key!r}; there are: {', '.join(target)}")
    if isinstance(target, list) and type(key) is int:
        if 0 <= key < len(target):
            return target[key]
        if null_is_fine:
            return None
        raise EvaluationError(f"index {key} of an array with {len(target)} items")
    raise EvaluationError(f"{key!r} selects nothing from {type(target).__name__}")


def _text(value: Value) -> str:
    if not isinstance(value, str):
        raise EvaluationError(f"a string is needed and not {value!r}")
    return value


def _list(value: Value) -> list[Value]:
    if not isinstance(value, list):
        raise EvaluationError(f"an array is needed and not {value!r}")
    return value


def _number(value: Value) -> int:
    if type(value) is not int:
        raise EvaluationError(f"a number is needed and not {value!r}")
    return value


def _truth(value: Value) -> bool:
    if not isinstance(value, bool):
        raise EvaluationError(f"true or false is needed and not {value!r}")
    return value


def _some(value: Value) -> str | list[Value]:
    collection: str | list[Value] = value if isinstance(value, str) else _list(value)
    if not collection:
        raise EvaluationError("an empty collection has neither a first nor a last item")
    return collection


def contains(collection: Value, value: Value) -> bool:
    if isinstance(collection, str):
        return _text(value) in collection
    return any(equal(item, value) for item in _list(collection))


def starts_with(text: Value, beginning: Value) -> bool:
    return _text(text).lower().startswith(_text(beginning).lower())


def _coalesce(_: Knowledge, *values: Value) -> Value:
    return next((value for value in values if value is not None), None)


def _take(_: Knowledge, collection: Value, count: Value) -> Value:
    return collection[: _number(count)] if isinstance(collection, str) else _list(collection)[: _number(count)]


def _length(_: Knowledge, collection: Value) -> int:
    return len(collection) if isinstance(collection, str) else len(_list(collection))


def _subtract_from_time(_: Knowledge, time: Value, count: Value, unit: Value, form: Value) -> str:
    if (unit, form) != ("Minute", "yyyy-MM-ddTHH:mm:ssZ"):
        raise EvaluationError(f"subtractFromTime knows neither the unit {unit!r} nor the form {form!r}")
    return (datetime.fromisoformat(_text(time)) - timedelta(minutes=_number(count))).strftime("%Y-%m-%dT%H:%M:%SZ")


def _body(knowledge: Knowledge, action: Value) -> Value:
    return _member(knowledge.outputs(_text(action)), "body", null_is_fine=False)


@dataclass(frozen=True)
class Function:
    of: Callable[..., Value]
    least: int
    most: int


MANY = 99
FUNCTIONS: Mapping[str, Function] = {
    "parameters": Function(lambda run, name: run.parameter(_text(name)), 1, 1),
    "variables": Function(lambda run, name: run.variable(_text(name)), 1, 1),
    "triggerBody": Function(lambda run: run.trigger_body(), 0, 0),
    "outputs": Function(lambda run, name: run.outputs(_text(name)), 1, 1),
    "body": Function(_body, 1, 1),
    "actions": Function(lambda run, name: {"status": run.status(_text(name))}, 1, 1),
    "item": Function(lambda run: run.item(), 0, 0),
    "utcNow": Function(lambda run: run.now().isoformat(), 0, 0),
    "subtractFromTime": Function(_subtract_from_time, 4, 4),
    "equals": Function(lambda _, one, other: equal(one, other), 2, 2),
    "if": Function(lambda _, holds, yes, no: yes if _truth(holds) else no, 3, 3),
    "and": Function(lambda _, *values: all(list(map(_truth, values))), 2, MANY),
    "or": Function(lambda _, *values: any(list(map(_truth, values))), 2, MANY),
    "contains": Function(lambda _, collection, value: contains(collection, value), 2, 2),
    "coalesce": Function(_coalesce, 1, MANY),
    "concat": Function(lambda _, *values: "".join(as_text(value) for value in values), 1, MANY),
    "createArray": Function(lambda _, *values: list(values), 1, MANY),
    "toLower": Function(lambda _, text: _text(text).lower(), 1, 1),
    "replace": Function(lambda _, text, old, new: _text(text).replace(_text(old), _text(new)), 3, 3),
    "split": Function(lambda _, text, mark: _text(text).split(_text(mark)), 2, 2),
    "join": Function(lambda _, items, mark: _text(mark).join(as_text(item) for item in _list(items)), 2, 2),
    "take": Function(_take, 2, 2),
    "skip": Function(lambda _, items, count: _list(items)[_number(count) :], 2, 2),
    "first": Function(lambda _, collection: _some(collection)[0], 1, 1),
    "last": Function(lambda _, collection: _some(collection)[-1], 1, 1),
    "length": Function(_length, 1, 1),
    "encodeUriComponent": Function(lambda _, text: quote(_text(text), safe="-._~"), 1, 1),
}
