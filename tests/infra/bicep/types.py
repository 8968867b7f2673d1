"""User-defined types, and whether a value is of one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tests.infra.bicep import syntax as s
from tests.infra.bicep.functions import equal
from tests.infra.bicep.parser import parse

_PRIMITIVES: dict[str, type | tuple[type, ...]] = {
    "string": str,
    "int": int,
    "bool": bool,
    "object": Mapping,
    "array": list,
    "any": object,
}


@dataclass(frozen=True)
class Typed:
    """A type expression, in the file whose names it uses."""

    file: s.File
    type: s.TypeExpression
    decorators: tuple[s.Call, ...] = ()


def imported(file: s.File, item: s.Import) -> s.File:
    """The file that an import names."""
    path = (file.path.parent / item.path).resolve()
    if not path.is_file():
        raise file.error(item, f"there is no {item.path}")
    return parse(path)


def declared(file: s.File, name: str, line: int) -> tuple[s.File, s.Type] | None:
    """A type that a file declares or imports under a name."""
    if name in file.types:
        return file, file.types[name]
    for item in file.imports:
        if name in item.names:
            there = imported(file, item)
            found = there.types.get(item.names[name])
            if found is not None:
                if found.decorator("export") is None:
                    raise file.error(line, f"{item.path} does not export '{found.name}'")
                return there, found
    return None


def resolve(typed: Typed) -> Typed:
    """Follow names until something that is no name of a declared type."""
    while isinstance(typed.type, s.TypeName) and not (typed.type.name in _PRIMITIVES and not typed.type.members):
        name, *members = typed.type.name, *typed.type.members
        here = typed.file
        for item in typed.file.imports:
            if item.everything_as == name and members:
                here, name, members = imported(typed.file, item), members[0], members[1:]
                if name in here.types and here.types[name].decorator("export") is None:
                    raise typed.file.error(typed.type, f"{item.path} does not export '{name}'")
        found = declared(here, name, typed.type.line)
        if found is None:
            raise typed.file.error(typed.type, f"there is no type '{name}'")
        step = Typed(found[0], found[1].type, (*typed.decorators, *found[1].decorators))
        for member in members:
            inner = property_type(step, member)
            if inner is None:
                raise typed.file.error(typed.type, f"'{name}' has no '{member}'")
            step = inner
        typed = step
    return typed


def property_type(typed: Typed, name: str) -> Typed | None:
    """The type of a property of an object type."""
    typed = resolve(typed)
    if isinstance(typed.type, s.TypeNullable):
        return property_type(Typed(typed.file, typed.type.inner), name)
    if not isinstance(typed.type, s.TypeObject):
        return None
    for item in typed.type.properties:
        if item.name == name:
            return Typed(typed.file, item.type, item.decorators)
    return None if typed.type.others is None else Typed(typed.file, typed.type.others)


def nullable(typed: Typed) -> bool:
    """Whether a value of the type may be missing."""
    typed = resolve(typed)
    if isinstance(typed.type, s.TypeUnion):
        return any(nullable(Typed(typed.file, choice)) for choice in typed.type.choices)
    return isinstance(typed.type, s.TypeNullable) or typed.type == s.TypeLiteral(typed.type.line, None)


def without_null(typed: Typed) -> Typed:
    """The type of what is there if it is not null."""
    typed = resolve(typed)
    while isinstance(typed.type, s.TypeNullable):
        typed = resolve(Typed(typed.file, typed.type.inner, typed.decorators))
    if isinstance(typed.type, s.TypeUnion):
        choices = [choice for choice in typed.type.choices if choice != s.TypeLiteral(choice.line, None)]
        return resolve(Typed(typed.file, choices[0])) if len(choices) == 1 else typed
    return typed


def problems(value: Any, typed: Typed, where: str) -> Iterator[str]:
    """What the compiler would say against a value of a type."""
    typed = resolve(typed)
    kind = typed.type
    if isinstance(kind, s.TypeNullable):
        if value is not None:
            yield from problems(value, Typed(typed.file, kind.inner, typed.decorators), where)
        return
    if isinstance(kind, s.TypeUnion):
        choices = [list(problems(value, Typed(typed.file, choice), where)) for choice in kind.choices]
        if all(choices):
            literals = [repr(choice.value) for choice in kind.choices if isinstance(choice, s.TypeLiteral)]
            wanted = f"one of {', '.join(literals)}" if len(literals) == len(choices) else "one of its types"
            yield f"{where}: {_short(value)} is not {wanted}"
        return
    if isinstance(kind, s.TypeLiteral):
        if not equal(value, kind.value):
            yield f"{where}: {_short(value)} is not {kind.value!r}"
        return
    if isinstance(kind, s.TypeArray):
        if not isinstance(value, list):
            yield f"{where}: {_short(value)} is no array"
            return
        for number, item in enumerate(value):
            yield from problems(item, Typed(typed.file, kind.item), f"{where}[{number}]")
    elif isinstance(kind, s.TypeObject):
        if not isinstance(value, Mapping):
            yield f"{where}: {_short(value)} is no object"
            return
        yield from _object_problems(value, Typed(typed.file, kind), where)
    elif isinstance(kind, s.TypeName):
        wanted_type = _PRIMITIVES[kind.name]
        is_bool_for_int = kind.name == "int" and isinstance(value, bool)
        if (value is None and kind.name != "any") or not isinstance(value, wanted_type) or is_bool_for_int:
            yield f"{where}: {_short(value)} is no {kind.name}"
            return
    yield from _limits(value, typed, where)


def _object_problems(value: Mapping[str, Any], typed: Typed, where: str) -> Iterator[str]:
    assert isinstance(typed.type, s.TypeObject)
    named = {item.name: item for item in typed.type.properties}
    for name, item in named.items():
        inner = Typed(typed.file, item.type, item.decorators)
        if name in value:
            yield from problems(value[name], inner, f"{where}.{name}")
        elif not nullable(inner):
            yield f"{where}.{name} is missing"
    for name in value:
        if name in named:
            continue
        if typed.type.others is None:
            yield f"{where}.{name} is not known"
        else:
            yield from problems(value[name], Typed(typed.file, typed.type.others), f"{where}.{name}")


def _limits(value: Any, typed: Typed, where: str) -> Iterator[str]:
    """What decorators such as @minLength say."""
    for decorator in typed.decorators:
        argument = decorator.arguments[0] if decorator.arguments else None
        limit = argument.value if isinstance(argument, s.Literal) else None
        if isinstance(argument, s.Unary) and isinstance(argument.operand, s.Literal):
            limit = -int(argument.operand.value or 0)
        if isinstance(limit, int):
            size = value if isinstance(value, int) else len(value) if isinstance(value, (str, list)) else 0
            if decorator.name in ("minLength", "minValue") and size < limit:
                yield f"{where}: {_short(value)} is below @{decorator.name}({limit})"
            if decorator.name in ("maxLength", "maxValue") and size > limit:
                yield f"{where}: {_short(value)} is above @{decorator.name}({limit})"
        if decorator.name == "allowed" and isinstance(argument, s.Array):
            allowed = [item.value for item in argument.items if isinstance(item, s.Literal)]
            if not any(equal(value, one) for one in allowed):
                yield f"{where}: {_short(value)} is not one of {allowed}"


def _short(value: Any) -> str:
    shown = repr(value)
    return shown if len(shown) <= 60 else f"{shown[:57]}..."


def secure(typed: Typed) -> bool:
    """Whether a type or a declaration of it is marked as a secret."""
    return any(decorator.name == "secure" for decorator in resolve(typed).decorators)


def of_module(file: s.File, module: s.Module) -> s.File:
    """The file that a module deploys."""
    path = (file.path.parent / module.path).resolve()
    if not path.is_file():
        raise file.error(module, f"there is no {module.path}")
    return parse(path)
