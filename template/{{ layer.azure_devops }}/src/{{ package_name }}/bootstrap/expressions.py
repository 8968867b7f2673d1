"""Expressions of pipelines, `${{ ... }}`, as far as names of connections, environments and pools depend on them.

Azure DevOps compares texts without regard to letter case. What is known only to a run, such as variables, is unknown.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

EXPRESSION = re.compile(r"\$\{\{\s*(.*?)\s*\}\}")
_TOKEN = re.compile(r"\s*('(?:[^']|'')*'|[\w.-]+|[(),\[\]])")


class Unknown:
    """A value that only a run has."""


UNKNOWN = Unknown()


def value(text: str, scope: Mapping[str, Any]) -> Any:
    """Return the value of an expression, UNKNOWN if a run alone has it.

    >>> value("and(eq(parameters.a, 'X'), not(parameters.b))", {"parameters": {"a": "x", "b": False}})
    True
    >>> value("eq(variables['Build.Reason'], 'Manual')", {}) is UNKNOWN
    True
    """
    tokens = _TOKEN.findall(text)
    found = _parse(tokens, scope)
    return UNKNOWN if tokens else found


def filled(text: str, scope: Mapping[str, Any]) -> Any:
    """Return a text with the values of its expressions; those that are unknown stay.

    >>> filled("a-${{ parameters.env }}", {"parameters": {"env": "dev"}})
    'a-dev'
    >>> filled("${{ parameters.pool }}", {"parameters": {"pool": {"name": "p"}}})
    {'name': 'p'}
    """
    if whole := EXPRESSION.fullmatch(text):
        found = value(whole[1], scope)
        return text if found is UNKNOWN else found
    return EXPRESSION.sub(lambda match: match[0] if (found := value(match[1], scope)) is UNKNOWN else str(found), text)


def _parse(tokens: list[str], scope: Mapping[str, Any]) -> Any:
    """Take one value from the tokens."""
    token = tokens.pop(0) if tokens else ""
    if token.startswith("'"):
        return token[1:-1].replace("''", "'")
    if tokens[:1] == ["("]:
        arguments = []
        while tokens and tokens.pop(0) in ("(", ",") and tokens[:1] != [")"]:
            arguments.append(_parse(tokens, scope))
        return _call(token.lower(), arguments)
    if tokens[:1] == ["["]:  # variables['Build.Reason']
        del tokens[:3]
        return UNKNOWN
    if token.lower() in ("true", "false"):
        return token.lower() == "true"
    return int(token) if token.isdigit() else _named(token, scope)


def _named(name: str, scope: Mapping[str, Any]) -> Any:
    found: Any = scope
    for part in name.split("."):
        if not isinstance(found, Mapping) or part not in found:
            return UNKNOWN
        found = found[part]
    return found


def _call(name: str, arguments: Sequence[Any]) -> Any:
    if name == "and":
        return False if False in map(_truth, arguments) else UNKNOWN if UNKNOWN in arguments else True
    if name == "or":
        return True if True in map(_truth, arguments) else UNKNOWN if UNKNOWN in arguments else False
    if name not in ("eq", "ne", "not", "in", "notin") or UNKNOWN in arguments:
        return UNKNOWN
    if name == "not":
        return not _truth(arguments[0])
    same = any(_plain(arguments[0]) == _plain(each) for each in arguments[1:])
    return same if name in ("eq", "in") else not same


def _truth(found: Any) -> Any:
    return found if found is UNKNOWN else bool(found)


def _plain(found: Any) -> str:
    return str(found).casefold()
