"""Bicep's grammar, as far as the templates here use it: own modules, types, loops, conditions, lambdas.

tree-sitter's grammar of Bicep finds errors of syntax, and tests use it for that, but it ties lambdas and conditional
expressions closer than members, so that its tree says something else than the compiler's.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

from tests.infra.bicep import syntax as s
from tests.infra.bicep.lexer import Token, tokens

_PRECEDENCE = {
    **dict.fromkeys(("*", "/", "%"), 7),
    **dict.fromkeys(("+", "-"), 6),
    **dict.fromkeys(("<", "<=", ">", ">="), 5),
    **dict.fromkeys(("==", "!=", "=~", "!~"), 4),
    "&&": 3,
    "||": 2,
    "??": 1,
}
_WORDS = {"true": True, "false": False, "null": None}

_Item = TypeVar("_Item")


@lru_cache(maxsize=2048)
def _parsed(path: Path, text: str) -> s.File:
    return _Parser(path, tokens(text, path)).file()


def parse(path: Path) -> s.File:
    """A .bicep or .bicepparam file; raises BicepError where its syntax is wrong or not supported here."""
    return _parsed(path, path.read_text(encoding="utf-8"))


class _Parser:
    def __init__(self, path: Path, found: list[Token]) -> None:
        self.path = path
        self.tokens = found
        self.at = 0

    # Tokens

    @property
    def next(self) -> Token:
        return self.tokens[self.at]

    def error(self, message: str) -> s.BicepError:
        return s.BicepError(self.path, self.next.line, message)

    def read(self) -> Token:
        token = self.next
        self.at += 1
        return token

    def sees(self, *texts: str) -> bool:
        return self.next.kind in ("symbol", "name") and self.next.text in texts

    def takes(self, *texts: str) -> bool:
        if self.sees(*texts):
            self.at += 1
            return True
        return False

    def expect(self, text: str) -> Token:
        if not self.sees(text):
            raise self.error(f"expected {text!r}, found {self.next.text.strip() or 'the end of the line'!r}")
        return self.read()

    def name(self) -> str:
        if self.next.kind != "name":
            raise self.error(f"expected a name, found {self.next.text.strip() or 'the end of the line'!r}")
        return self.read().text

    def breaks(self) -> bool:
        start = self.at
        while self.next.kind == "break":
            self.at += 1
        return self.at > start

    def end_of_statement(self) -> None:
        if not self.breaks() and self.next.kind != "end":
            raise self.error(f"unexpected {self.next.text!r}: a statement ends with its line")

    def text(self) -> str:
        """A string without expressions."""
        token = self.next
        if token.kind != "string" or len(token.parts) != 1:
            raise self.error("expected a plain string")
        return self.read().text

    def after_breaks(self, text: str) -> bool:
        """Whether a symbol follows, on this line or a later one; if so it is next."""
        start = self.at
        self.breaks()
        if self.sees(text):
            return True
        self.at = start
        return False

    # Declarations

    def file(self) -> s.File:
        found = s.File(self.path, "resourceGroup", (), {}, {}, {}, {}, {}, {}, None)
        scope, using = "resourceGroup", None
        imports: list[s.Import] = []
        kinds: dict[type[s.Declaration], dict[str, Any]] = {
            s.Parameter: found.parameters,
            s.Variable: found.variables,
            s.Type: found.types,
            s.Resource: found.resources,
            s.Module: found.modules,
            s.Output: found.outputs,
        }
        self.breaks()
        while self.next.kind != "end":
            decorators = self.decorators()
            if self.sees("targetScope"):
                self.read()
                self.expect("=")
                scope = self.text()
                if scope not in ("resourceGroup", "subscription", "tenant", "managementGroup"):
                    raise self.error(f"targetScope cannot be '{scope}'")
            elif self.takes("metadata"):
                self.name()
                self.expect("=")
                self.expression()
            elif self.takes("using"):
                using = self.text()
            elif self.sees("import"):
                imports.append(self.imported())
            else:
                declaration = self.declaration(decorators)
                held = kinds[type(declaration)]
                # Outputs have names of their own; all else shares one set.
                others = [held] if held is found.outputs else [k for k in kinds.values() if k is not found.outputs]
                if any(declaration.name in other for other in others):
                    raise s.BicepError(self.path, declaration.line, f"'{declaration.name}' is declared twice")
                held[declaration.name] = declaration
            self.end_of_statement()
        return s.File(
            self.path,
            scope,
            tuple(imports),
            found.parameters,
            found.variables,
            found.types,
            found.resources,
            found.modules,
            found.outputs,
            using,
        )

    def decorators(self) -> tuple[s.Call, ...]:
        found = []
        while self.takes("@"):
            line = self.next.line
            name = self.name()
            if name == "sys" and self.takes("."):
                name = self.name()
            found.append(s.Call(line, name, self.arguments()))
            if not self.breaks():
                raise self.error("a decorator has a line of its own")
        return tuple(found)

    def imported(self) -> s.Import:
        line = self.expect("import").line
        names: dict[str, str] = {}
        everything = None
        if self.takes("*"):
            self.expect("as")
            everything = self.name()
        else:
            for there, here in self.items("{", "}", self.imported_name):
                if here in names:
                    raise self.error(f"'{here}' is imported twice")
                names[here] = there
        self.expect("from")
        return s.Import(line, self.text(), names, everything)

    def imported_name(self) -> tuple[str, str]:
        there = self.name()
        return there, self.name() if self.takes("as") else there

    def declaration(self, decorators: tuple[s.Call, ...]) -> s.Declaration:
        line = self.next.line
        keyword = self.name()
        if keyword == "param":
            name = self.name()
            type_ = None if self.sees("=") else self.type()
            return s.Parameter(line, name, decorators, type_, self.expression() if self.takes("=") else None)
        if keyword == "var":
            name = self.name()
            if not self.sees("="):
                self.type()
            self.expect("=")
            return s.Variable(line, name, decorators, self.loop_or_expression())
        if keyword == "type":
            name = self.name()
            self.expect("=")
            return s.Type(line, name, decorators, self.type())
        if keyword == "output":
            name, type_ = self.name(), self.type()
            self.expect("=")
            return s.Output(line, name, decorators, type_, self.loop_or_expression())
        if keyword == "resource":
            return self.resource(line, decorators)
        if keyword == "module":
            name, path = self.name(), self.text()
            self.expect("=")
            return s.Module(line, name, decorators, path, self.body())
        raise s.BicepError(self.path, line, f"'{keyword}' declares nothing that is supported here")

    def resource(self, line: int, decorators: tuple[s.Call, ...]) -> s.Resource:
        name, type_ = self.name(), self.text()
        existing = self.takes("existing")
        self.expect("=")
        return s.Resource(line, name, decorators, type_, existing, self.body())

    def body(self) -> s.Expression:
        """Of a resource or module: an object, under a condition or in a loop."""
        if self.sees("["):
            return self.loop(self.body)
        if self.sees("if"):
            line = self.read().line
            self.expect("(")
            condition = self.expression()
            self.breaks()
            self.expect(")")
            return s.If(line, condition, self.object())
        return self.object()

    def loop_or_expression(self) -> s.Expression:
        return self.loop(self.expression) if self.at_loop() else self.expression()

    def at_loop(self) -> bool:
        start, self.at = self.at, self.at + 1
        self.breaks()
        found = self.tokens[start].text == "[" and self.next.kind == "name" and self.next.text == "for"
        self.at = start
        return found

    def loop(self, body: Callable[[], s.Expression]) -> s.For:
        line = self.expect("[").line
        self.breaks()
        self.expect("for")
        index = None
        if self.takes("("):
            item = self.name()
            self.expect(",")
            index = self.name()
            self.expect(")")
        else:
            item = self.name()
        self.expect("in")
        source = self.expression()
        self.expect(":")
        repeated = body()
        self.breaks()
        self.expect("]")
        return s.For(line, item, index, source, repeated)

    # Expressions

    def expression(self) -> s.Expression:
        condition = self.binary(0)
        if not self.after_breaks("?"):
            return condition
        line = self.expect("?").line
        yes = self.expression()
        self.after_breaks(":")
        self.expect(":")
        return s.Ternary(line, condition, yes, self.expression())

    def binary(self, above: int) -> s.Expression:
        left = self.unary()
        while self.next.kind == "symbol" and _PRECEDENCE.get(self.next.text, 0) > above:
            operator = self.read()
            left = s.Binary(operator.line, operator.text, left, self.binary(_PRECEDENCE[operator.text]))
        return left

    def unary(self) -> s.Expression:
        if self.sees("!", "-"):
            operator = self.read()
            return s.Unary(operator.line, operator.text, self.unary())
        return self.member()

    def member(self) -> s.Expression:
        found = self.primary()
        while True:
            line = self.next.line
            if self.takes("."):
                safe = self.takes("?")
                name = self.name()
                if self.sees("("):
                    found = s.Call(line, name, self.arguments(), found)
                else:
                    found = s.Member(line, found, name, safe)
            elif self.takes("["):
                safe = self.takes("?")
                found = s.Index(line, found, self.expression(), safe)
                self.expect("]")
            elif self.takes("::"):
                found = s.Nested(line, found, self.name())
            elif self.takes("!"):
                found = s.NotNull(line, found)
            else:
                return found

    def primary(self) -> s.Expression:
        token = self.next
        if token.kind == "number":
            return s.Literal(token.line, int(self.read().text))
        if token.kind == "string":
            return self.string()
        if token.kind == "name":
            return self.named()
        if self.sees("("):
            return self.parenthesized()
        if self.sees("["):
            if self.at_loop():
                return self.loop(self.expression)
            return s.Array(token.line, tuple(self.items("[", "]", self.expression)))
        if self.sees("{"):
            return self.object()
        raise self.error(f"expected a value, found {token.text.strip() or 'the end of the line'!r}")

    def named(self) -> s.Expression:
        token = self.read()
        if token.text in _WORDS:
            return s.Literal(token.line, _WORDS[token.text])
        if self.sees("("):
            return s.Call(token.line, token.text, self.arguments())
        if self.takes("=>"):
            self.breaks()
            return s.Lambda(token.line, (token.text,), self.expression())
        return s.Name(token.line, token.text)

    def parenthesized(self) -> s.Expression:
        line = self.expect("(").line
        self.breaks()
        found: list[s.Expression] = []
        while not self.sees(")"):
            found.append(self.expression())
            self.breaks()
            if not self.takes(","):
                break
            self.breaks()
        self.expect(")")
        if self.takes("=>"):
            self.breaks()
            if not all(isinstance(item, s.Name) for item in found):
                raise self.error("a lambda takes names")
            names = tuple(item.name for item in found if isinstance(item, s.Name))
            return s.Lambda(line, names, self.expression())
        if len(found) != 1:
            raise self.error("parentheses hold one expression")
        return found[0]

    def string(self) -> s.Expression:
        token = self.read()
        if len(token.parts) == 1:
            return s.Literal(token.line, token.text)
        parts: list[str | s.Expression] = []
        for part in token.parts:
            if isinstance(part, str):
                parts += [part] if part else []
                continue
            inner = _Parser(self.path, list(part))
            value = inner.expression()
            if inner.next.kind != "end":
                raise inner.error(f"unexpected {inner.next.text!r} in a string")
            if isinstance(value, (s.Array, s.Object)):
                raise inner.error("a string takes no array or object")
            parts.append(value)
        return s.Interpolation(token.line, tuple(parts))

    def arguments(self) -> tuple[s.Expression, ...]:
        self.expect("(")
        self.breaks()
        found: list[s.Expression] = []
        while not self.sees(")"):
            found.append(self.expression())
            self.breaks()
            if self.sees(")"):
                break
            self.expect(",")
            self.breaks()
            if self.sees(")"):
                raise self.error("no comma after the last argument")
        self.expect(")")
        return tuple(found)

    def items(self, opening: str, closing: str, item: Callable[[], _Item]) -> list[_Item]:
        """Items separated by commas on one line, or by line breaks without commas."""
        self.expect(opening)
        self.breaks()
        found: list[_Item] = []
        while not self.sees(closing):
            found.append(item())
            if self.sees(closing):
                break
            if self.takes(","):
                if self.next.kind == "break":
                    raise self.error("no comma where a line break separates")
            elif not self.breaks():
                raise self.error(f"unexpected {self.next.text!r}: items are separated by commas or line breaks")
        self.expect(closing)
        return found

    def object(self) -> s.Object:
        line = self.next.line
        properties: list[s.Property] = []
        resources: list[s.Resource] = []
        for found in self.items("{", "}", self.property):
            if isinstance(found, s.Resource):
                resources.append(found)
                continue
            if isinstance(found.key, str) and any(found.key == other.key for other in properties):
                raise s.BicepError(self.path, found.line, f"'{found.key}' is set twice")
            properties.append(found)
        return s.Object(line, tuple(properties), tuple(resources))

    def property(self) -> s.Property | s.Resource:
        decorators = self.decorators()
        line = self.next.line
        follows = self.tokens[self.at + 1]
        if self.sees("resource") and follows.kind == "name":
            self.read()
            return self.resource(line, decorators)
        if decorators:
            raise self.error("a property takes no decorator")
        quoted = self.next.kind == "string"
        key: str | s.Interpolation
        if quoted:
            written = self.string()
            key = written if isinstance(written, s.Interpolation) else str(getattr(written, "value", ""))
        else:
            key = self.name()
        self.expect(":")
        return s.Property(line, key, self.expression(), quoted)

    # Types

    def type(self) -> s.TypeExpression:
        line = self.next.line
        self.takes("|")
        choices = [self.type_member()]
        while self.after_breaks("|"):
            self.read()
            choices.append(self.type_member())
        return choices[0] if len(choices) == 1 else s.TypeUnion(line, tuple(choices))

    def type_member(self) -> s.TypeExpression:
        found = self.type_primary()
        while True:
            line = self.next.line
            if self.takes("["):
                self.expect("]")
                found = s.TypeArray(line, found)
            elif self.takes("?"):
                found = s.TypeNullable(line, found)
            elif self.sees(".") and isinstance(found, s.TypeName):
                self.read()
                found = s.TypeName(line, found.name, (*found.members, self.name()))
            else:
                return found

    def type_primary(self) -> s.TypeExpression:
        token = self.next
        if token.kind == "string":
            return s.TypeLiteral(token.line, self.text())
        if token.kind == "number":
            return s.TypeLiteral(token.line, int(self.read().text))
        if self.takes("-"):
            return s.TypeLiteral(token.line, -int(self.read().text))
        if token.kind == "name":
            self.read()
            return (
                s.TypeLiteral(token.line, _WORDS[token.text])
                if token.text in _WORDS
                else s.TypeName(token.line, token.text)
            )
        if self.takes("("):
            self.breaks()
            found = self.type()
            self.breaks()
            self.expect(")")
            return found
        if self.sees("{"):
            return self.type_object()
        raise self.error(f"expected a type, found {token.text.strip() or 'the end of the line'!r}")

    def type_object(self) -> s.TypeObject:
        line = self.next.line
        found = self.items("{", "}", self.type_property)
        properties = [item for item in found if item.name != "*"]
        names = [item.name for item in properties]
        twice = next((item for item in properties if names.count(item.name) > 1), None)
        if twice:
            raise s.BicepError(self.path, twice.line, f"'{twice.name}' is declared twice")
        others = next((item.type for item in found if item.name == "*"), None)
        return s.TypeObject(line, tuple(properties), others)

    def type_property(self) -> s.TypeProperty:
        decorators = self.decorators()
        line = self.next.line
        name = "*" if self.takes("*") else self.text() if self.next.kind == "string" else self.name()
        self.expect(":")
        return s.TypeProperty(line, name, self.type(), decorators)
