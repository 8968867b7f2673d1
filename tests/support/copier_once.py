"""Copier without the work that it repeats for each file and each render: the tests render hundreds of projects.

The results are the same: a test compares one with that of the command `copier`, which is left as it is.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jinja2
from copier._main import Worker


def install() -> None:
    """Change Copier in this process, and not in the commands that tests start."""
    jinja2.Environment.compile = _compiled_once(jinja2.Environment.compile)  # type: ignore[method-assign]
    # A process of git for each file: whether git ignores the right to execute. It does on Windows alone.
    Worker._sync_git_index_executable_bit = lambda *_: None  # type: ignore[method-assign]


def _compiled_once(compile: Callable[..., Any]) -> Callable[..., Any]:
    """Return Jinja's method with a memory that all environments share whose template has the same extensions.

    The code depends on these too: Jinja works out a filter of a constant when it compiles.
    """
    known: dict[tuple[Any, ...], Any] = {}

    @functools.wraps(compile)
    def compiled(self: jinja2.Environment, source: Any, name: str | None = None, *others: Any, **options: Any) -> Any:
        if not isinstance(source, str) or not (extensions := _extensions(self)):
            return compile(self, source, name, *others, **options)
        # The file's own name is for messages, and differs between two clones of a template.
        key = (extensions, source, name)
        if key not in known:
            known[key] = compile(self, source, name, *others, **options)
        return known[key]

    return compiled


def _extensions(environment: jinja2.Environment) -> str:
    """Return a digest of the code of a template's extensions, read once; empty without the one that sees to the rest.

    Other extensions must see each text, as `CompiledOnce` has them do.
    """
    found: str | None = getattr(environment, "digest_of_extensions", None)
    if found is None:
        folders = getattr(environment.loader, "searchpath", [])
        paths = sorted(path for folder in folders for path in Path(folder, "extensions").glob("*.py"))
        remembers = paths and any(name.endswith(".CompiledOnce") for name in environment.extensions)
        found = hashlib.sha256(b"".join(path.read_bytes() for path in paths)).hexdigest() if remembers else ""
        environment.digest_of_extensions = found  # type: ignore[attr-defined]
    return found
