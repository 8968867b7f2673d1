"""Copier without the work that it repeats for each file and each render: the tests render hundreds of projects.

The results are the same: a test compares one with that of the command `copier`, which is left as it is.
"""

from __future__ import annotations

import copy
import functools
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jinja2
from copier import _main, _template, _vcs
from copier._jinja_ext import get_yield_context
from copier._main import Worker

# What a worker keeps while it renders the files: its answers stay the same there.
CONTEXT, ANSWERS_FILE, RENDERED = "context_of_tests", "answers_file_of_tests", "rendered_of_tests"


def install() -> None:
    """Change Copier in this process, and not in the commands that tests start."""
    jinja2.Environment.compile = _compiled_once(jinja2.Environment.compile)  # type: ignore[method-assign]
    # A process of git for each file: whether git ignores the right to execute. It does on Windows alone.
    Worker._sync_git_index_executable_bit = lambda *_: None  # type: ignore[method-assign]
    # A search of PATH for each file.
    _main.is_git_available = functools.cache(_vcs.is_git_available)  # type: ignore[attr-defined]
    _template.load_template_config = _loaded_once(_template.load_template_config)
    worker: Any = Worker
    worker._render_template = _keeping(worker._render_template)
    worker._render_context = _kept_context(worker._render_context)
    worker._render_string = _rendered_once(worker._render_string)
    worker.answers_relpath = property(_kept_answers_file(worker.answers_relpath.fget))


def _loaded_once(load: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    """Return the function that reads `copier.yml`, with a memory of the contents that it has read."""
    known: dict[bytes, dict[str, Any]] = {}

    @functools.wraps(load)
    def loaded(path: Path, quiet: bool = False) -> dict[str, Any]:
        content = path.read_bytes()
        if b"!include" in content:  # of files that may differ
            return load(path, quiet)
        if content not in known:
            known[content] = load(path, quiet)
        return copy.deepcopy(known[content])

    return loaded


def _keeping(render: Callable[[Worker], None]) -> Callable[[Worker], None]:
    """Return the method that renders all files, with the context of the answers made once."""

    @functools.wraps(render)
    def rendered(self: Worker) -> None:
        # In the dictionary: the worker checks the attributes that it is given.
        self.__dict__.update({ANSWERS_FILE: self.answers_relpath, CONTEXT: self._render_context(), RENDERED: {}})
        try:
            render(self)
        finally:
            for name in (ANSWERS_FILE, CONTEXT, RENDERED):
                del self.__dict__[name]

    return rendered


def _kept_context(make: Callable[[Worker], dict[str, Any]]) -> Callable[[Worker], dict[str, Any]]:
    """Return the method with a copy of the context that `_keeping` has made."""

    @functools.wraps(make)
    def context(self: Worker) -> dict[str, Any]:
        kept = self.__dict__.get(CONTEXT)
        return make(self) if kept is None else dict(kept)

    return context


def _kept_answers_file(make: Callable[[Worker], Path]) -> Callable[[Worker], Path]:
    """Return the method with the path that `_keeping` has rendered."""

    @functools.wraps(make)
    def path(self: Worker) -> Path:
        kept: Path | None = self.__dict__.get(ANSWERS_FILE)
        if kept is None:
            return make(self)
        self.jinja_env.preprocess("")  # the tag `yield` forgets a part of a path where another text is rendered
        return kept

    return path


def _rendered_once(render: Callable[..., str]) -> Callable[..., str]:
    """Return the method for a part of a path: most parts are the same few names of folders."""

    @functools.wraps(render)
    def rendered(self: Worker, string: str, extra_context: dict[str, Any] | None = None) -> str:
        known = self.__dict__.get(RENDERED)
        if known is None or extra_context:
            return render(self, string, extra_context)
        if string in known:
            self.jinja_env.preprocess(string)
            return str(known[string])
        text = render(self, string)
        if not get_yield_context(self.jinja_env).yield_name:
            known[string] = text
        return text

    return rendered


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
