"""A Jinja extension that saves Copier time: each text is compiled once.

Copier renders every part of every path again, for each file and for each of the three renders of an update; most of
them are the same few folder names.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from jinja2 import Environment
from jinja2.ext import Extension


class CompiledOnce(Extension):
    """Remembers what the environment has compiled. Compiling depends on nothing but the text and the environment."""

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        compiled = lru_cache(maxsize=None)(environment.compile)

        def compile_once(source: Any, name: str | None = None, filename: str | None = None, **options: Any) -> Any:
            # Extensions see each text before it would be compiled: Copier's tag `yield` forgets the last path here.
            environment.preprocess(source, name, filename)
            return compiled(source, name, filename, **options)

        # The method of this one environment, not of its class: Copier makes one for each render.
        environment.compile = compile_once  # type: ignore[assignment, method-assign]
