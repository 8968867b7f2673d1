"""Values of expressions, in a file whose symbols somebody else looks up."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any

import yaml

from tests.infra.bicep import runtime
from tests.infra.bicep import syntax as s
from tests.infra.bicep.functions import FUNCTIONS, NUMERIC, ORDER, CallError, equal, text
from tests.infra.bicep.scope import ENVIRONMENT, Scope
from tests.infra.bicep.values import Made, Outputs, Part, Pending, Wildcard

# Attributes of a resource that are known before it is built, and of one that is not built at all.
ALWAYS_KNOWN = ("id", "name", "type", "apiVersion")
MISSING = object()
_LOADERS: dict[str, Callable[[str], Any]] = {
    "loadJsonContent": json.loads,
    "loadYamlContent": yaml.safe_load,
    "loadTextContent": str,
}


class Expressions(ABC):
    """Works out expressions of one file, in one scope."""

    file: s.File
    scope: Scope
    deployment_name: str

    @abstractmethod
    def symbol(self, name: str, node: s.Node) -> Any:
        """The value of a parameter, variable, resource, module or import."""

    @abstractmethod
    def exported(self, there: s.File, name: str, node: s.Node) -> Any:
        """The value of a variable that another file exports."""

    def loop_source(self, loop: s.For, values: Mapping[str, Any]) -> list[Any]:
        """The array that a loop goes through."""
        source = self.value(loop.source, values)
        if not isinstance(source, list):
            raise self.file.error(loop, f"a loop goes through an array, not {source!r}")
        return source

    def truth(self, node: s.Expression, values: Mapping[str, Any]) -> bool:
        """The value of a condition."""
        value = self.value(node, values)
        if not isinstance(value, bool):
            raise self.file.error(node, f"expected true or false, got {value!r}")
        return value

    def value(self, node: s.Expression, values: Mapping[str, Any]) -> Any:
        """The value of an expression; `values` holds the variables of loops and lambdas around it."""
        return self.settled(self.chain(node, values), node)

    def settled(self, found: Any, node: s.Node) -> Any:
        """A value that is known; what `.?` did not find is null."""
        if isinstance(found, Pending):
            raise self.file.error(node, f"'{found.path}' of {found.made.kind} is known only to Azure")
        return None if found is MISSING else found

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
            if found is None or found is MISSING or (isinstance(found, (Made, Part)) and not found.active):
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
        """An expression in a string, as text."""
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
        """An object, whose keys may be expressions too."""
        found: dict[str, Any] = {}
        for item in node.properties:
            key = item.key if isinstance(item.key, str) else self.value(item.key, values)
            if key in found:
                raise self.file.error(item, f"'{key}' is set twice")
            found[key] = self.value(item.value, values)
        return found

    def function(self, node: s.Lambda, values: Mapping[str, Any]) -> Callable[..., Any]:
        """A lambda, as something to call."""

        def called(*arguments: Any) -> Any:
            if len(node.parameters) > len(arguments):
                raise self.file.error(node, f"a lambda of {len(arguments)} parameters at most is expected here")
            return self.value(node.body, {**values, **dict(zip(node.parameters, arguments, strict=False))})

        return called

    def number(self, node: s.Expression, values: Mapping[str, Any]) -> int:
        """The value of an expression that is a number."""
        value = self.value(node, values)
        if not isinstance(value, int) or isinstance(value, bool):
            raise self.file.error(node, f"expected a number, got {value!r}")
        return value

    def binary(self, node: s.Binary, values: Mapping[str, Any]) -> Any:
        """An operator between two expressions."""
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
        """A member or an item of something."""
        base = self.chain(node.base, values)
        found = MISSING if base is MISSING else self.accessed(base, node, values)
        # What is null by the way of `.?` ends the chain like what is missing.
        return MISSING if found is None and node.safe else found

    def accessed(self, base: Any, node: s.Member | s.Index, values: Mapping[str, Any]) -> Any:
        """A member or an item of something that is there."""
        key: Any = node.name if isinstance(node, s.Member) else self.value(node.index, values)
        if base is None or (isinstance(base, (Made, Part)) and not base.active and key not in ALWAYS_KNOWN):
            if node.safe:
                return MISSING
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
        """A property of an object, or an item of an array."""
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
            return MISSING
        raise self.file.error(node, f"there is no {key!r}")

    def resource_member(self, base: Made | Pending, key: str, node: s.Node) -> Any:
        """An attribute of a resource: what its file says, or what Azure would make up."""
        made = base if isinstance(base, Made) else base.made
        path = f"{base.path}.{key}" if isinstance(base, Pending) else key
        if path in ALWAYS_KNOWN:
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
        """A function's result."""
        base = node.base
        if base is not None and not (isinstance(base, s.Name) and base.name in ("az", "sys")):
            made = self.value(base, values)
            listed = runtime.listed(node.name, made.kind, made.id) if isinstance(made, Made) else None
            if listed is None:
                raise self.file.error(node, f"'{node.name}' is not known here")
            return listed
        if node.name in _LOADERS:
            return self.load(node)
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
            return {"name": self.deployment_name}
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
        """What a file beside the template holds."""
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
