"""Bodies of azapi_resource, held against Azure's types by the Bicep compiler: azapi's types have the same origin."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.infra.compiler import CompileError, compiler
from tests.infra.resource import Resource, kind_of

# No rule of the linter: names and places are literals here.
_CONFIG = {"analyzers": {"core": {"enabled": False}}}


def literal(value: Any, indent: str = "") -> str:
    """A value as Bicep writes it."""
    inner = f"{indent}  "
    if isinstance(value, dict):
        lines = [
            f"{inner}{_text(str(key))}: {literal(item, inner)}\n" for key, item in value.items() if item is not None
        ]
        return "{\n" + "".join(lines) + f"{indent}}}"
    if isinstance(value, list):
        return "[\n" + "".join(f"{inner}{literal(item, inner)}\n" for item in value) + f"{indent}]"
    if isinstance(value, bool) or value is None:
        return json.dumps(value)
    return str(value) if isinstance(value, int) else _text(str(value))


def _text(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n").replace("${", "\\${")
    return f"'{escaped}'"


def _declared(number: int, resource: Resource) -> str:
    body: dict[str, Any] = dict(resource.body)
    above = ""
    if resource.scope:
        parent = kind_of(resource.scope)
        name = resource.scope.rsplit("/", 1)[1]
        versions = {"managedClusters": "2025-05-01", "connectedClusters": "2024-01-01"}
        version = versions[parent.rsplit("/", 1)[1]]
        above = f"resource on{number} '{parent}@{version}' existing = {{\n  name: {_text(name)}\n}}\n"
    names = resource.id.rsplit("/providers/", 1)[1].split("/")[2::2]
    text = literal({"name": "/".join(names), **body})
    if resource.scope:
        text = text.replace("{\n", f"{{\n  scope: on{number}\n", 1)
    return f"{above}resource r{number} '{resource.kind}@{resource.api_version}' = {text}\n"


def refused(resources: list[Resource], folder: Path) -> Iterator[str]:
    """What the compiler says against the bodies of resources that azapi makes."""
    made = [one for one in resources if re.match(r"(module\.[^.]+\.)*azapi_resource\.", one.address)]
    if not made:
        return
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "bicepconfig.json").write_text(json.dumps(_CONFIG))
    path = folder / "azapi.bicep"
    path.write_text("".join(_declared(number, one) for number, one in enumerate(made)))
    try:
        yield from compiler().compile(path).diagnostics
    except CompileError as error:
        yield str(error)
