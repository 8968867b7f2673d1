"""The configuration of the infrastructure as rendered: names, network, and trust; tests/infra/ has the rest."""

from __future__ import annotations

import datetime

import pytest
import yaml

from tests.infra.cases import ENVIRONMENTS, merged
from tests.infra.reference import age, load
from tests.support import harness


@pytest.mark.parametrize("network", harness.offered("network"))
def test_configuration_has_the_chosen_network(network: str, render: harness.Render) -> None:
    project = render(harness.answers_for(network=network))
    for environment in ENVIRONMENTS:
        config = merged(project, environment)
        assert config["network"]["mode"] == network
        assert ("subnet_id" in config["network"]) == (network != "public")
        assert ("approved_hosts" in config["network"]) == (network == "isolated")
        assert (config["sizes"]["container_registry_sku"] == "Premium") == (network != "public")


def test_names_differ_between_environments(render: harness.Render) -> None:
    project = render(harness.answers_for())
    configs = [merged(project, name) for name in ENVIRONMENTS]
    other = merged(render(harness.answers_for(name_suffix="z9z9")), "dev")
    for key, value in configs[0]["names"].items():
        assert len({config["names"][key] for config in [*configs, other]}) == 4, key
        assert other["names"][key] != value
    assert configs[0]["registry"] == configs[1]["registry"] == configs[2]["registry"]


def test_hostile_owner_stays_text(render: harness.Render) -> None:
    owner = "\"; ${var.x} %{if} {{ 7*7 }} ${{ secrets.X }} 'a': #"
    project = render(harness.answers_for(owner=owner))
    assert yaml.safe_load((project / "config/common.yml").read_text())["tags"]["owner"] == owner


@pytest.mark.parametrize("ci", harness.offered("ci"))
def test_configuration_trusts_no_ci_yet(ci: str, render: harness.Render) -> None:
    project = render(harness.answers_for(ci=ci))
    for environment in ENVIRONMENTS:
        config = merged(project, environment)["ci"]
        assert len(config["repository"].split("/")) == {"github": 2, "azure_devops": 3}[ci]
        parts = (config["issuer"], config["subject_prefix"])
        assert all(None in (*parts, subject) for subject in config["subjects"].values())
        given = [subject for subject in config["subjects"].values() if subject]
        assert len(set(given)) == len(given)


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
