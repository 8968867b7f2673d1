"""The resources that a deployment of Bicep or of compiled ARM would make, by the compiler's snapshot."""

from __future__ import annotations

import hashlib
import json
import re
import tempfile
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from tests.infra.compiler import CompileError, compiler, with_literals
from tests.infra.reference import load
from tests.infra.resource import Resource, behind_registry, stand_in

# Resources that stand on another one of any type; a part of a resource has its parent in its type.
EXTENSIONS = {
    "Microsoft.Authorization/roleAssignments",
    "Microsoft.Consumption/budgets",
    "Microsoft.Insights/diagnosticSettings",
    "Microsoft.KubernetesConfiguration/extensions",
}
# How a file asks for what only Azure knows.
_PRINCIPAL = re.compile(
    r"(?:tryGet\()?reference\('(?P<id>[^']+)', '[^']+'(?:, 'full')?\)"
    r"(?:(?:\.identity)?\.principalId|, '(?:properties|identity)', 'principalId'\))"
)
_BEHIND = re.compile(
    r"reference\('(?P<id>[^']+)', '[^']+'(?:, 'full')?\)\S*\.(?P<part>storageAccountDetails|acrDetails)\[0\].*"
)


def deployed(
    project: Path,
    environment: str,
    entry: str,
    *,
    group: str,
    variables: Mapping[str, str] | None = None,
    using: str = "",
) -> list[Resource]:
    """The resources that a stack makes, with stand-ins for what only Azure knows.

    `entry` is the stack's .bicepparam in infra/; `using` names a compiled file beside it in place of the Bicep file.
    Raises CompileError for what the compiler, or a rule of the file, says against it.
    """
    given = json.dumps({**(variables or {}), "ENVIRONMENT": environment}, sort_keys=True)
    return list(_resources(_snapshot(project, _digest(project), entry, group, given, using)))


def _digest(project: Path) -> str:
    total = hashlib.sha256()
    for path in sorted([*(project / "infra").rglob("*"), *(project / "config").glob("*")]):
        if path.is_file() and ".terraform" not in path.parts:
            total.update(f"{path.relative_to(project)}\0".encode() + path.read_bytes() + b"\0")
    return total.hexdigest()[:16]


@cache
def _snapshot(project: Path, digest: str, entry: str, group: str, given: str, using: str) -> tuple[dict[str, Any], ...]:
    """A snapshot with the environment variables as literals, so that one process of the compiler serves all of them."""
    text = with_literals((project / "infra" / entry).read_text(), json.loads(given))
    if using:
        text = re.sub(r"(?m)^using '[^']+'", f"using '{using}'", text)
    with tempfile.TemporaryDirectory(dir=project) as name:  # beside infra/, whose files have paths relative to it
        folder = Path(name)
        path = folder / entry
        path.write_text(re.sub(r"(?m)(^using |from )'(?!\.\./)", r"\1'../infra/", text))
        snapshot = compiler().snapshot(path, group)
    if snapshot["diagnostics"]:
        raise CompileError("\n".join(str(one.get("message", one)) for one in snapshot["diagnostics"]))
    return tuple(snapshot["predictedResources"])


def _resources(predicted: tuple[dict[str, Any], ...]) -> Iterator[Resource]:
    for one in predicted:
        kind, own = canonical().get(one["type"].lower(), one["type"]), one["id"]
        if own.startswith("["):
            raise ValueError(f"the ID of a {kind} cannot be told: {own}")
        scope = own.rsplit("/providers/", 1)[0] if kind in EXTENSIONS else None
        told = {"id", "type", "name", "apiVersion", "scope", "dependsOn"}
        body = {key: known(value) for key, value in one.items() if key not in told}
        yield Resource(kind, own.rsplit("/", 1)[1], own, body, f"{kind} {one['name']}", one["apiVersion"], scope)


@cache
def canonical() -> dict[str, str]:
    """Types as Azure's documentation writes them: the compiler takes any case, and has some in lower case."""
    return {name.lower(): name for name in (*load("azureml_values")["api_versions"], *EXTENSIONS)}


def known(value: Any) -> Any:
    """A value of a snapshot with a stand-in for each expression that only Azure can work out."""
    if isinstance(value, dict):
        return {key: known(item) for key, item in value.items()}
    if isinstance(value, list):
        return [known(item) for item in value]
    if not isinstance(value, str) or not value.startswith("[") or value.startswith("[["):
        return value
    text = value[1:-1]
    if found := _BEHIND.fullmatch(text):
        return behind_registry(found["id"], found["part"])
    if found := _PRINCIPAL.fullmatch(text):
        return stand_in(found["id"], "principalId")
    if found := re.fullmatch(r"replace\('(?P<text>.*)', '\{holder\}', (?P<holder>.*)\)", text, re.DOTALL):
        holder = known(f"[{found['holder']}]")
        return found["text"].replace("''", "'").replace("{holder}", holder)
    if "utcNow('yyyy-MM-01')" in text:
        return "2026-01-01T00:00:00Z"
    if text == "deployer().objectId":
        return stand_in("deployer", "objectId")
    raise ValueError(f"a snapshot holds an expression without a stand-in: {value[:300]}")
