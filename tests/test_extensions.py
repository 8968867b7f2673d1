"""Limits of `--trust`: the extensions import no module with which they could do more than compute."""

from __future__ import annotations

import ast
from pathlib import Path

import jinja2
import jinja2.ext
import pytest

from extensions.compiled_once import CompiledOnce
from tests.support import harness

pytestmark = pytest.mark.quick

MODULES = sorted((harness.ROOT / "extensions").glob("*.py"))
HARMLESS = frozenset(
    "__future__ base64 collections difflib functools hashlib jinja2 keyword re sys typing unicodedata".split()
)
NOT_CALLED = {"__import__", "compile", "eval", "exec", "getattr", "globals", "open", "setattr", "vars"}


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.stem)
def test_extensions_only_compute(module: Path) -> None:
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.Import):
            assert {alias.name.partition(".")[0] for alias in node.names} <= HARMLESS
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0
            assert (node.module or "").partition(".")[0] in HARMLESS
        if isinstance(node, ast.Name):
            assert node.id not in NOT_CALLED
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "sys":
            assert node.attr == "stdlib_module_names"


def test_trust_is_asked_for_nothing_else() -> None:
    assert not {"_tasks", "_migrations", "_external_data"} & harness.CONFIG.keys()


def test_text_is_compiled_once(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled: list[object] = []
    original = jinja2.Environment._generate

    def generate(self: jinja2.Environment, source: object, *rest: object, **options: object) -> object:
        compiled.append(source)
        return original(self, source, *rest, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(jinja2.Environment, "_generate", generate)
    environment = jinja2.Environment(extensions=[CompiledOnce])
    rendered = [environment.from_string("{{ name }}").render(name=name) for name in ("a", "b", "c")]
    assert rendered == ["a", "b", "c"]
    assert len(compiled) == 1


def test_other_extensions_see_each_text() -> None:
    """Copier's tag `yield` forgets the last path when it sees the next one."""
    seen: list[str] = []

    class Witness(jinja2.ext.Extension):
        def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:
            seen.append(source)
            return source

    environment = jinja2.Environment(extensions=[Witness, CompiledOnce])
    for text in ("a", "b", "a"):
        environment.from_string(text)
    assert seen[-1] == "a"
    assert list(dict.fromkeys(seen)) == ["a", "b"]
    assert seen.count("a") > seen.count("b")


def test_environments_share_no_compiled_text() -> None:
    first, second = (jinja2.Environment(extensions=[CompiledOnce]) for _ in range(2))
    first.filters["rule"], second.filters["rule"] = str.upper, str.title
    assert first.from_string("{{ 'two words' | rule }}").render() == "TWO WORDS"
    assert second.from_string("{{ 'two words' | rule }}").render() == "Two Words"
