"""Files of the infrastructure and the lists that it is held against; tests/infra/ has the rest."""

from __future__ import annotations

import datetime

import pytest

from tests.infra.reference import age, load
from tests.support import harness


@pytest.mark.parametrize("iac", harness.offered("iac"))
def test_no_file_of_the_infrastructure_asks_for_an_answer(iac: str) -> None:
    """Answers decide which files there are; values come from config/. Only documents differ."""
    layers = [iac] if iac == "terraform" else [iac, "resource_manager"]
    for layer in layers:
        for path in (harness.LAYERS[layer] / "infra").rglob("*.jinja"):
            assert path.name in ("README.md.jinja", ".checkov.yaml.jinja"), path


def test_lists_say_where_they_come_from() -> None:
    lines = list(age.lines(datetime.date(2026, 11, 29)))
    assert len(lines) > 40
    for name, rule in load("azure_monitor")["types"].items():
        assert any(name in line for line in lines), name
        pages = [rule[source]["page"] for source in ("logs_source", "metrics_source") if source in rule]
        assert any(str(page).startswith("https://learn.microsoft.com/") for page in pages), name
