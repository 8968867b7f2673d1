"""Azure's prediction of a deployment (`az deployment ... what-if`): changes, doubts, and parts it could not inspect."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from .changes import Action, Change

_ACTIONS: dict[str, Action] = {"Create": "add", "Modify": "change", "Deploy": "change", "Delete": "destroy"}
_SIGNS: dict[Action, str] = {"add": "+", "change": "~", "destroy": "-"}

# Azure did not expand a module: its parameters are known only during the deployment, or there are too many modules.
_SKIPPED = ("NestedDeploymentShortCircuited", "NestedDeploymentSkippedFromInternalExpansion")

_WORKSPACE = "microsoft.machinelearningservices/workspaces"
_DEPLOYMENT = "microsoft.resources/deployments"
_MISSING = object()


@dataclass(frozen=True)
class Resource:
    """One resource of a prediction, by its resource ID."""

    id: str
    version: str | None = None  # of the API that it was read with
    tags: Mapping[str, str] = field(default_factory=dict, hash=False)

    @property
    def kind(self) -> str:
        """The resource type.

        >>> Resource("/subscriptions/s/resourceGroups/g/providers/Microsoft.KeyVault/vaults/kv").kind
        'Microsoft.KeyVault/vaults'
        """
        _, found, after = self.id.rpartition("/providers/")
        if found:
            namespace, *parts = after.split("/")
            return "/".join([namespace, *parts[::2]])
        return "Microsoft.Resources/resourceGroups"

    @property
    def name(self) -> str:
        return self.id.rpartition("/")[2]

    def within(self, group: str) -> str:
        """Return the ID without the part that the name of the resource group already says."""
        inside = re.match(rf"/subscriptions/[^/]+/resourceGroups/{re.escape(group)}/providers/(.+)", self.id, re.I)
        return inside[1] if inside else re.sub(r"^/subscriptions/[^/]+/", "", self.id)


@dataclass(frozen=True)
class Property:
    """One property that a deployment would touch; `doubt` is a reason why it may stay the same."""

    path: str
    sign: str
    before: Any
    after: Any
    doubt: str | None

    @property
    def line(self) -> str:
        values = [json.dumps(value, ensure_ascii=False) for value in (self.before, self.after) if value is not _MISSING]
        return f"{self.sign} {self.path}: {' -> '.join(values)}" + (f"  ({self.doubt})" if self.doubt else "")


@dataclass(frozen=True)
class Predicted:
    """One resource that a deployment would touch."""

    resource: Resource
    change: Change
    properties: tuple[Property, ...]

    @property
    def doubtful(self) -> bool:
        """Whether none of its properties certainly changes."""
        return bool(self.properties) and all(each.doubt for each in self.properties)


@dataclass(frozen=True)
class Prediction:
    """The content of an answer of `what-if`."""

    touched: tuple[Predicted, ...]
    present: tuple[Resource, ...]  # described and existing, whether they change or not
    others: tuple[Resource, ...]  # existing, but not described
    unseen: tuple[str, ...]  # a sentence for each part that Azure could not inspect
    warnings: tuple[str, ...]

    def details(self, group: str) -> str:
        """Return every property, with the doubts."""
        blocks = []
        for each in self.touched:
            action = each.change.action
            blocks.append(f"{_SIGNS[action]} {each.resource.within(group)}")
            blocks += [f"    {found.line}" for found in each.properties]
        return "\n".join([*blocks, *self.unseen, *self.warnings])


def read(answer: Mapping[str, Any], deployment: str, group: str) -> Prediction:
    """Read the answer to `what-if` of the deployment of that name; `group` is its resource group."""
    # The REST API puts under `properties` what `az` shows at the top.
    content = answer.get("properties") or answer
    touched, present, others, unseen = [], [], [], []
    for found in content.get("changes") or ():
        what = found["changeType"]
        if what == "Unsupported":
            unseen.append(_unsupported(found, group))
            continue
        resource = _resource(found)
        if resource.kind.lower() == _DEPLOYMENT:
            continue
        if what == "Ignore":
            others.append(resource)
            continue
        if what != "Create":
            present.append(resource)
        if what in _ACTIONS:
            properties = tuple(_properties(found))
            if what == "Modify" and not properties:
                continue  # only values without effect differ
            change = _change(found, resource, _ACTIONS[what], deployment, group)
            touched.append(Predicted(resource, change, properties))
    for potential in content.get("potentialChanges") or ():
        unseen.append(_potential(potential, group))
    warnings = []
    for diagnostic in content.get("diagnostics") or ():
        if diagnostic.get("code") in _SKIPPED:
            unseen.append(_skipped(diagnostic))
        elif str(diagnostic.get("level")).lower() != "info":
            warnings.append(f"Azure warns: {_first_words(diagnostic.get('message'))}")
    return Prediction(
        tuple(touched), tuple(present), tuple(others), tuple(dict.fromkeys(unseen)), tuple(dict.fromkeys(warnings))
    )


def _resource(found: Mapping[str, Any]) -> Resource:
    payload = found.get("before") or found.get("after") or {}
    return Resource(found["resourceId"], payload.get("apiVersion"), payload.get("tags") or {})


def _change(found: Mapping[str, Any], resource: Resource, action: Action, deployment: str, group: str) -> Change:
    modes = None
    if resource.kind.lower() == _WORKSPACE and found.get("before") and found.get("after"):
        modes = _isolation(found["before"]), _isolation(found["after"])
    return Change(
        address=resource.within(group),
        module=_module(found, resource, deployment),
        kind=resource.kind,
        action=action,
        name=resource.name,
        isolation=modes,
    )


def _module(found: Mapping[str, Any], resource: Resource, deployment: str) -> str:
    """Return the module's deployment; an old `az` does not name it, so the provider takes its place."""
    named = found.get("deploymentId")
    if not named:
        return resource.kind.partition("/")[0].removeprefix("Microsoft.")
    name = str(named).rpartition("/")[2]
    return "main" if name == deployment else name


def _isolation(payload: Mapping[str, Any]) -> str:
    """Return the isolation mode; the payload of a workspace without a managed network has none."""
    network = (payload.get("properties") or {}).get("managedNetwork") or {}
    return str(network.get("isolationMode") or "Disabled")


def _properties(found: Mapping[str, Any]) -> Iterator[Property]:
    """Yield the differences; of a new resource, all properties."""
    if found["changeType"] == "Create":
        for path, value in leaves(found.get("after") or {}):
            if path not in ("apiVersion", "id", "resourceGroup"):  # `az` adds the last one by itself
                yield Property(path, "+", _MISSING, value, None)
        return
    yield from _differences(found.get("delta") or ())


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping) and value:
        for key, inner in value.items():
            yield from leaves(inner, f"{path}.{key}" if path else str(key))
    else:
        yield path, value


def _differences(delta: Iterable[Mapping[str, Any]], parent: str = "") -> Iterator[Property]:
    for found in delta:
        path, what = f"{parent}.{found['path']}" if parent else str(found["path"]), found["propertyChangeType"]
        if what == "NoEffect":
            continue
        if found.get("children"):
            yield from _differences(found["children"], path)
            continue
        before, after = found.get("before"), found.get("after")
        if what == "Create":
            yield Property(path, "+", _MISSING, after, _unknown(after))
        elif what == "Delete":
            yield Property(path, "-", before, _MISSING, _own(path))
        else:
            yield Property(path, "~", before, after, _unknown(after))


def _own(path: str) -> str | None:
    """Return a doubt about a deleted property: values that Azure fills in look deleted (noise in its documentation)."""
    if path.partition(".")[0] == "tags":
        return None
    return "not in infra/: most likely a value that Azure sets by itself and keeps"


def _unknown(after: Any) -> str | None:
    """Return a doubt about a value with an unevaluated expression, such as `[reference(...)]`."""
    if re.search(r'"\[[^\[].*\]"', json.dumps(after)):
        return "known only during the deployment: most likely the present value"
    return None


def _unsupported(found: Mapping[str, Any], group: str) -> str:
    identity = str(found.get("resourceId") or found.get("symbolicName") or "a resource")
    reason = _first_words(found.get("unsupportedReason") or "Azure does not say why")
    return f"could not be inspected: {Resource(identity).within(group)}: {reason}"


def _potential(found: Mapping[str, Any], group: str) -> str:
    return f"may or may not be touched: {Resource(str(found.get('resourceId'))).within(group)}"


def _skipped(diagnostic: Mapping[str, Any]) -> str:
    name = str(diagnostic.get("target") or "").rpartition("/deployments/")[2] or "(unnamed)"
    return (
        f"could not be inspected: module {name}: Azure knows its parameters only during the deployment, which then"
        " builds or updates its resources"
    )


def _first_words(message: object) -> str:
    """Return the message without the link to documentation at its end."""
    return str(message).partition(" Please see ")[0].strip()
