"""What symbols of a Bicep file stand for while it runs, and what the run has made so far."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.infra.bicep import syntax as s
from tests.infra.bicep.scope import Scope
from tests.infra.resource import Resource

if TYPE_CHECKING:
    from tests.infra.bicep.deployment import Deployment

# Types that stand on whatever they are deployed to.
_EXTENSIONS = (
    "Microsoft.Authorization/roleAssignments",
    "Microsoft.Consumption/budgets",
    "Microsoft.Insights/diagnosticSettings",
    "Microsoft.KubernetesConfiguration/extensions",
)


@dataclass(eq=False)
class Made:
    """A resource symbol's value: one resource, deployed or existing."""

    deployment: Deployment
    declaration: s.Resource
    kind: str
    api: str
    name: str
    id: str
    scope: Scope
    active: bool
    content: s.Object
    values: dict[str, Any]
    parent: Made | None
    on: Made | None
    nested: dict[str, Any] = field(default_factory=dict)

    @property
    def body(self) -> dict[str, Any]:
        """The request that makes it."""
        return self.deployment.body(self)

    @property
    def identity(self) -> str:
        """The kinds of identity it has; an existing one may have any."""
        if self.declaration.existing:
            return "SystemAssigned"
        written = self.content.get("identity")
        value = None if written is None else self.deployment.value(written, self.values)
        return "" if value is None else str(value["type"])


@dataclass(frozen=True)
class Pending:
    """A part of a resource that only Azure knows, some values of which are known here."""

    made: Made
    path: str


@dataclass(eq=False)
class Part:
    """A module symbol's value: one deployment of a file."""

    name: str
    active: bool
    deployment: Deployment


@dataclass(frozen=True)
class Outputs:
    """The outputs of a module."""

    part: Part


@dataclass(frozen=True)
class Wildcard:
    """All that a file exports."""

    file: s.File


@dataclass
class World:
    """What one deployment and all those in it make."""

    resources: list[Resource] = field(default_factory=list)
    made: list[Made] = field(default_factory=list)
    existing: list[Made] = field(default_factory=list)
    ids: dict[str, str] = field(default_factory=dict)
    deployments: dict[tuple[str, str], str] = field(default_factory=dict)
    exports: dict[Path, Deployment] = field(default_factory=dict)

    def add(self, made: Made) -> None:
        """Note a resource that a deployment makes; no two have one ID."""
        if made.id.lower() in self.ids:
            other = self.ids[made.id.lower()]
            raise made.deployment.file.error(made.declaration, f"{made.id} is deployed twice: also by {other}")
        self.ids[made.id.lower()] = made.deployment.address(made.declaration)
        extension = made.kind in _EXTENSIONS
        on = made.on.id if made.on is not None else made.scope.id if extension else None
        self.made.append(made)
        name = made.name.rpartition("/")[2]
        address = made.deployment.address(made.declaration)
        self.resources.append(Resource(made.kind, name, made.id, made.body, address, on))
