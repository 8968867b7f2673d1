"""Filters that write a text as a literal of another language, so that no answer is read as code.

Each filter takes any `str` that can be encoded as UTF-8 and returns source code that the language
reads back as the same text. Only characters that are special in the language, or that cannot be
printed, are escaped.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from jinja2 import Environment
from jinja2.ext import Extension

_NAMED = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def _escape(value: str, special: Mapping[str, str], unprintable: Callable[[int], str]) -> str:
    return "".join(
        special.get(character) or (character if character.isprintable() else unprintable(ord(character)))
        for character in value
    )


def _utf16(code: int) -> str:
    """Return the escape for languages whose `\\u` takes four digits only: JSON."""
    if code <= 0xFFFF:
        return f"\\u{code:04x}"
    high, low = divmod(code - 0x10000, 0x400)
    return f"\\u{0xD800 + high:04x}\\u{0xDC00 + low:04x}"


def _utf32(code: int) -> str:
    """Return the escape for languages that have both `\\uXXXX` and `\\UXXXXXXXX`: YAML, TOML, HCL, Python."""
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


_QUOTED = {**_NAMED, "\\": "\\\\", '"': '\\"'}


def json_string(value: str) -> str:
    """Return a JSON string."""
    return f'"{_escape(value, _QUOTED, _utf16)}"'


def yaml_string(value: str) -> str:
    """Return a double-quoted YAML scalar, read alike by YAML 1.1 and 1.2."""
    return f'"{_escape(value, _QUOTED, _utf32)}"'


def toml_string(value: str) -> str:
    """Return a TOML basic string."""
    return f'"{_escape(value, _QUOTED, _utf32)}"'


def hcl_string(value: str) -> str:
    """Return a quoted HCL template without interpolation: `${` and `%{` stay text."""
    # HCL also has `$${`, but reads it differently after another `$`; an escape is always one character.
    text = _escape(value, _QUOTED, _utf32).replace("${", "\\u0024{").replace("%{", "\\u0025{")
    return f'"{text}"'


def bicep_string(value: str) -> str:
    """Return a single-quoted Bicep string without interpolation."""
    escaped = _escape(value, {**_NAMED, "\\": "\\\\", "'": "\\'"}, lambda code: f"\\u{{{code:x}}}")
    escaped = escaped.replace("${", "\\${")
    return f"'{escaped}'"


def python_string(value: str) -> str:
    """Return a Python string as `ruff format` leaves it: double quotes unless single ones escape less.

    Everything outside ASCII is escaped, so that look-alike letters do not trip the linter.
    """
    quote = "'" if value.count('"') > value.count("'") else '"'
    special = {**_NAMED, "\\": "\\\\", quote: "\\" + quote}
    escaped = "".join(
        special.get(character) or (character if " " <= character <= "~" else _python_escape(ord(character)))
        for character in value
    )
    return f"{quote}{escaped}{quote}"


def _python_escape(code: int) -> str:
    return f"\\x{code:02x}" if code <= 0xFF else _utf32(code)


def markdown_text(value: str) -> str:
    """Return one line of Markdown text: no emphasis, links, HTML, mathematics or block mark in front."""
    escaped = re.sub(r"[\\`*\[\]<>&|~$]", r"\\\g<0>", value)
    # An underscore inside a word is no emphasis; escaping it would make names hard to read.
    escaped = re.sub(r"(?<![^\W_])_|_(?![^\W_])", r"\\_", escaped)
    escaped = re.sub(r"^([#+=-])", r"\\\1", escaped)
    return re.sub(r"^(\d+)([.)])", r"\1\\\2", escaped)


class Literals(Extension):
    """Adds one filter per language."""

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        environment.filters.update(
            {
                filter_.__name__: filter_
                for filter_ in (
                    bicep_string,
                    hcl_string,
                    json_string,
                    markdown_text,
                    python_string,
                    toml_string,
                    yaml_string,
                )
            }
        )
