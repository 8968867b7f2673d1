"""A Jinja extension that spares Copier most of its compiling: each text is compiled once.

Copier renders every part of every path anew, for each file and for each of the three renders of an update; most of them
are the same few folder names.
"""

from __future__ import annotations

from functools import lru_cache

from jinja2 import Environment
from jinja2.ext import Extension


class CompiledOnce(Extension):
    """Remembers what the environment has compiled. Compiling depends on nothing but the text and the environment."""

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        # The method of this one environment, not of its class: Copier makes one for each render.
        environment.compile = lru_cache(maxsize=None)(environment.compile)  # type: ignore[assignment, method-assign]
