"""Bicep's tokens. A line break is one of them, since it ends a statement and separates items."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from tests.infra.bicep.syntax import BicepError

_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "\\": "\\", "'": "'", "$": "$"}
_TOKEN = re.compile(
    r"(?P<blank>[ \t]+|//[^\n]*|/\*.*?\*/)|(?P<break>(?:\r?\n)+)|(?P<number>\d+)|(?P<name>[A-Za-z_]\w*)"
    r"|(?P<symbol>=>|==|!=|=~|!~|<=|>=|&&|\|\||\?\?|::|\.\.\.|[-+*/%<>!?:.,=(){}\[\]@|^])",
    re.ASCII | re.DOTALL,
)


@dataclass(frozen=True)
class Token:
    """A word, number, string, sign or line break."""

    kind: str
    """name, number, string, symbol, break or end."""
    text: str
    line: int
    parts: tuple[str | tuple[Token, ...], ...] = ()
    """Of a string: its texts and, as tokens, the expressions between them."""


def tokens(text: str, file: Path) -> list[Token]:
    """All tokens of a file, blanks and comments left out."""
    return _Lexer(text, file).run(inside_string=False)


class _Lexer:
    def __init__(self, text: str, file: Path) -> None:
        self.text = text
        self.file = file
        self.at = 0
        self.line = 1

    def run(self, *, inside_string: bool) -> list[Token]:
        found: list[Token] = []
        depth = 0
        while self.at < len(self.text):
            if self.text.startswith("'", self.at):
                found.append(self.string())
                continue
            match = _TOKEN.match(self.text, self.at)
            if match is None:
                raise BicepError(self.file, self.line, f"unexpected {self.text[self.at]!r}")
            kind, value = str(match.lastgroup), match.group()
            if inside_string and kind == "symbol":
                depth += {"{": 1, "}": -1}.get(value, 0)
                if depth < 0:
                    break
            if inside_string and kind == "break":
                raise BicepError(self.file, self.line, "an expression in a string ends on its line")
            if kind != "blank":
                found.append(Token(kind, value, self.line))
            self.line += value.count("\n")
            self.at = match.end()
        found.append(Token("end", "", self.line))
        return found

    def string(self) -> Token:
        line = self.line
        if self.text.startswith("'''", self.at):
            end = self.text.find("'''", self.at + 3)
            if end < 0:
                raise BicepError(self.file, line, "''' is never closed")
            value = self.text[self.at + 3 : end].removeprefix("\r").removeprefix("\n")
            self.line += self.text.count("\n", self.at, end)
            self.at = end + 3
            return Token("string", value, line, (value,))
        self.at += 1
        parts: list[str | tuple[Token, ...]] = []
        piece = ""
        while True:
            character = self.text[self.at : self.at + 1]
            if character in ("", "\n", "\r"):
                raise BicepError(self.file, line, "a string ends on its line")
            self.at += 1
            if character == "'":
                break
            if character == "\\":
                piece += self.escaped()
            elif character == "$" and self.text.startswith("{", self.at):
                self.at += 1
                parts += [piece, tuple(self.run(inside_string=True))]
                self.at += 1
                piece = ""
            else:
                piece += character
        return Token("string", piece, line, (*parts, piece))

    def escaped(self) -> str:
        character = self.text[self.at : self.at + 1]
        unicode = re.compile(r"u\{([0-9A-Fa-f]+)\}").match(self.text, self.at)
        if unicode:
            self.at = unicode.end()
            return chr(int(unicode.group(1), 16))
        if character not in _ESCAPES or character == "":
            raise BicepError(self.file, self.line, f"\\{character} is no escape")
        self.at += 1
        return _ESCAPES[character]
