"""Examples in docstrings give the answers that they show."""

import doctest
import importlib
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "src"
MODULES = [
    ".".join(path.relative_to(SOURCE).with_suffix("").parts)
    for path in sorted(SOURCE.rglob("*.py"))
    if ">>> " in path.read_text(encoding="utf-8")
]


def test_pure_modules_have_examples() -> None:
    names = {module.rpartition(".")[2] for module in MODULES}
    assert {"gate", "metrics", "split", "drift"} <= names


@pytest.mark.parametrize("module", MODULES)
def test_examples_of_a_module_are_right(module: str) -> None:
    outcome = doctest.testmod(importlib.import_module(module))
    assert outcome.attempted > 0
    assert outcome.failed == 0
