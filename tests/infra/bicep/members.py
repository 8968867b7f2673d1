"""Types of expressions as far as declarations tell them: members that no type has, what may be missing taken as given.

Running a file finds such things only on the way that the configuration takes; this looks at all of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tests.infra.bicep import syntax as s
from tests.infra.bicep import types
from tests.infra.bicep.types import Typed

Finding = tuple[s.Node, str]
Known = Mapping[str, Typed | None]

# Functions that return items of the array they are given.
_SAME_ARRAY = ("filter", "skip", "sort", "take")
_OVER_ITEMS = ("filter", "groupBy", "map", "sort", "toObject")


def findings(file: s.File) -> Iterator[Finding]:
    """What the compiler would say about members and about values handed to modules."""
    for declaration in (
        *file.parameters.values(),
        *file.variables.values(),
        *file.resources.values(),
        *file.modules.values(),
        *file.outputs.values(),
    ):
        checker = _Checker(file)
        for child in s.children(declaration):
            checker.look(child, {})
        if isinstance(declaration, s.Module):
            checker.module(declaration)
        yield from checker.found


class _Checker:
    def __init__(self, file: s.File) -> None:
        self.file = file
        self.found: list[Finding] = []

    def look(self, node: Any, known: Known) -> None:
        """Note what is wrong with a node and with all in it."""
        if isinstance(node, s.For):
            self.look(node.source, known)
            self.look(node.body, self.in_loop(node, known))
        elif isinstance(node, s.Call):
            self.of_call(node, known)
        elif isinstance(node, s.NotNull) and isinstance(node.base, s.Member):
            self.step(node.base, known, vouched=True)
            self.look(node.base.base, known)
        elif isinstance(node, (s.Member, s.Index)):
            self.step(node, known)
            for child in s.children(node):
                self.look(child, known)
        else:
            for child in s.children(node):
                self.look(child, known)

    def in_loop(self, node: s.For, known: Known) -> Known:
        return {**known, node.item: self.item_of(node.source, known), **({node.index: None} if node.index else {})}

    def of_call(self, node: s.Call, known: Known) -> None:
        item = self.item_of(node.arguments[0], known) if node.name in _OVER_ITEMS and node.arguments else None
        for child in s.children(node):
            if isinstance(child, s.Lambda):
                parameters: dict[str, Typed | None] = dict.fromkeys(child.parameters)
                if node.name in _OVER_ITEMS:
                    # The second one is an index, but for the two that sort() compares.
                    names = child.parameters if node.name == "sort" else child.parameters[:1]
                    parameters.update(dict.fromkeys(names, item))
                self.look(child.body, {**known, **parameters})
            else:
                self.look(child, known)

    def step(self, node: s.Member | s.Index, known: Known, *, vouched: bool = False) -> None:
        """Note what is wrong with one step of a chain; `vouched` says that a `!` follows it."""
        base = self.kind(node.base, known)
        outputs = self.outputs(node.base) if isinstance(node, s.Member) else None
        if isinstance(node, s.Member) and outputs is not None and node.name not in outputs:
            self.found.append((node, f"the module has no output '{node.name}'"))
        if base is None:
            return
        # After `.?` the rest of the chain is looked at only if there is something.
        guarded = node.safe or (isinstance(node.base, (s.Member, s.Index)) and node.base.safe)
        if types.nullable(base) and not guarded:
            self.found.append((node, f"{_text(node.base)} may be missing: write '.?' or '!'"))
        inner = types.without_null(base)
        if isinstance(node, s.Member) and isinstance(inner.type, s.TypeObject):
            member = types.property_type(inner, node.name)
            if member is None:
                self.found.append((node, f"{_text(node.base)} has no '{node.name}'"))
            elif types.nullable(member) and not (guarded or vouched):
                self.found.append((node, f"use-safe-access: '{node.name}' may be missing: write '.?' or '!'"))
        elif isinstance(node, s.Member) and isinstance(inner.type, (s.TypeArray, s.TypeLiteral)):
            self.found.append((node, f"{_text(node.base)} is no object"))

    def outputs(self, node: Any) -> dict[str, s.Output] | None:
        """The outputs that a member of a module is one of."""
        if not isinstance(node, s.Member) or node.name != "outputs":
            return None
        base = node.base
        while isinstance(base, (s.Index, s.NotNull)):
            base = base.base
        if not isinstance(base, s.Name) or base.name not in self.file.modules:
            return None
        return types.of_module(self.file, self.file.modules[base.name]).outputs

    def item_of(self, node: Any, known: Known) -> Typed | None:
        kind = self.kind(node, known)
        if kind is None:
            return None
        kind = types.without_null(kind)
        return Typed(kind.file, kind.type.item) if isinstance(kind.type, s.TypeArray) else None

    def kind(self, node: Any, known: Known) -> Typed | None:
        """The type of an expression; None if it is not plain to see."""
        if isinstance(node, s.Name):
            return self.kind_of_name(node, known)
        if isinstance(node, s.NotNull):
            base = self.kind(node.base, known)
            return None if base is None else types.without_null(base)
        if isinstance(node, s.Member):
            return self.kind_of_member(node, known)
        if isinstance(node, s.Index):
            base, item = self.kind(node.base, known), self.item_of(node.base, known)
            missing = node.safe or (base is not None and types.nullable(base))
            return Typed(item.file, s.TypeNullable(node.line, item.type)) if item is not None and missing else item
        if isinstance(node, s.Binary) and node.operator == "??":
            left, right = self.kind(node.left, known), self.kind(node.right, known)
            empty = isinstance(node.right, s.Literal) and node.right.value is None
            if left is None or empty or (right is not None and types.nullable(right)):
                return left
            return types.without_null(left)
        if isinstance(node, s.Call) and node.name in _SAME_ARRAY and node.arguments:
            return self.kind(node.arguments[0], known)
        return None

    def kind_of_name(self, node: s.Name, known: Known) -> Typed | None:
        if node.name in known:
            return known[node.name]
        if node.name in self.file.parameters:
            parameter = self.file.parameters[node.name]
            return None if parameter.type is None else Typed(self.file, parameter.type, parameter.decorators)
        variable = self.file.variables.get(node.name)
        return None if variable is None else self.kind(variable.value, {})

    def kind_of_member(self, node: s.Member, known: Known) -> Typed | None:
        outputs = self.outputs(node.base)
        if outputs is not None:
            output = outputs.get(node.name)
            if output is None:
                return None
            there = types.of_module(self.file, self.module_of(node))
            return Typed(there, output.type)
        base = self.kind(node.base, known)
        if base is None:
            return None
        inner = types.property_type(types.without_null(base), node.name)
        if inner is not None and (node.safe or types.nullable(base)):
            return Typed(inner.file, s.TypeNullable(node.line, inner.type), inner.decorators)
        return inner

    def module_of(self, node: s.Member) -> s.Module:
        base: Any = node.base
        while not isinstance(base, s.Name):
            base = base.base
        return self.file.modules[base.name]

    def module(self, module: s.Module) -> None:
        """Values that a module gets: each has a parameter, and each parameter that needs one has a value."""
        there = types.of_module(self.file, module)
        known: Known = {}
        body: Any = module.value
        while isinstance(body, (s.For, s.If)):
            known = self.in_loop(body, known) if isinstance(body, s.For) else known
            body = body.body
        given = body.get("params")
        written = {item.key: item for item in given.properties} if isinstance(given, s.Object) else {}
        for name, parameter in there.parameters.items():
            assert parameter.type is not None
            wanted = Typed(there, parameter.type, parameter.decorators)
            if name not in written:
                if parameter.default is None and not types.nullable(wanted):
                    self.found.append((module, f"{module.path} needs the parameter '{name}'"))
                continue
            item = written[name]
            kind = self.kind(item.value, known)
            if kind is not None and types.nullable(kind) and not types.nullable(wanted):
                self.found.append((item, f"'{name}' of {module.path} may not be missing, but {_text(item.value)} may"))
        for key, item in written.items():
            if key not in there.parameters:
                self.found.append((item, f"{module.path} has no parameter '{key}'"))


def _text(node: Any) -> str:
    """An expression as it is written, near enough for a message."""
    if isinstance(node, s.Name):
        return node.name
    if isinstance(node, s.Member):
        return f"{_text(node.base)}.{'?' if node.safe else ''}{node.name}"
    if isinstance(node, (s.Index, s.NotNull)):
        return f"{_text(node.base)}{'[…]' if isinstance(node, s.Index) else '!'}"
    return "the value"
