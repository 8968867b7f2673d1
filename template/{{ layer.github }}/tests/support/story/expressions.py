"""Expressions of GitHub Actions, as far as this project's workflows use them."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from .pipeline import NotUnderstoodError

_EXPRESSION = re.compile(r"\$\{\{\s*(.*?)\s*\}\}")
_TOKEN = re.compile(r"\s*('[^']*'|&&|\|\||==|!=|!|\(|\)|[A-Za-z_][\w.-]*)")
STATUS = {"success", "failure", "cancelled", "always"}  # functions without which `success()` is meant

Context = Mapping[str, Any]  # by the first word of a name; what it lacks is empty, as on GitHub


def value(text: str, context: Context, functions: Mapping[str, Callable[[], bool]]) -> Any:
    """Return the value of an expression.

    >>> value("a.b != 'x' && !cancelled()", {"a": {"b": "Y"}}, {"cancelled": lambda: False})
    True
    >>> value("a.c || a.b", {"a": {"b": "y"}}, {})
    'y'
    """
    tokens, end = [], 0
    text = text.rstrip()
    while end < len(text):
        found = _TOKEN.match(text, end)
        if found is None:
            raise NotUnderstoodError(f"expression {text!r}")
        tokens.append(found[1])
        end = found.end()
    result = _either(tokens, context, functions)
    if tokens:
        raise NotUnderstoodError(f"expression {text!r}")
    return result


def filled(text: str, context: Context) -> str:
    """Return a text with the values of its expressions."""
    return _EXPRESSION.sub(lambda found: str(value(found[1], context, {})), text)


def condition(text: str, context: Context, functions: Mapping[str, Callable[[], bool]]) -> bool:
    """Return whether a job's `if` holds."""
    whole = _EXPRESSION.fullmatch(text.strip())
    inner = whole[1] if whole else text.strip()
    asks = set(re.findall(r"(\w+)\(\)", inner)) & STATUS
    return (bool(asks) or functions["success"]()) and (not inner or bool(value(inner, context, functions)))


def _either(tokens: list[str], context: Context, functions: Mapping[str, Callable[[], bool]]) -> Any:
    found = _both(tokens, context, functions)
    while tokens[:1] == ["||"]:
        del tokens[0]
        other = _both(tokens, context, functions)
        found = found or other
    return found


def _both(tokens: list[str], context: Context, functions: Mapping[str, Callable[[], bool]]) -> Any:
    found = _compared(tokens, context, functions)
    while tokens[:1] == ["&&"]:
        del tokens[0]
        other = _compared(tokens, context, functions)
        found = found and other
    return found


def _compared(tokens: list[str], context: Context, functions: Mapping[str, Callable[[], bool]]) -> Any:
    found = _one(tokens, context, functions)
    if tokens[:1] in (["=="], ["!="]):
        is_same = tokens.pop(0) == "=="
        other = _one(tokens, context, functions)
        return (str(found).casefold() == str(other).casefold()) == is_same
    return found


def _one(tokens: list[str], context: Context, functions: Mapping[str, Callable[[], bool]]) -> Any:
    token = tokens.pop(0) if tokens else ""
    if token == "!":
        return not _one(tokens, context, functions)
    if token == "(":
        found = _either(tokens, context, functions)
        if not tokens or tokens.pop(0) != ")":
            raise NotUnderstoodError("expression with an open bracket")
        return found
    if token.startswith("'"):
        return token[1:-1]
    if tokens[:2] == ["(", ")"]:
        del tokens[:2]
        if token not in functions:
            raise NotUnderstoodError(f"function {token}()")
        return functions[token]()
    first, *rest = token.split(".")
    if first not in context:
        raise NotUnderstoodError(f"{token!r} in an expression")
    found = context[first]
    for part in rest:
        found = found.get(part, "") if isinstance(found, Mapping) else ""
    return found
