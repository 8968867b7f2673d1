"""What the compiler refuses in a file without running it: names, places of loops, values known too late, secrets."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.infra.bicep import lint, members, types
from tests.infra.bicep import syntax as s
from tests.infra.bicep.functions import FUNCTIONS
from tests.infra.bicep.runtime import LISTS
from tests.infra.bicep.types import Typed

_OF_AZURE = (
    *("deployment", "environment", "extensionResourceId", "loadJsonContent", "loadTextContent", "loadYamlContent"),
    *("resourceGroup", "resourceId", "subscription", "subscriptionResourceId", "tenant", "tenantResourceId"),
)
_DECORATORS = (
    *("allowed", "batchSize", "description", "export", "maxLength", "maxValue", "metadata", "minLength", "minValue"),
    *("sealed", "secure"),
)
_AT_THE_START = ("id", "name", "type", "apiVersion")
_checked: dict[int, s.File] = {}


def refuse(file: s.File) -> None:
    """Raise BicepError for the first thing in a file that the compiler or its linter would refuse."""
    if id(file) in _checked:
        return
    _Names(file).check()
    for refusal in (places, forms, cycles, late, nulls, short_circuits, secrets, members.findings, lint.findings):
        for node, message in refusal(file):
            raise file.error(node, message)
    _checked[id(file)] = file


def declarations(file: s.File) -> list[s.Parameter | s.Variable | s.Resource | s.Module | s.Output]:
    """All declarations that hold an expression."""
    return [
        *file.parameters.values(),
        *file.variables.values(),
        *file.resources.values(),
        *file.modules.values(),
        *file.outputs.values(),
    ]


def symbol(file: s.File, name: str) -> s.Resource | s.Module | None:
    """The resource or module of a name."""
    return file.resources.get(name) or file.modules.get(name)


def root(node: Any) -> tuple[Any, list[Any]]:
    """Where a chain such as a.b[0].c begins, and its steps from there."""
    steps: list[Any] = []
    while isinstance(node, (s.Member, s.Index, s.Nested, s.NotNull)):
        steps.insert(0, node)
        node = node.base
    return node, steps


class _Names:
    """Every name is defined, and what is defined is used."""

    def __init__(self, file: s.File) -> None:
        self.file = file
        self.used: set[str] = set()
        self.imported: dict[str, s.Import] = {}
        for item in file.imports:
            for name in [item.everything_as] if item.everything_as else item.names:
                self.imported[name] = item

    def check(self) -> None:
        for declaration in declarations(self.file):
            for decorator in declaration.decorators:
                self.decorator(decorator)
            if isinstance(declaration, (s.Parameter, s.Output)) and declaration.type is not None:
                self.type(declaration.type)
            for child in s.children(declaration):
                self.expression(child, frozenset())
        for declared in self.file.types.values():
            for decorator in declared.decorators:
                self.decorator(decorator)
            self.type(declared.type)
        for node, message in self.unused():
            raise self.file.error(node, message)

    def decorator(self, decorator: s.Call) -> None:
        if decorator.name not in _DECORATORS:
            raise self.file.error(decorator, f"there is no decorator @{decorator.name}")

    def unused(self) -> Iterator[tuple[s.Node, str]]:
        for name, parameter in self.file.parameters.items():
            if name not in self.used and parameter.type is not None:
                yield parameter, f"parameter '{name}' is not used"
        for name, variable in self.file.variables.items():
            if name not in self.used and variable.decorator("export") is None:
                yield variable, f"variable '{name}' is not used"
        for name, kind in self.file.types.items():
            if name not in self.used and kind.decorator("export") is None:
                yield kind, f"type '{name}' is not used"
        for name, item in self.imported.items():
            if name not in self.used:
                yield item, f"'{name}' is imported and not used"
        for name, resource in self.file.resources.items():
            if resource.existing and name not in self.used:
                yield resource, f"the existing resource '{name}' is not used"

    def expression(self, node: Any, known: frozenset[str]) -> None:
        if isinstance(node, s.Name):
            self.name(node, known)
        elif isinstance(node, s.For):
            self.expression(node.source, known)
            self.expression(node.body, known | {node.item} | ({node.index} if node.index else set()))
        elif isinstance(node, s.Lambda):
            self.expression(node.body, known | set(node.parameters))
        else:
            if isinstance(node, s.Call):
                self.call(node, known)
                if isinstance(node.base, s.Name) and node.base.name in ("az", "sys"):
                    node = s.Call(node.line, node.name, node.arguments)
            for child in s.children(node):
                self.expression(child, known)

    def name(self, node: s.Name, known: frozenset[str]) -> None:
        if node.name in known:
            return
        self.used.add(node.name)
        file = self.file
        if not (node.name in file.parameters or node.name in file.variables or symbol(file, node.name)):
            item = self.imported.get(node.name)
            if item is None:
                raise file.error(node, f"'{node.name}' is not defined")
            if item.everything_as is None:
                there = types.imported(file, item)
                variable = there.variables.get(item.names[node.name])
                if variable is None or variable.decorator("export") is None:
                    raise file.error(node, f"{item.path} does not export a value '{item.names[node.name]}'")

    def call(self, node: s.Call, known: frozenset[str]) -> None:
        file = self.file
        hidden = node.name in known or node.name in file.parameters or node.name in file.variables
        if node.base is None and (hidden or symbol(file, node.name) or node.name in self.imported):
            raise file.error(node, f"'{node.name}' is no function here: write sys.{node.name} or az.{node.name}")
        own = node.base is None or (isinstance(node.base, s.Name) and node.base.name in ("az", "sys"))
        if own and node.name not in (*FUNCTIONS, *_OF_AZURE):
            raise self.file.error(node, f"there is no function '{node.name}' here")
        if not own and node.name not in LISTS:
            raise self.file.error(node, f"a resource has no function '{node.name}'")

    def type(self, node: s.TypeExpression) -> None:
        if isinstance(node, s.TypeName):
            self.used.add(node.name)
            types.resolve(Typed(self.file, node))
        elif isinstance(node, s.TypeArray):
            self.type(node.item)
        elif isinstance(node, s.TypeNullable):
            self.type(node.inner)
        elif isinstance(node, s.TypeUnion):
            for choice in node.choices:
                self.type(choice)
        elif isinstance(node, s.TypeObject):
            for item in node.properties:
                for decorator in item.decorators:
                    self.decorator(decorator)
                self.type(item.type)
            if node.others is not None:
                self.type(node.others)


def places(file: s.File) -> Iterator[tuple[s.Node, str]]:
    """Loops and lambdas where the language has none, and loops taken for one resource."""
    for declaration in declarations(file):
        written = None if isinstance(declaration, s.Parameter) else declaration.value
        within = isinstance(declaration, (s.Resource, s.Module))
        for child in s.children(declaration):
            top = child is written and isinstance(child, s.For)
            body = child.body if top else child
            yield from _loops(body, allowed=within)
            for node in s.walk(child):
                if isinstance(node, s.Call) and node.name == "utcNow" and not isinstance(declaration, s.Parameter):
                    yield node, "utcNow is for defaults of parameters only"
            yield from _lambdas(s.Property(declaration.line, "", body))
            yield from _collections(file, child, set(), set())


def forms(file: s.File) -> Iterator[tuple[s.Node, str]]:
    """What only a symbol, or a scope written out, may stand for; and what an existing resource cannot be told."""
    declared: list[s.Resource | s.Module] = [*file.resources.values(), *file.modules.values()]
    for declaration in declared:
        body = content(declaration)
        for key in ("scope", "parent"):
            value = body.get(key)
            base, _ = root(value)
            scope = isinstance(base, s.Call) and base.name in (
                "managementGroup",
                "resourceGroup",
                "subscription",
                "tenant",
            )
            if value is not None and not isinstance(base, s.Name) and not (key == "scope" and scope):
                yield value, f"'{key}' is written out, not worked out"
        if isinstance(declaration, s.Resource) and declaration.existing:
            for item in body.properties:
                if item.key not in ("name", "parent", "scope"):
                    yield item, f"an existing resource cannot be told its '{item.key}'"


def content(declaration: s.Resource | s.Module) -> s.Object:
    """The object of a declaration, without the loop and the condition around it."""
    body = declaration.value
    while isinstance(body, (s.For, s.If)):
        body = body.body
    assert isinstance(body, s.Object)
    return body


def cycles(file: s.File) -> Iterator[tuple[s.Node, str]]:
    """Resources and modules that wait for each other."""
    for name in (*file.resources, *file.modules):
        declaration = symbol(file, name)
        assert declaration is not None
        others = lint.symbols(file, declaration.value) - {name}
        if any(name in lint.dependencies(file, other) for other in others):
            yield declaration, f"'{name}' waits for itself"


def _loops(node: Any, *, allowed: bool) -> Iterator[tuple[s.Node, str]]:
    if isinstance(node, s.For):
        yield node, "a loop stands only as the value of a declaration, or of a property of a resource or module"
        return
    for child in s.children(node):
        inside = isinstance(node, s.Property) and allowed and isinstance(child, s.For)
        if inside:
            # Loops of properties cannot be nested.
            yield from _loops(child.source, allowed=False)
            yield from _loops(child.body, allowed=False)
        else:
            keeps = isinstance(child, (s.Object, s.Property, s.If, s.Array, s.Resource))
            yield from _loops(child, allowed=allowed and keeps)


def _lambdas(node: Any) -> Iterator[tuple[s.Node, str]]:
    for child in s.children(node):
        if isinstance(child, s.Lambda) and not isinstance(node, s.Call):
            yield child, "a lambda is an argument of a function"
        yield from _lambdas(child)


def _collections(file: s.File, node: Any, loops: set[str], lambdas: set[str]) -> Iterator[tuple[s.Node, str]]:
    if isinstance(node, s.For):
        names = {node.item, *([node.index] if node.index else [])}
        yield from _collections(file, node.source, loops, lambdas)
        yield from _collections(file, node.body, loops | names, lambdas - names)
        return
    if isinstance(node, s.Lambda):
        yield from _collections(file, node.body, loops - set(node.parameters), lambdas | set(node.parameters))
        return
    if isinstance(node, s.Property) and node.key == "dependsOn":
        return
    base, steps = root(node)
    if isinstance(base, s.Name) and base.name not in loops | lambdas:
        found = symbol(file, base.name)
        first = steps[0] if steps else None
        if found is not None and isinstance(found.value, s.For):
            if not isinstance(first, s.Index):
                yield node, f"'{base.name}' is a loop: name one of its items by an index"
            elif any(isinstance(one, s.Name) and one.name in lambdas for one in s.walk(first.index)):
                yield node, f"a lambda's variable cannot choose an item of '{base.name}'"
        elif found is not None and isinstance(first, s.Index):
            yield node, f"'{base.name}' is no loop"
    for step in steps:
        if isinstance(step, s.Index):
            yield from _collections(file, step.index, loops, lambdas)
    if not steps:
        for child in s.children(node):
            yield from _collections(file, child, loops, lambdas)
    elif not isinstance(base, s.Name):
        yield from _collections(file, base, loops, lambdas)


def late(file: s.File) -> Iterator[tuple[s.Node, str]]:
    """Names, scopes, conditions and loops that depend on what is known only after something is built."""
    for declaration in declarations(file):
        for node, known in s.scoped(declaration):
            needed: list[tuple[str, Any]] = []
            if isinstance(node, s.For):
                needed.append(("what a loop goes through", node.source))
            if isinstance(node, s.If):
                needed.append(("a condition", node.condition))
            if isinstance(node, s.Variable) and isinstance(node.value, s.For):
                needed.append(("the loop of a variable", node.value))
            if isinstance(node, (s.Resource, s.Module)):
                body = content(node)
                for key in ("name", "scope", "parent"):
                    value = body.get(key)
                    needed += [] if value is None else [(f"'{key}'", value)]
            for what, value in needed:
                cause = known_late(file, value, known)
                if cause is not None:
                    yield value, f"{what} has to be known at the start, but '{cause}' is not"


def known_late(
    file: s.File, node: Any, known: frozenset[str] = frozenset(), seen: frozenset[str] = frozenset()
) -> str | None:
    """The part of an expression that is known only after something is built; None if all is known at the start."""
    base, steps = root(node)
    if isinstance(base, s.Name) and base.name not in known:
        found = symbol(file, base.name)
        if found is not None:
            members = [step.name for step in steps if isinstance(step, s.Member)]
            if members and members[0] not in (_AT_THE_START if isinstance(found, s.Resource) else ("name",)):
                return ".".join([base.name, *members])
        if base.name in file.variables and base.name not in seen:
            cause = known_late(file, file.variables[base.name].value, frozenset(), seen | {base.name})
            if cause is not None:
                return cause
    if isinstance(base, s.Name):
        indices = [step.index for step in steps if isinstance(step, s.Index)]
        return next(filter(None, (known_late(file, index, known, seen) for index in indices)), None)
    if isinstance(node, s.Call) and (node.name in LISTS or node.name == "reference"):
        return node.name
    inner = ((child, s.bound(node, child, known)) for child in s.children(node))
    return next(filter(None, (known_late(file, child, names, seen) for child, names in inner)), None)


def nulls(file: s.File) -> Iterator[tuple[s.Node, str]]:
    """Uses of what a condition may leave out, without saying so by `!` or `.?`."""
    for declaration in declarations(file):
        for node, known in s.scoped(declaration):
            if not isinstance(node, s.Member) or node.safe or node.name in _AT_THE_START:
                continue
            base = node.base.base if isinstance(node.base, s.Index) else node.base
            found = symbol(file, base.name) if isinstance(base, s.Name) and base.name not in known else None
            body = found.value if found is not None else None
            body = body.body if isinstance(body, s.For) else body
            if isinstance(body, s.If) and isinstance(base, s.Name):
                yield node, f"'{base.name}' is not always deployed: write '!' or '.?'"


def short_circuits(file: s.File) -> Iterator[tuple[s.Node, str]]:
    """Modules that a preview of a deployment cannot look into: a name or condition in them is known too late."""
    for module in file.modules.values() if lint.enabled(file, "what-if-short-circuiting") else ():
        there = types.of_module(file, module)
        needed: set[str] = set()
        declared: list[s.Resource | s.Module] = [*there.resources.values(), *there.modules.values()]
        for declaration in declared:
            body = content(declaration)
            parts: list[Any] = [body.get("name"), body.get("scope")]
            parts += [node.condition for node in s.walk(declaration) if isinstance(node, s.If)]
            needed |= {name for part in parts if part is not None for name in _parameters(there, part)}
        given = content(module).get("params")
        for item in given.properties if isinstance(given, s.Object) else ():
            cause = known_late(file, item.value)
            if item.key in needed and cause is not None:
                yield item, f"what-if-short-circuiting: '{item.key}' has to be known at the start, but '{cause}' is not"


def _parameters(file: s.File, node: Any) -> set[str]:
    """The parameters that an expression uses, also by way of variables."""
    found: set[str] = set()
    for one, known in s.scoped(node):
        if isinstance(one, s.Name) and one.name not in known:
            if one.name in file.parameters:
                found.add(one.name)
            elif one.name in file.variables:
                found |= _parameters(file, file.variables[one.name].value)
    return found


def secrets(file: s.File) -> Iterator[tuple[s.Node, str]]:
    """Secrets in outputs, in defaults of parameters, or handed to a module that does not treat them as such."""
    for output in file.outputs.values():
        if output.decorator("secure") is None and secret(file, output.value):
            yield output, f"output '{output.name}' holds a secret"
    for parameter in file.parameters.values():
        default = parameter.default
        written = not (isinstance(default, s.Literal) and default.value in ("", None)) and default is not None
        if parameter.decorator("secure") is not None and written:
            yield parameter, f"the secret '{parameter.name}' has a default"
    for module in file.modules.values():
        given = content(module).get("params")
        there = types.of_module(file, module)
        for item in given.properties if isinstance(given, s.Object) else ():
            taken = there.parameters.get(str(item.key))
            if taken is not None and taken.decorator("secure") is None and secret(file, item.value):
                yield item, f"{module.path} does not treat '{item.key}' as a secret"


def secret(file: s.File, node: Any, known: frozenset[str] = frozenset(), seen: frozenset[str] = frozenset()) -> bool:
    """Whether an expression holds a secret."""
    base, steps = root(node)
    if isinstance(base, s.Name) and base.name not in known:
        parameter = file.parameters.get(base.name)
        if parameter is not None and parameter.decorator("secure") is not None:
            return True
        if base.name in file.variables and base.name not in seen:
            return secret(file, file.variables[base.name].value, frozenset(), seen | {base.name})
        members = [step.name for step in steps if isinstance(step, s.Member)]
        if base.name in file.modules and len(members) > 1:
            there = types.of_module(file, file.modules[base.name])
            return members[1] in there.outputs and there.outputs[members[1]].decorator("secure") is not None
    if isinstance(node, s.Call) and node.name in LISTS:
        return True
    return any(secret(file, child, s.bound(node, child, known), seen) for child in s.children(node))
