"""Bicep's functions of plain values. What needs a file, a scope or a resource is in evaluate.py."""

from __future__ import annotations

import base64
import datetime
import hashlib
import ipaddress
import json
import operator
import re
import urllib.parse
import uuid
from collections.abc import Callable, Mapping
from functools import cmp_to_key
from typing import Any

# The namespace in which Azure makes its guid().
_GUIDS = uuid.UUID("11fb06fb-712d-4ddd-98c7-e71bbd588830")
_DATE_PARTS = {"yyyy": "%Y", "MM": "%m", "dd": "%d", "HH": "%H", "mm": "%M", "ss": "%S"}


class CallError(Exception):
    """A function was called with what it does not take."""


def text(value: Any) -> str:
    """What a value becomes in a string."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "True" if value else "False"
    if isinstance(value, int):
        return str(value)
    if value is None:
        return ""
    if isinstance(value, (list, Mapping)):
        return json.dumps(value, separators=(",", ":"))
    raise CallError(f"{type(value).__name__} is no text")


def equal(one: Any, other: Any) -> bool:
    """Equality that tells true from 1, which Python does not."""
    if isinstance(one, bool) != isinstance(other, bool):
        return False
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(equal, one, other))
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(equal(one[key], other[key]) for key in one)
    return bool(one == other)


def _is(value: Any, *kinds: type) -> None:
    if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
        raise CallError(f"expected {' or '.join(kind.__name__ for kind in kinds)}, got {value!r}")


def _strings(*values: Any) -> None:
    for value in values:
        _is(value, str)


def _merge(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(one)
    for key, value in other.items():
        nested = isinstance(value, Mapping) and isinstance(merged.get(key), Mapping)
        merged[key] = _merge(merged[key], value) if nested else value
    return merged


def _unique(values: list[Any]) -> list[Any]:
    found: list[Any] = []
    for value in values:
        if not any(equal(value, other) for other in found):
            found.append(value)
    return found


def _union(*values: Any) -> Any:
    if all(isinstance(value, Mapping) for value in values):
        merged: dict[str, Any] = {}
        for value in values:
            merged = _merge(merged, value)
        return merged
    for value in values:
        _is(value, list)
    return _unique([item for value in values for item in value])


def _intersection(*values: Any) -> Any:
    first, *others = values
    if isinstance(first, Mapping):
        return {
            key: value
            for key, value in first.items()
            if all(key in other and equal(other[key], value) for other in others)
        }
    return _unique([item for item in first if all(any(equal(item, one) for one in other) for other in others)])


def _concat(*values: Any) -> Any:
    if all(isinstance(value, list) for value in values):
        return [item for value in values for item in value]
    _strings(*values)
    return "".join(values)


def _contains(container: Any, item: Any) -> bool:
    if isinstance(container, str):
        return text(item) in container
    if isinstance(container, Mapping):
        return str(item).lower() in {key.lower() for key in container}
    _is(container, list)
    return any(equal(item, one) for one in container)


def _empty(value: Any) -> bool:
    if value is None:
        return True
    _is(value, str, list, dict)
    return len(value) == 0


def _length(value: Any) -> int:
    _is(value, str, list, dict)
    return len(value)


def _first(value: Any) -> Any:
    _is(value, str, list)
    return value[0] if value else None


def _last(value: Any) -> Any:
    _is(value, str, list)
    return value[-1] if value else None


def _format(pattern: str, *values: Any) -> str:
    def one(match: re.Match[str]) -> str:
        if match.group() in ("{{", "}}"):
            return match.group()[0]
        number, pad = int(match.group(1)), match.group(2)
        if number >= len(values):
            raise CallError(f"format: no value for {match.group()}")
        return text(values[number]).zfill(int(pad)) if pad else text(values[number])

    return re.sub(r"\{\{|\}\}|\{(\d+)(?::D(\d+))?\}", one, pattern)


def _split(value: str, at: Any) -> list[str]:
    _strings(value)
    return re.split("|".join(re.escape(one) for one in ([at] if isinstance(at, str) else at)), value)


def _replace(value: str, old: str, new: str) -> str:
    _strings(value, old, new)
    return value.replace(old, new)


def _substring(value: str, start: int, length: int | None = None) -> str:
    _strings(value)
    end = len(value) if length is None else start + length
    if start > len(value) or end > len(value):
        raise CallError(f"substring({value!r}, {start}, {length}) is beyond its end")
    return value[start:end]


def _items(value: Any) -> list[dict[str, Any]]:
    _is(value, dict)
    return [{"key": key, "value": value[key]} for key in sorted(value)]


def _map(values: Any, function: Callable[..., Any]) -> list[Any]:
    _is(values, list)
    return [function(value, number) for number, value in enumerate(values)]


def _filter(values: Any, function: Callable[..., Any]) -> list[Any]:
    _is(values, list)
    return [value for number, value in enumerate(values) if _truth(function(value, number))]


def _truth(value: Any) -> bool:
    _is(value, bool)
    return bool(value)


def _reduce(values: Any, start: Any, function: Callable[..., Any]) -> Any:
    _is(values, list)
    for number, value in enumerate(values):
        start = function(start, value, number)
    return start


def _sort(values: Any, before: Callable[..., Any]) -> list[Any]:
    _is(values, list)
    return sorted(values, key=cmp_to_key(lambda a, b: -1 if before(a, b) else (1 if before(b, a) else 0)))


def _to_object(values: Any, key: Callable[..., Any], value: Callable[..., Any] | None = None) -> dict[str, Any]:
    _is(values, list)
    found: dict[str, Any] = {}
    for item in values:
        name = key(item)
        _strings(name)
        if name in found:
            raise CallError(f"toObject: the key '{name}' comes twice")
        found[name] = item if value is None else value(item)
    return found


def _group_by(values: Any, key: Callable[..., Any]) -> dict[str, Any]:
    found: dict[str, list[Any]] = {}
    for item in values:
        found.setdefault(key(item), []).append(item)
    return found


def _map_values(values: Any, function: Callable[..., Any]) -> dict[str, Any]:
    _is(values, dict)
    return {key: function(value) for key, value in values.items()}


def _flatten(values: Any) -> list[Any]:
    return [item for value in values for item in value]


def _int(value: Any) -> int:
    _is(value, str, int)
    try:
        return int(value)
    except ValueError as error:
        raise CallError(f"int({value!r}): no whole number") from error


def _bool(value: Any) -> bool:
    if str(value).lower() not in ("true", "false", "1", "0"):
        raise CallError(f"bool({value!r}): neither true nor false")
    return str(value).lower() in ("true", "1")


def _string(value: Any) -> str:
    return text(value)


def _take(value: Any, count: int) -> Any:
    _is(value, str, list)
    return value[: max(count, 0)]


def _skip(value: Any, count: int) -> Any:
    _is(value, str, list)
    return value[max(count, 0) :]


def guid(*values: Any) -> str:
    """A GUID that depends on all arguments."""
    if not values:
        raise CallError("guid: at least one argument")
    _strings(*values)
    return str(uuid.uuid5(_GUIDS, "-".join(values)))


def _unique_string(*values: Any) -> str:
    digest = hashlib.sha256("-".join(map(text, values)).encode()).digest()
    return base64.b32encode(digest).decode().lower()[:13]


def _index_of(value: Any, item: Any) -> int:
    if isinstance(value, str):
        return value.lower().find(str(item).lower())
    return next((number for number, one in enumerate(value) if equal(one, item)), -1)


def _cidr_subnet(network: str, bits: int, number: int) -> str:
    return str(list(ipaddress.ip_network(network).subnets(new_prefix=bits))[number])


def _parse_cidr(network: str) -> dict[str, Any]:
    parsed = ipaddress.ip_network(network)
    return {"network": str(parsed.network_address), "cidr": parsed.prefixlen, "netmask": str(parsed.netmask)}


def _utc_now(pattern: str = "yyyyMMddTHHmmssZ") -> str:
    """Now, in .NET's notation."""
    moment = datetime.datetime.now(datetime.UTC)
    return re.sub("|".join(_DATE_PARTS), lambda found: moment.strftime(_DATE_PARTS[found.group()]), pattern)


def _fail(message: str) -> Any:
    raise CallError(message)


NUMERIC: dict[str, Callable[[int, int], int]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": lambda one, other: int(one / other),
    "%": lambda one, other: one - other * int(one / other),
}
ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}

FUNCTIONS: dict[str, Callable[..., Any]] = {
    "any": lambda value: value,
    "array": lambda value: value if isinstance(value, list) else [value],
    "base64": lambda value: base64.b64encode(value.encode()).decode(),
    "bool": _bool,
    "cidrSubnet": _cidr_subnet,
    "concat": _concat,
    "contains": _contains,
    "empty": _empty,
    "endsWith": lambda value, end: value.lower().endswith(end.lower()),
    "fail": _fail,
    "filter": _filter,
    "first": _first,
    "flatten": _flatten,
    "format": _format,
    "groupBy": _group_by,
    "guid": guid,
    "indexOf": _index_of,
    "int": _int,
    "intersection": _intersection,
    "items": _items,
    "join": lambda values, between: between.join(map(text, values)),
    "json": json.loads,
    "last": _last,
    "length": _length,
    "map": _map,
    "mapValues": _map_values,
    "max": lambda *values: max(values[0] if isinstance(values[0], list) else values),
    "min": lambda *values: min(values[0] if isinstance(values[0], list) else values),
    "objectKeys": sorted,
    "padLeft": lambda value, width, fill=" ": text(value).rjust(width, fill),
    "parseCidr": _parse_cidr,
    "range": lambda start, count: list(range(start, start + count)),
    "reduce": _reduce,
    "replace": _replace,
    "shallowMerge": lambda values: {key: value for one in values for key, value in one.items()},
    "skip": _skip,
    "sort": _sort,
    "split": _split,
    "startsWith": lambda value, start: value.lower().startswith(start.lower()),
    "string": _string,
    "substring": _substring,
    "take": _take,
    "toLower": lambda value: value.lower(),
    "toObject": _to_object,
    "toUpper": lambda value: value.upper(),
    "trim": lambda value: value.strip(),
    "union": _union,
    "uniqueString": _unique_string,
    "utcNow": _utc_now,
    "uriComponent": lambda value: urllib.parse.quote(value, safe=""),
}
