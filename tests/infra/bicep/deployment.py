"""Runs a Bicep file as Azure would: modules, loops and conditions become the resources that a deployment makes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tests.infra.bicep import syntax as s
from tests.infra.bicep import types
from tests.infra.bicep.expressions import MISSING, Expressions
from tests.infra.bicep.functions import CallError
from tests.infra.bicep.refusals import refuse
from tests.infra.bicep.scope import Scope
from tests.infra.bicep.types import Typed
from tests.infra.bicep.values import Made, Part, Pending, Wildcard, World

# Properties that hold what Azure passes on as it is.
_FREE = {"Microsoft.Logic/workflows": ("definition", "parameters")}
_OF_THE_DECLARATION = ("name", "parent", "scope", "dependsOn")
_GROUPS = "Microsoft.Resources/resourceGroups"


class Deployment(Expressions):
    """One file with values for its parameters, in one scope."""

    def __init__(
        self,
        file: s.File,
        scope: Scope,
        world: World,
        *,
        parameters: Mapping[str, Any] | None = None,
        within: tuple[Deployment, s.Module] | None = None,
    ) -> None:
        refuse(file)
        self.file = file
        self.scope = scope
        self.world = world
        self.within = within
        self.deployment_name = within[1].name if within else file.path.stem
        self.given = dict(parameters or {})
        self.found: dict[tuple[str, str], Any] = {}
        self.bodies: dict[Made, dict[str, Any]] = {}

    def address(self, node: s.Declaration) -> str:
        """Where a declaration stands, by the modules that lead to it."""
        path = [f"{self.file.path.name}:{node.line} {node.name}"]
        deployment = self
        while deployment.within is not None:
            deployment, module = deployment.within
            path.insert(0, module.name)
        return " > ".join(path)

    # What a deployment does

    def run(self) -> None:
        """Make all resources of this file and of its modules, and work out all outputs."""
        for name in self.file.parameters:
            self.parameter(name)
        for name in self.file.variables:
            self.symbol(name, s.Node(self.file.variables[name].line))
        declarations: list[s.Resource | s.Module] = [*self.file.resources.values(), *self.file.modules.values()]
        for declaration in declarations:
            for one in self.all_of(self.declared(declaration)):
                self.deploy(one)
        for name in self.file.outputs:
            self.output(name)

    def deploy(self, one: Made | Part) -> None:
        """Note what one symbol makes, and what is inside it."""
        if isinstance(one, Part):
            if one.active:
                one.deployment.run()
            return
        if one.declaration.existing:
            self.world.existing.append(one)
        elif one.active:
            self.world.add(one)
        for inner in one.nested.values():
            for each in self.all_of(inner):
                self.deploy(each)

    @staticmethod
    def all_of(value: Any) -> list[Any]:
        """The values of a symbol, which has several where it is a loop."""
        return value if isinstance(value, list) else [value]

    # Names

    def once(self, kind: str, name: str, line: int, work: Callable[[], Any]) -> Any:
        """Work something out once, and notice when it needs itself for that."""
        key = (kind, name)
        if self.found.get(key) is MISSING:
            raise self.file.error(line, f"'{name}' depends on itself")
        if key not in self.found:
            self.found[key] = MISSING
            try:
                self.found[key] = work()
            except BaseException:
                del self.found[key]
                raise
        return self.found[key]

    def parameter(self, name: str) -> Any:
        """The value of a parameter, which is of its type."""
        return self.once("parameter", name, self.file.parameters[name].line, lambda: self.parameter_value(name))

    def parameter_value(self, name: str) -> Any:
        """What a parameter was given, or its default."""
        declaration = self.file.parameters[name]
        if declaration.type is None:
            raise self.file.error(declaration, f"parameter '{name}' has no type")
        typed = Typed(self.file, declaration.type, declaration.decorators)
        if name in self.given:
            value = self.given[name]
            value = value() if callable(value) else value
        elif declaration.default is not None:
            value = self.value(declaration.default, {})
        elif types.nullable(typed):
            value = None
        else:
            raise self.file.error(declaration, f"parameter '{name}' is not given")
        for problem in types.problems(value, typed, name):
            raise self.file.error(declaration, problem)
        return value

    def output(self, name: str) -> Any:
        """The value of an output, which is of its type."""
        return self.once("output", name, self.file.outputs[name].line, lambda: self.output_value(name))

    def output_value(self, name: str) -> Any:
        """What an output says."""
        declaration = self.file.outputs[name]
        value = self.value(declaration.value, {})
        for problem in types.problems(value, Typed(self.file, declaration.type, declaration.decorators), name):
            raise self.file.error(declaration, problem)
        return value

    def symbol(self, name: str, node: s.Node) -> Any:
        if name in self.file.parameters:
            return self.parameter(name)
        if name in self.file.variables:
            variable = self.file.variables[name]
            return self.once("variable", name, variable.line, lambda: self.value(variable.value, {}))
        for declarations in (self.file.resources, self.file.modules):
            if name in declarations:
                return self.declared(declarations[name])
        for item in self.file.imports:
            if item.everything_as == name:
                return Wildcard(types.imported(self.file, item))
            if name in item.names:
                return self.exported(types.imported(self.file, item), item.names[name], node)
        raise self.file.error(node, f"'{name}' is not defined")

    def exported(self, there: s.File, name: str, node: s.Node) -> Any:
        variable = there.variables.get(name)
        if variable is None or variable.decorator("export") is None:
            raise self.file.error(node, f"{there.path.name} does not export '{name}'")
        if there.path not in self.world.exports:
            self.world.exports[there.path] = Deployment(there, self.scope, self.world)
        return self.world.exports[there.path].symbol(name, node)

    # Resources and modules

    def declared(self, declaration: s.Resource | s.Module) -> Any:
        """The value of a symbol: one resource or module, or a list where it is a loop."""
        return self.once("symbol", declaration.name, declaration.line, lambda: self.expand(declaration, {}, None))

    def expand(self, declaration: s.Resource | s.Module, values: dict[str, Any], parent: Made | None) -> Any:
        """One resource or module, or one for each item of a loop."""
        written = declaration.value
        if not isinstance(written, s.For):
            return self.one(declaration, written, values, parent)
        found = []
        for number, item in enumerate(self.loop_source(written, values)):
            inner = {**values, written.item: item, **({written.index: number} if written.index else {})}
            found.append(self.one(declaration, written.body, inner, parent))
        return found

    def one(self, declaration: s.Resource | s.Module, written: Any, values: dict[str, Any], parent: Made | None) -> Any:
        """A resource or module, with the condition around it."""
        active = True
        if isinstance(written, s.If):
            active = self.truth(written.condition, values)
            written = written.body
        assert isinstance(written, s.Object)
        if isinstance(declaration, s.Module):
            return self.part(declaration, written, values, active)
        return self.made(declaration, written, values, active, parent)

    def made(
        self,
        declaration: s.Resource,
        content: s.Object,
        values: dict[str, Any],
        active: bool,
        parent: Made | None,
    ) -> Made:
        """A resource: its name, its place and its ID; its request is worked out when somebody needs it."""
        kind, _, api = declaration.type.partition("@")
        if parent is not None:
            kind, api = f"{parent.kind}/{kind}", api or parent.api
        if not api or "/" not in kind:
            raise self.file.error(declaration, f"'{declaration.type}' is no type with a version")
        written = content.get("name")
        name = None if written is None else self.value(written, values)
        if not isinstance(name, str) or not name:
            raise self.file.error(declaration, f"the name of a resource cannot be {name!r}")
        scope, on = self.scope, None
        if content.get("parent") is not None:
            parent = self.resource(content, "parent", values, declaration)
        if content.get("scope") is not None:
            scope, on = self.resource_scope(content, values, declaration, kind)
        resource_id = self.resource_id(declaration, kind, name, scope, parent, on)
        if parent is not None:
            scope = parent.scope
            active = active and parent.active
        made = Made(self, declaration, kind, api, name, resource_id, scope, active, content, values, parent, on)
        for inner in content.resources:
            made.nested[inner.name] = self.expand(inner, values, made)
        return made

    def resource(self, content: s.Object, key: str, values: dict[str, Any], node: s.Node) -> Made:
        """The resource that a property names."""
        written = content.get(key)
        assert written is not None
        found = self.value(written, values)
        if not isinstance(found, Made):
            raise self.file.error(node, f"'{key}' is a resource, not {found!r}")
        return found

    def resource_scope(
        self, content: s.Object, values: dict[str, Any], declaration: s.Resource, kind: str
    ) -> tuple[Scope, Made | None]:
        """Where a resource stands, and the resource it stands on."""
        written = content.get("scope")
        assert written is not None
        found = self.value(written, values)
        if isinstance(found, Made) and found.kind != _GROUPS:
            if not declaration.existing and found.scope.id.lower() != self.scope.id.lower():
                raise self.file.error(declaration, "stands in another scope than the file: a module has to deploy it")
            return found.scope, found
        scope = self.as_scope(found, declaration)
        if not declaration.existing and scope.id.lower() != self.scope.id.lower():
            raise self.file.error(declaration, "stands in another scope than the file: a module has to deploy it")
        return scope, None

    def as_scope(self, found: Any, node: s.Node) -> Scope:
        """A scope, or the resource group that a symbol stands for."""
        if isinstance(found, Made) and found.kind == _GROUPS:
            location = "" if found.declaration.existing else str(found.body.get("location", ""))
            return Scope(found.scope.subscription, found.name, location or self.scope.location)
        if not isinstance(found, Scope):
            raise self.file.error(node, f"'scope' is a scope or a resource, not {found!r}")
        return found

    def resource_id(
        self, declaration: s.Resource, kind: str, name: str, scope: Scope, parent: Made | None, on: Made | None
    ) -> str:
        """The ID of a resource: in a scope, below a parent, or on another resource."""
        if parent is not None:
            if kind.rpartition("/")[0].lower() != parent.kind.lower():
                raise self.file.error(declaration, f"{kind} is no child of {parent.kind}")
            if "/" in name:
                raise self.file.error(declaration, f"with a parent the name is the last part alone, not '{name}'")
            return f"{parent.id}/{kind.rpartition('/')[2]}/{name}"
        if kind == _GROUPS:
            if scope.kind != "subscription":
                raise self.file.error(declaration, "a resource group stands in a subscription")
            return f"{scope.id}/resourceGroups/{name}"
        try:
            local = scope.resource_id(kind, *name.split("/"))
        except ValueError as error:
            raise self.file.error(declaration, str(error)) from error
        return local if on is None else on.id + local.removeprefix(scope.id)

    def part(self, declaration: s.Module, content: s.Object, values: dict[str, Any], active: bool) -> Part:
        """A module: its file, its scope and what it is given."""
        file = types.of_module(self.file, declaration)
        for item in content.properties:
            if item.key not in ("name", "params", "scope", "dependsOn"):
                raise self.file.error(item, f"a module takes no '{item.key}'")
        written_name = content.get("name")
        name = declaration.name if written_name is None else self.value(written_name, values)
        written_scope = content.get("scope")
        scope = self.scope
        if written_scope is not None:
            scope = self.as_scope(self.value(written_scope, values), declaration)
        if scope.kind != file.target_scope:
            raise self.file.error(declaration, f"{declaration.path} is for a {file.target_scope}, not a {scope.kind}")
        if active:
            self.note_deployment(declaration, str(name), scope)
        given = self.arguments(declaration, content, values)
        deployment = Deployment(file, scope, self.world, parameters=given, within=(self, declaration))
        return Part(str(name), active, deployment)

    def note_deployment(self, declaration: s.Module, name: str, scope: Scope) -> None:
        """Azure keeps deployments of one scope by their names: two of one name get in each other's way."""
        if not 0 < len(name) <= 64:
            raise self.file.error(declaration, f"a deployment's name has 1 to 64 characters, not '{name}'")
        key = (scope.id.lower(), name.lower())
        if key in self.world.deployments:
            other = self.world.deployments[key]
            raise self.file.error(declaration, f"two deployments are called '{name}': the other one is {other}")
        self.world.deployments[key] = self.address(declaration)

    def arguments(self, declaration: s.Module, content: s.Object, values: dict[str, Any]) -> dict[str, Any]:
        """What a module is given."""
        written = content.get("params")
        if written is None:
            written = s.Object(declaration.line, ())
        if not isinstance(written, s.Object):
            raise self.file.error(declaration, "'params' is an object")
        given: dict[str, Any] = {}
        for item in written.properties:
            # Worked out once needed: two modules may each use outputs of the other's that do not depend on each other.
            given[str(item.key)] = lambda value=item.value: self.value(value, values)
        return given

    def body(self, made: Made) -> dict[str, Any]:
        """The request that makes a resource."""
        if made not in self.bodies:
            properties = tuple(item for item in made.content.properties if item.key not in _OF_THE_DECLARATION)
            value = self.value(s.Object(made.content.line, properties), made.values)
            self.bodies[made] = _without_nulls(value, _FREE.get(made.kind, ()))
        return self.bodies[made]


def _without_nulls(value: Any, free: tuple[str, ...] = ()) -> Any:
    """A request leaves out what is null, but for what is the user's own below `free`."""
    if isinstance(value, dict):
        return {
            key: item if key in free else _without_nulls(item, free) for key, item in value.items() if item is not None
        }
    if isinstance(value, list):
        return [_without_nulls(item, free) for item in value]
    if isinstance(value, (Made, Part, Scope, Pending)):
        raise CallError("a resource is no value")
    return value
