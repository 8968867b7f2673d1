"""What a Bicep file says, as plain nodes, and the error that names a place in it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


class BicepError(Exception):
    """Something that the compiler would refuse, or that this evaluator does not know."""

    def __init__(self, file: Path, line: int, message: str) -> None:
        super().__init__(f"{file.parent.name}/{file.name}:{line}: {message}")
        self.file = file
        self.line = line
        self.message = message


@dataclass(frozen=True)
class Node:
    """Any part of a file, with the line it starts on."""

    line: int


# Expressions


@dataclass(frozen=True)
class Literal(Node):
    """A number, true, false, null, or a string without expressions."""

    value: str | int | bool | None


@dataclass(frozen=True)
class Interpolation(Node):
    """A string with at least one expression in it."""

    parts: tuple[str | Expression, ...]


@dataclass(frozen=True)
class Name(Node):
    """A variable, parameter, symbol or import."""

    name: str


@dataclass(frozen=True)
class Member(Node):
    """`base.name`, or `base.?name` where it may be missing."""

    base: Expression
    name: str
    safe: bool = False


@dataclass(frozen=True)
class Index(Node):
    """`base[index]`, or `base[?index]` where it may be missing."""

    base: Expression
    index: Expression
    safe: bool = False


@dataclass(frozen=True)
class Nested(Node):
    """`base::name`: a resource declared inside another one."""

    base: Expression
    name: str


@dataclass(frozen=True)
class NotNull(Node):
    """`base!`: the author vouches that it is not null."""

    base: Expression


@dataclass(frozen=True)
class Call(Node):
    """A function of the language, or of a resource where `base` is given."""

    name: str
    arguments: tuple[Expression, ...]
    base: Expression | None = None


@dataclass(frozen=True)
class Lambda(Node):
    """`(parameters) => body`."""

    parameters: tuple[str, ...]
    body: Expression


@dataclass(frozen=True)
class Unary(Node):
    """`!` or `-` before an expression."""

    operator: str
    operand: Expression


@dataclass(frozen=True)
class Binary(Node):
    """Two expressions with an operator between them."""

    operator: str
    left: Expression
    right: Expression


@dataclass(frozen=True)
class Ternary(Node):
    """`condition ? yes : no`."""

    condition: Expression
    yes: Expression
    no: Expression


@dataclass(frozen=True)
class Array(Node):
    """`[items]`."""

    items: tuple[Expression, ...]


@dataclass(frozen=True)
class Property(Node):
    """A key of an object and its value; `quoted` says that the key stands in quotes."""

    key: str | Interpolation
    value: Expression
    quoted: bool = False


@dataclass(frozen=True)
class Object(Node):
    """Properties in braces; in the body of a resource also resources inside it."""

    properties: tuple[Property, ...]
    resources: tuple[Resource, ...] = ()

    def get(self, key: str) -> Expression | None:
        """The value written under a key."""
        return next((found.value for found in self.properties if found.key == key), None)


@dataclass(frozen=True)
class For(Node):
    """`[for item in source: body]`, or with an index."""

    item: str
    index: str | None
    source: Expression
    body: Expression


@dataclass(frozen=True)
class If(Node):
    """`if (condition) { }` before the body of a resource or module."""

    condition: Expression
    body: Object


Expression = (
    Literal
    | Interpolation
    | Name
    | Member
    | Index
    | Nested
    | NotNull
    | Call
    | Lambda
    | Unary
    | Binary
    | Ternary
    | Array
    | Object
    | For
    | If
)

# Types


@dataclass(frozen=True)
class TypeName(Node):
    """A built-in type or a declared one; `member` where it comes from `import * as x`, or lies inside another type."""

    name: str
    members: tuple[str, ...] = ()


@dataclass(frozen=True)
class TypeLiteral(Node):
    """A type of one value."""

    value: str | int | bool | None


@dataclass(frozen=True)
class TypeArray(Node):
    """`item[]`."""

    item: TypeExpression


@dataclass(frozen=True)
class TypeNullable(Node):
    """`inner?`."""

    inner: TypeExpression


@dataclass(frozen=True)
class TypeUnion(Node):
    """Choices between bars."""

    choices: tuple[TypeExpression, ...]


@dataclass(frozen=True)
class TypeProperty(Node):
    """A property that an object of the type has."""

    name: str
    type: TypeExpression
    decorators: tuple[Call, ...]


@dataclass(frozen=True)
class TypeObject(Node):
    """A type of objects."""

    properties: tuple[TypeProperty, ...]
    others: TypeExpression | None
    """What `*: type` says about properties without a name of their own."""


TypeExpression = TypeName | TypeLiteral | TypeArray | TypeNullable | TypeUnion | TypeObject

# Declarations


@dataclass(frozen=True)
class Declaration(Node):
    """Anything that a file declares, with its decorators."""

    name: str
    decorators: tuple[Call, ...]

    def decorator(self, name: str) -> Call | None:
        """The decorator of that name, if there is one."""
        return next((found for found in self.decorators if found.name == name), None)


@dataclass(frozen=True)
class Parameter(Declaration):
    """`param name type = default`."""

    type: TypeExpression | None
    """None in a file of parameters."""
    default: Expression | None


@dataclass(frozen=True)
class Variable(Declaration):
    """`var name = value`."""

    value: Expression


@dataclass(frozen=True)
class Type(Declaration):
    """`type name = type`."""

    type: TypeExpression


@dataclass(frozen=True)
class Resource(Declaration):
    """`resource name 'type' = value`."""

    type: str
    """As it is written: Microsoft.Storage/storageAccounts@2025-01-01, or only the last part inside another resource."""
    existing: bool
    value: Expression


@dataclass(frozen=True)
class Module(Declaration):
    """`module name 'path' = value`."""

    path: str
    value: Expression


@dataclass(frozen=True)
class Output(Declaration):
    """`output name type = value`."""

    type: TypeExpression
    value: Expression


@dataclass(frozen=True)
class Import(Node):
    """Names here by their names there, or everything under one name."""

    path: str
    names: dict[str, str] = field(default_factory=dict)
    everything_as: str | None = None


@dataclass(frozen=True)
class File:
    """A parsed file."""

    path: Path
    target_scope: str
    imports: tuple[Import, ...]
    parameters: dict[str, Parameter]
    variables: dict[str, Variable]
    types: dict[str, Type]
    resources: dict[str, Resource]
    modules: dict[str, Module]
    outputs: dict[str, Output]
    using: str | None

    def error(self, node: Node | int, message: str) -> BicepError:
        """An error at a place in this file."""
        return BicepError(self.path, node if isinstance(node, int) else node.line, message)


def children(node: Any) -> list[Any]:
    """The expressions, properties and nested resources directly inside a node."""
    if isinstance(node, Interpolation):
        return [part for part in node.parts if not isinstance(part, str)]
    if isinstance(node, (Member, Nested, NotNull)):
        return [node.base]
    if isinstance(node, Index):
        return [node.base, node.index]
    if isinstance(node, Call):
        return [*([node.base] if node.base is not None else []), *node.arguments]
    if isinstance(node, Lambda):
        return [node.body]
    if isinstance(node, Unary):
        return [node.operand]
    if isinstance(node, Binary):
        return [node.left, node.right]
    if isinstance(node, Ternary):
        return [node.condition, node.yes, node.no]
    if isinstance(node, Array):
        return [*node.items]
    if isinstance(node, Object):
        return [*node.properties, *node.resources]
    if isinstance(node, Property):
        return [*([] if isinstance(node.key, str) else [node.key]), node.value]
    if isinstance(node, For):
        return [node.source, node.body]
    if isinstance(node, If):
        return [node.condition, node.body]
    if isinstance(node, (Resource, Module, Output, Variable)):
        return [node.value]
    if isinstance(node, Parameter):
        return [] if node.default is None else [node.default]
    return []


def bound(node: Any, child: Any, known: frozenset[str]) -> frozenset[str]:
    """The variables of loops and lambdas that a child sees, given those that its parent sees."""
    if isinstance(node, For) and child is node.body:
        return known | {node.item} | ({node.index} if node.index else set())
    return known | set(node.parameters) if isinstance(node, Lambda) else known


def scoped(node: Any, known: frozenset[str] = frozenset()) -> list[tuple[Any, frozenset[str]]]:
    """A node and all that is inside it, each with the variables of loops and lambdas around it."""
    inner = [found for child in children(node) for found in scoped(child, bound(node, child, known))]
    return [(node, known), *inner]


def walk(node: Any) -> list[Any]:
    """A node and all that is inside it, in the order of the text."""
    return [node, *(found for child in children(node) for found in walk(child))]
