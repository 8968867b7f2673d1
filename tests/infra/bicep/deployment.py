"""Runs a Bicep file as Azure would: modules, loops and conditions become the resources that a deployment makes."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.infra.bicep import runtime, types
from tests.infra.bicep import syntax as s
from tests.infra.bicep.functions import FUNCTIONS, NUMERIC, ORDER, CallError, equal, text, utc_now
from tests.infra.bicep.refusals import refuse
from tests.infra.bicep.scope import ENVIRONMENT, Scope
from tests.infra.bicep.types import Typed
from tests.infra.resource import Resource

# Types that stand on whatever they are deployed to.
_EXTENSIONS = (
    "Microsoft.Authorization/roleAssignments",
    "Microsoft.Consumption/budgets",
    "Microsoft.Insights/diagnosticSettings",
    "Microsoft.KubernetesConfiguration/extensions",
)
# Properties that hold what Azure passes on as it is.
_FREE = {"Microsoft.Logic/workflows": ("definition", "parameters")}
_ALWAYS_KNOWN = ("id", "name", "type", "apiVersion")
_OF_THE_DECLARATION = ("name", "parent", "scope", "dependsOn")
_GROUPS = "Microsoft.Resources/resourceGroups"
_MISSING = object()
_LOADERS: dict[str, Callable[[str], Any]] = {
    "loadJsonContent": json.loads,
    "loadYamlContent": yaml.safe_load,
    "loadTextContent": str,
}


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


class Deployment:
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
        return value if isinstance(value, list) else [value]

    # Names

    def once(self, kind: str, name: str, line: int, work: Callable[[], Any]) -> Any:
        key = (kind, name)
        if self.found.get(key) is _MISSING:
            raise self.file.error(line, f"'{name}' depends on itself")
        if key not in self.found:
            self.found[key] = _MISSING
            try:
                self.found[key] = work()
            except BaseException:
                del self.found[key]
                raise
        return self.found[key]

    def parameter(self, name: str) -> Any:
        return self.once("parameter", name, self.file.parameters[name].line, lambda: self.parameter_value(name))

    def parameter_value(self, name: str) -> Any:
        declaration = self.file.parameters[name]
        if declaration.type is None:
            raise self.file.error(declaration, f"parameter '{name}' has no type")
        typed = Typed(self.file, declaration.type, declaration.decorators)
        if name in self.given:
            value = self.given[name]
            value = value() if callable(value) else value
        elif declaration.default is not None:
            value = self.value(declaration.default, {"": "default"})
        elif types.nullable(typed):
            value = None
        else:
            raise self.file.error(declaration, f"parameter '{name}' is not given")
        for problem in types.problems(value, typed, name):
            raise self.file.error(declaration, problem)
        return value

    def output(self, name: str) -> Any:
        return self.once("output", name, self.file.outputs[name].line, lambda: self.output_value(name))

    def output_value(self, name: str) -> Any:
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
        written = declaration.value
        if not isinstance(written, s.For):
            return self.one(declaration, written, values, parent)
        found = []
        for number, item in enumerate(self.loop_source(written, values)):
            inner = {**values, written.item: item, **({written.index: number} if written.index else {})}
            found.append(self.one(declaration, written.body, inner, parent))
        return found

    def loop_source(self, loop: s.For, values: Mapping[str, Any]) -> list[Any]:
        source = self.value(loop.source, values)
        if not isinstance(source, list):
            raise self.file.error(loop, f"a loop goes through an array, not {source!r}")
        return source

    def one(self, declaration: s.Resource | s.Module, written: Any, values: dict[str, Any], parent: Made | None) -> Any:
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
        written = content.get(key)
        assert written is not None
        found = self.value(written, values)
        if not isinstance(found, Made):
            raise self.file.error(node, f"'{key}' is a resource, not {found!r}")
        return found

    def resource_scope(
        self, content: s.Object, values: dict[str, Any], declaration: s.Resource, kind: str
    ) -> tuple[Scope, Made | None]:
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
        if isinstance(found, Made) and found.kind == _GROUPS:
            location = "" if found.declaration.existing else str(found.body.get("location", ""))
            return Scope(found.scope.subscription, found.name, location or self.scope.location)
        if not isinstance(found, Scope):
            raise self.file.error(node, f"'scope' is a scope or a resource, not {found!r}")
        return found

    def resource_id(
        self, declaration: s.Resource, kind: str, name: str, scope: Scope, parent: Made | None, on: Made | None
    ) -> str:
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
        if not 0 < len(name) <= 64:
            raise self.file.error(declaration, f"a deployment's name has 1 to 64 characters, not '{name}'")
        key = (scope.id.lower(), name.lower())
        if key in self.world.deployments:
            other = self.world.deployments[key]
            raise self.file.error(declaration, f"two deployments are called '{name}': the other one is {other}")
        self.world.deployments[key] = self.address(declaration)

    def arguments(self, declaration: s.Module, content: s.Object, values: dict[str, Any]) -> dict[str, Any]:
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
        if made not in self.bodies:
            properties = tuple(item for item in made.content.properties if item.key not in _OF_THE_DECLARATION)
            value = self.value(s.Object(made.content.line, properties), made.values)
            self.bodies[made] = _without_nulls(value, _FREE.get(made.kind, ()))
        return self.bodies[made]

    # Expressions

    def truth(self, node: s.Expression, values: Mapping[str, Any]) -> bool:
        value = self.value(node, values)
        if not isinstance(value, bool):
            raise self.file.error(node, f"expected true or false, got {value!r}")
        return value

    def value(self, node: s.Expression, values: Mapping[str, Any]) -> Any:
        """The value of an expression; `values` holds the variables of loops and lambdas around it."""
        return self.settled(self.chain(node, values), node)

    def settled(self, found: Any, node: s.Node) -> Any:
        if isinstance(found, Pending):
            raise self.file.error(node, f"'{found.path}' of {found.made.kind} is known only to Azure")
        return None if found is _MISSING else found

    def chain(self, node: s.Expression, values: Mapping[str, Any]) -> Any:
        """Like value, but keeps apart what `.?` did not find: then the rest of the chain is not looked at."""
        if isinstance(node, s.Literal):
            return node.value
        if isinstance(node, s.Interpolation):
            return "".join(self.part_of_text(part, values) for part in node.parts)
        if isinstance(node, s.Name):
            return values[node.name] if node.name in values else self.symbol(node.name, node)
        if isinstance(node, (s.Member, s.Index)):
            return self.access(node, values)
        if isinstance(node, s.Nested):
            base = self.value(node.base, values)
            if not isinstance(base, Made) or node.name not in base.nested:
                raise self.file.error(node, f"there is no resource '{node.name}' inside it")
            return base.nested[node.name]
        if isinstance(node, s.NotNull):
            found = self.chain(node.base, values)
            if found is None or found is _MISSING or (isinstance(found, (Made, Part)) and not found.active):
                raise self.file.error(node, "is null, though '!' says that it is not")
            return found
        if isinstance(node, s.Call):
            return self.call(node, values)
        if isinstance(node, s.Lambda):
            return self.function(node, values)
        if isinstance(node, s.Unary):
            if node.operator == "!":
                return not self.truth(node.operand, values)
            return -self.number(node.operand, values)
        if isinstance(node, s.Binary):
            return self.binary(node, values)
        if isinstance(node, s.Ternary):
            return self.value(node.yes if self.truth(node.condition, values) else node.no, values)
        if isinstance(node, s.Array):
            return [self.value(item, values) for item in node.items]
        if isinstance(node, s.Object):
            return self.object(node, values)
        if isinstance(node, s.For):
            source = self.loop_source(node, values)
            names = (node.item, node.index) if node.index else (node.item,)
            items = [(item, number) for number, item in enumerate(source)]
            return [self.value(node.body, {**values, **dict(zip(names, item, strict=False))}) for item in items]
        raise self.file.error(node, f"{type(node).__name__} is no value")

    def part_of_text(self, part: str | s.Expression, values: Mapping[str, Any]) -> str:
        if isinstance(part, str):
            return part
        value = self.value(part, values)
        if value is None:
            raise self.file.error(part, "null in a string")
        try:
            return text(value)
        except CallError as error:
            raise self.file.error(part, str(error)) from error

    def object(self, node: s.Object, values: Mapping[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for item in node.properties:
            key = item.key if isinstance(item.key, str) else self.value(item.key, values)
            if key in found:
                raise self.file.error(item, f"'{key}' is set twice")
            found[key] = self.value(item.value, values)
        return found

    def function(self, node: s.Lambda, values: Mapping[str, Any]) -> Callable[..., Any]:
        def called(*arguments: Any) -> Any:
            if len(node.parameters) > len(arguments):
                raise self.file.error(node, f"a lambda of {len(arguments)} parameters at most is expected here")
            return self.value(node.body, {**values, **dict(zip(node.parameters, arguments, strict=False))})

        return called

    def number(self, node: s.Expression, values: Mapping[str, Any]) -> int:
        value = self.value(node, values)
        if not isinstance(value, int) or isinstance(value, bool):
            raise self.file.error(node, f"expected a number, got {value!r}")
        return value

    def binary(self, node: s.Binary, values: Mapping[str, Any]) -> Any:
        operator = node.operator
        if operator == "??":
            found = self.settled(self.chain(node.left, values), node)
            return self.value(node.right, values) if found is None else found
        if operator in ("&&", "||"):
            left = self.truth(node.left, values)
            return left if left == (operator == "||") else self.truth(node.right, values)
        if operator in ("==", "!="):
            same = equal(self.value(node.left, values), self.value(node.right, values))
            return same == (operator == "==")
        if operator in ("=~", "!~"):
            same = text(self.value(node.left, values)).lower() == text(self.value(node.right, values)).lower()
            return same == (operator == "=~")
        if operator in ORDER:
            one, other = self.value(node.left, values), self.value(node.right, values)
            if {type(one), type(other)} not in ({int}, {str}):
                raise self.file.error(node, f"{one!r} and {other!r} have no order")
            return ORDER[operator](one, other)
        first, second = self.number(node.left, values), self.number(node.right, values)
        if operator in ("/", "%") and second == 0:
            raise self.file.error(node, "division by zero")
        return NUMERIC[operator](first, second)

    def access(self, node: s.Member | s.Index, values: Mapping[str, Any]) -> Any:
        base = self.chain(node.base, values)
        found = _MISSING if base is _MISSING else self.accessed(base, node, values)
        # What is null by the way of `.?` ends the chain like what is missing.
        return _MISSING if found is None and node.safe else found

    def accessed(self, base: Any, node: s.Member | s.Index, values: Mapping[str, Any]) -> Any:
        key: Any = node.name if isinstance(node, s.Member) else self.value(node.index, values)
        if base is None or (isinstance(base, (Made, Part)) and not base.active and key not in _ALWAYS_KNOWN):
            if node.safe:
                return _MISSING
            raise self.file.error(node, f"'{key}' of null")
        if isinstance(base, (Made, Pending)):
            return self.resource_member(base, str(key), node)
        if isinstance(base, Part):
            if key not in ("outputs", "name"):
                raise self.file.error(node, f"a module has 'outputs' and 'name', not '{key}'")
            return base.name if key == "name" else Outputs(base)
        if isinstance(base, Outputs):
            if key not in base.part.deployment.file.outputs:
                raise self.file.error(node, f"{base.part.deployment.file.path.name} has no output '{key}'")
            return base.part.deployment.output(key)
        if isinstance(base, Wildcard):
            return self.exported(base.file, str(key), node)
        return self.member_of_value(base, key, node)

    def member_of_value(self, base: Any, key: Any, node: s.Member | s.Index) -> Any:
        if isinstance(base, Scope):
            base = base.attributes()
        if isinstance(base, list) and isinstance(key, int) and not isinstance(key, bool):
            if 0 <= key < len(base):
                return base[key]
        elif isinstance(base, Mapping) and isinstance(key, str):
            if key in base:
                return base[key]
        else:
            raise self.file.error(node, f"{base!r} has no {key!r}")
        if node.safe:
            return _MISSING
        raise self.file.error(node, f"there is no {key!r}")

    def resource_member(self, base: Made | Pending, key: str, node: s.Node) -> Any:
        made = base if isinstance(base, Made) else base.made
        path = f"{base.path}.{key}" if isinstance(base, Pending) else key
        if path in _ALWAYS_KNOWN:
            return {"id": made.id, "name": made.name, "type": made.kind, "apiVersion": made.api}[path]
        found = runtime.known(made.kind, made.name, made.id, made.identity, path)
        if found is not None:
            return found
        if runtime.inside(made.kind, path):
            return Pending(made, path)
        found = None if made.declaration.existing else made.body
        for step in path.split("."):
            found = found.get(step) if isinstance(found, Mapping) else None
        if found is None:
            raise self.file.error(node, f"nothing is known of '{path}' of {made.kind}")
        return found

    def call(self, node: s.Call, values: Mapping[str, Any]) -> Any:
        base = node.base
        if base is not None and not (isinstance(base, s.Name) and base.name in ("az", "sys")):
            made = self.value(base, values)
            listed = runtime.listed(node.name, made.kind, made.id) if isinstance(made, Made) else None
            if listed is None:
                raise self.file.error(node, f"'{node.name}' is not known here")
            return listed
        if node.name in _LOADERS:
            return self.load(node)
        if node.name == "utcNow":
            if values.get("") != "default":
                raise self.file.error(node, "utcNow is for defaults of parameters only")
            return utc_now(*(self.value(argument, values) for argument in node.arguments))
        arguments = [self.value(argument, values) for argument in node.arguments]
        try:
            if node.name in FUNCTIONS:
                return FUNCTIONS[node.name](*arguments)
            return self.of_azure(node, arguments)
        except s.BicepError:
            raise
        except (ArithmeticError, AttributeError, CallError, LookupError, TypeError, ValueError) as error:
            raise self.file.error(node, f"{node.name}: {error}") from error

    def of_azure(self, node: s.Call, arguments: list[Any]) -> Any:
        """Functions that depend on where the deployment happens."""
        subscription = Scope(self.scope.subscription)
        if node.name == "resourceGroup":
            if not arguments:
                if self.scope.kind != "resourceGroup":
                    raise CallError(f"there is none in a {self.scope.kind}")
                return self.scope
            *others, group = arguments
            return Scope(others[0] if others else self.scope.subscription, group, self.scope.location)
        if node.name == "subscription":
            return Scope(arguments[0]) if arguments else subscription
        if node.name == "tenant":
            return Scope(None)
        if node.name == "environment":
            return ENVIRONMENT
        if node.name == "deployment":
            return {"name": self.within[1].name if self.within else self.file.path.stem}
        if node.name == "resourceId":
            places = arguments[: next(number for number, one in enumerate(arguments) if "/" in one)]
            kind, *names = arguments[len(places) :]
            scope = self.scope
            if places:
                scope = Scope(places[0] if len(places) == 2 else self.scope.subscription, places[-1])
            return scope.resource_id(kind, *names)
        if node.name == "subscriptionResourceId":
            kind_at = 0 if "/" in arguments[0] else 1
            scope = Scope(arguments[0]) if kind_at else subscription
            return scope.resource_id(arguments[kind_at], *arguments[kind_at + 1 :])
        if node.name == "tenantResourceId":
            return Scope(None).resource_id(arguments[0], *arguments[1:])
        if node.name == "extensionResourceId":
            return arguments[0] + Scope(None).resource_id(arguments[1], *arguments[2:])
        raise self.file.error(node, f"the function '{node.name}' is not known here")

    def load(self, node: s.Call) -> Any:
        argument = node.arguments[0] if len(node.arguments) == 1 else None
        if not isinstance(argument, s.Literal) or not isinstance(argument.value, str):
            raise self.file.error(node, f"{node.name} takes one plain string")
        path = self.file.path.parent / argument.value
        if not path.is_file():
            raise self.file.error(node, f"there is no {argument.value}")
        try:
            return _LOADERS[node.name](path.read_text(encoding="utf-8"))
        except (ValueError, yaml.YAMLError) as error:
            raise self.file.error(node, f"{argument.value}: {error}") from error


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
