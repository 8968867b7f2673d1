"""The part of JSON Schema that the definitions use."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from tests.infra.workflow.errors import DefinitionError
from tests.infra.workflow.expressions import equal

TYPES: Mapping[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "integer": (int,),
    "null": (type(None),),
}
KEYWORDS = {"type", "properties", "required", "items", "minItems", "enum", "pattern"}


def check(schema: Any, where: str) -> None:
    """Raises DefinitionError for what `faults` does not know."""
    if unknown := set(schema) - KEYWORDS:
        raise DefinitionError(f"{where}: the schema says {', '.join(sorted(unknown))}, which is not known")
    for kind in _kinds(schema):
        if kind not in TYPES:
            raise DefinitionError(f"{where}: the type {kind!r} is not known")
    if "pattern" in schema:
        re.compile(schema["pattern"])
    for part in [*schema.get("properties", {}).values(), *([schema["items"]] if "items" in schema else [])]:
        check(part, where)


def faults(schema: Any, value: Any, path: str = "$") -> list[str]:
    """What is wrong with the value; empty when nothing is."""
    kinds = _kinds(schema)
    allowed = tuple(python for kind in kinds for python in TYPES[kind])
    if kinds and (not isinstance(value, allowed) or isinstance(value, bool)):
        return [f"{path} is no {' or '.join(kinds)}"]
    found: list[str] = []
    if "enum" in schema and not any(equal(value, one) for one in schema["enum"]):
        found.append(f"{path} is none of {schema['enum']}")
    if isinstance(value, str) and not re.search(schema.get("pattern", ""), value):
        found.append(f"{path} does not have the form {schema['pattern']}")
    if isinstance(value, list):
        if len(value) < schema.get("minItems", 0):
            found.append(f"{path} has too few items")
        for number, item in enumerate(value):
            found += faults(schema.get("items", {}), item, f"{path}[{number}]")
    if isinstance(value, dict):
        found += [f"{path}.{name} is missing" for name in schema.get("required", []) if name not in value]
        for name, part in schema.get("properties", {}).items():
            if name in value:
                found += faults(part, value[name], f"{path}.{name}")
    return found


def _kinds(schema: Any) -> list[str]:
    kinds = schema.get("type", [])
    return [kinds] if isinstance(kinds, str) else list(kinds)
