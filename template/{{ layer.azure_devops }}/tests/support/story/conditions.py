"""Conditions of stages, which Azure Pipelines evaluates while a run goes on, as far as this project uses them."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from .pipeline import NotUnderstoodError

_TOKEN = re.compile(r"\s*('[^']*'|\w[\w.]*\['[^']+'\]|[A-Za-z]\w*|\(|\)|,)")
Look = Callable[[str, str], Any]  # a name and what stands in its brackets -> value
Functions = Mapping[str, Callable[..., Any]]


def holds(text: str, look: Look, succeeded: Callable[..., bool]) -> bool:
    """Return whether a condition holds.

    Args:
        text: of the condition.
        look: gives the values of names such as `variables['Build.Reason']`.
        succeeded: whether stages succeeded; without names, all that the stage depends on.

    >>> holds("and(succeeded('a'), ne(variables['B'], 'x'))", lambda name, key: "y", lambda *names: True)
    True
    """
    functions: Functions = {
        "and": lambda *values: all(values),
        "or": lambda *values: any(values),
        "not": lambda value: not value,
        "eq": lambda first, second: str(first).casefold() == str(second).casefold(),
        "ne": lambda first, second: str(first).casefold() != str(second).casefold(),
        "succeeded": succeeded,
    }
    tokens, end = [], 0
    text = " ".join(text.split())
    while end < len(text):
        found = _TOKEN.match(text, end)
        if found is None:
            raise NotUnderstoodError(f"condition {text!r}")
        tokens.append(found[1])
        end = found.end()
    result = _one(tokens, look, functions)
    if tokens:
        raise NotUnderstoodError(f"condition {text!r}")
    return bool(result)


def _one(tokens: list[str], look: Look, functions: Functions) -> Any:
    token = tokens.pop(0) if tokens else ""
    if token.startswith("'"):
        return token[1:-1]
    if named := re.fullmatch(r"([\w.]+)\['([^']+)'\]", token):
        return look(named[1], named[2])
    if tokens[:1] != ["("] or token not in functions:
        raise NotUnderstoodError(f"{token!r} in a condition")
    arguments = []
    while tokens and tokens.pop(0) in ("(", ","):
        if tokens[:1] != [")"]:
            arguments.append(_one(tokens, look, functions))
    return functions[token](*arguments)
