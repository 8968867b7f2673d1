"""Rules of Bicep's linter, all errors in the project's bicepconfig.json, as far as they can be told from the text."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from tests.infra.bicep import syntax as s

# The hosts that the rule no-hardcoded-env-urls knows.
_HOSTS = re.compile(
    r"(?<!schema\.)(?:management\.azure\.com|management\.core\.windows\.net|core\.windows\.net|vault\.azure\.net"
    r"|login\.microsoftonline\.com|database\.windows\.net|graph\.windows\.net|api\.loganalytics\.io|gallery\.azure\.com"
    r"|datalake\.azure\.net|azuredatalakestore\.net|azuredatalakeanalytics\.net|asazure\.windows\.net|trafficmanager\.net)"
)
# What the rule use-resource-id-functions takes for an ID, and where it does not look.
_ID_FUNCTIONS = (
    *("extensionResourceId", "guid", "reference", "resourceId", "subscription", "subscriptionResourceId"),
    "tenantResourceId",
)
_NO_IDS = (
    *("appid", "clientid", "groupid", "keyid", "keyvaultid", "keyvaultsecretid", "locations", "metadata", "metricid"),
    *("objectid", "parentid", "principalid", "resource", "ruleid", "schemaid", "subscriptionid", "tags", "tenantid"),
)
_SECRET = re.compile(r"password|pwd|secret|accountkey|acctkey", re.IGNORECASE)
_NO_SECRET = re.compile(r"secretpermissions|secretversion|secretur[il]|secretname", re.IGNORECASE)
_IDENTIFIER = re.compile(r"[A-Za-z_]\w*", re.ASCII)
Finding = tuple[s.Node, str]


def findings(file: s.File) -> Iterator[Finding]:
    """What the linter would say, each with its place."""
    for declaration in (
        *file.parameters.values(),
        *file.variables.values(),
        *file.resources.values(),
        *file.modules.values(),
        *file.outputs.values(),
    ):
        nodes = s.walk(declaration)
        # A key that is computed has to be written as a string.
        keys = {id(node.key) for node in nodes if isinstance(node, s.Property)}
        for node in nodes:
            if id(node) not in keys:
                yield from _of_node(file, node, in_parameter=isinstance(declaration, s.Parameter))
        if isinstance(declaration, (s.Resource, s.Module)):
            yield from _of_declaration(file, declaration)
        if isinstance(declaration, s.Parameter) and declaration.decorator("secure") is None:
            name = _NO_SECRET.sub("", declaration.name)
            if _SECRET.search(name):
                yield declaration, f"secure-secrets-in-params: '{declaration.name}' may be a secret"
    if enabled(file, "use-user-defined-types"):
        for kind in _types(file):
            if kind.name in ("object", "array"):
                yield kind, f"use-user-defined-types: '{kind.name}' says nothing of what it holds"


def enabled(file: s.File, rule: str) -> bool:
    """Whether the nearest bicepconfig.json turns on a rule that is off by itself."""
    for folder in file.path.parents:
        config = folder / "bicepconfig.json"
        if config.is_file():
            rules = json.loads(config.read_text(encoding="utf-8"))["analyzers"]["core"]["rules"]
            return bool(rules.get(rule, {}).get("level", "off") != "off")
    return False


def _types(file: s.File) -> Iterator[s.TypeName]:
    """All names of types that a file uses."""
    declared: list[s.Parameter | s.Type | s.Output] = [
        *file.parameters.values(),
        *file.types.values(),
        *file.outputs.values(),
    ]
    open_types = [item.type for item in declared if item.type is not None]
    while open_types:
        kind = open_types.pop()
        if isinstance(kind, s.TypeName):
            yield kind
        elif isinstance(kind, s.TypeArray):
            open_types.append(kind.item)
        elif isinstance(kind, s.TypeNullable):
            open_types.append(kind.inner)
        elif isinstance(kind, s.TypeUnion):
            open_types += kind.choices
        elif isinstance(kind, s.TypeObject):
            open_types += [item.type for item in kind.properties]
            open_types += [] if kind.others is None else [kind.others]


def _ids(file: s.File, node: Any) -> Iterator[Finding]:
    """Properties that hold the ID of a resource and are put together by hand."""
    for child in s.children(node):
        key = child.key if isinstance(child, s.Property) and isinstance(child.key, str) else ""
        if key.lower() in _NO_IDS:
            continue
        if key.lower().endswith("id") and not key.endswith(("uid", "UID")):
            if not _is_id(file, child.value):
                yield child, f"use-resource-id-functions: '{key}' is put together by hand"
        else:
            yield from _ids(file, child)


def _is_id(file: s.File, value: Any) -> bool:
    if symbols(file, value):
        return True
    if isinstance(value, s.Name) and value.name in file.variables:
        return _is_id(file, file.variables[value.name].value)
    if isinstance(value, s.Literal):
        return "/" not in str(value.value)
    base = value
    while isinstance(base, (s.Member, s.Index, s.NotNull)):
        base = base.base
    if isinstance(base, s.Name):
        return base.name in file.parameters
    return isinstance(value, s.Ternary) or (isinstance(value, s.Call) and value.name in _ID_FUNCTIONS)


def _of_node(file: s.File, node: Any, *, in_parameter: bool) -> Iterator[Finding]:
    for text in _texts(node):
        if _HOSTS.search(text):
            yield node, f"no-hardcoded-env-urls: '{text}' differs between clouds: use environment()"
    if isinstance(node, s.Property) and node.quoted and isinstance(node.key, str) and _IDENTIFIER.fullmatch(node.key):
        yield node, f"prefer-unquoted-property-names: '{node.key}' needs no quotes"
    if isinstance(node, s.Interpolation) and len(node.parts) == 1 and _is_text(file, node.parts[0]):
        yield node, "simplify-interpolation: the string is its expression"
    if isinstance(node, s.Call) and node.name == "concat" and any(map(_string, node.arguments)):
        yield node, "prefer-interpolation: write the string with ${}"
    if isinstance(node, s.Ternary) and isinstance(node.condition, s.Call) and node.condition.name == "contains":
        held, key = node.condition.arguments
        key_text = key.value if isinstance(key, s.Literal) else None
        if isinstance(node.yes, s.Member) and node.yes.base == held and node.yes.name == key_text:
            yield node, "use-safe-access: write .? and ??"
    if isinstance(node, s.Member) and node.name == "location" and not in_parameter and isinstance(node.base, s.Call):
        yield node, f"no-loc-expr-outside-params: {node.base.name}().location"
    if isinstance(node, s.Call) and node.base is None and node.name.startswith("list") and node.arguments:
        argument = node.arguments[0]
        if isinstance(argument, s.Member) and argument.name == "id":
            yield node, "use-resource-symbol-reference: call the function of the resource"


def _of_declaration(file: s.File, declaration: s.Resource | s.Module) -> Iterator[Finding]:
    body = declaration.value
    while isinstance(body, (s.For, s.If)):
        body = body.body
    assert isinstance(body, s.Object)
    if isinstance(declaration, s.Resource):
        properties = body.get("properties")
        has_ids = not declaration.type.startswith("Microsoft.Logic/workflows@")
        if properties is not None and has_ids and enabled(file, "use-resource-id-functions"):
            yield from _ids(file, properties)
        location = body.get("location")
        if isinstance(location, s.Literal) and location.value not in ("global", None):
            yield location, f"no-hardcoded-location: '{location.value}'"
        name = body.get("name")
        if isinstance(name, s.Interpolation) and body.get("parent") is None and len(name.parts) > 1:
            first, second = name.parts[0], name.parts[1]
            of_resource = isinstance(first, s.Member) and isinstance(first.base, s.Name) and first.name == "name"
            if of_resource and isinstance(second, str) and second.startswith("/"):
                yield name, "use-parent-property: name the parent by 'parent'"
    dependencies = body.get("dependsOn")
    if dependencies is None:
        return
    rest = s.Object(body.line, tuple(item for item in body.properties if item.key != "dependsOn"), body.resources)
    implicit = symbols(file, rest)
    for item in dependencies.items if isinstance(dependencies, s.Array) else ():
        if isinstance(item, s.Name) and item.name in implicit:
            yield item, f"no-unnecessary-dependson: '{item.name}' is used there anyway"


def symbols(file: s.File, node: Any) -> set[str]:
    """Resources and modules that an expression refers to, also by way of variables."""
    found: set[str] = set()
    variables: set[str] = set()
    open_nodes = [node]
    while open_nodes:
        for one, known in s.scoped(open_nodes.pop()):
            if not isinstance(one, s.Name) or one.name in known:
                continue
            if one.name in file.resources or one.name in file.modules:
                found.add(one.name)
            elif one.name in file.variables and one.name not in variables:
                variables.add(one.name)
                open_nodes.append(file.variables[one.name].value)
    return found


def dependencies(file: s.File, name: str) -> set[str]:
    """All resources and modules that one waits for, also by way of others."""
    found: set[str] = set()
    open_names = [name]
    while open_names:
        current = open_names.pop()
        declaration = file.resources.get(current) or file.modules.get(current)
        assert declaration is not None
        new = symbols(file, declaration.value) - found
        found |= new
        # What is declared inside a resource may refer to it.
        open_names += new - {current}
    return found


def _texts(node: Any) -> list[str]:
    if isinstance(node, s.Interpolation):
        return [part for part in node.parts if isinstance(part, str)]
    return [node.value] if isinstance(node, s.Literal) and isinstance(node.value, str) else []


def _string(node: Any) -> bool:
    return isinstance(node, s.Interpolation) or (isinstance(node, s.Literal) and isinstance(node.value, str))


def _is_text(file: s.File, node: Any) -> bool:
    """Whether an expression is certainly a string."""
    if isinstance(node, s.Member) and isinstance(node.base, s.Name) and node.name in ("id", "name"):
        return node.base.name in file.resources
    if not isinstance(node, s.Name) or node.name not in file.parameters:
        return False
    kind = file.parameters[node.name].type
    return isinstance(kind, s.TypeName) and kind.name == "string"
