"""config/common.yml and config/<environment>.yml as answers make them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support import harness

ENVIRONMENTS = ("dev", "staging", "prod")
HOSTILE = "\"; ${var.x} %{if} {{ 7*7 }} ${{ secrets.X }} 'a': #"


def config(project: Path, name: str) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((project / f"config/{name}.yml").read_text())
    return content


@pytest.mark.parametrize("network", harness.offered("network"))
def test_configuration_has_the_keys_of_the_chosen_network(network: str, render: harness.Render) -> None:
    common = config(render(harness.answers_for(network=network)), "common")
    assert common["network"]["mode"] == network
    assert ("subnet_id" in common["network"]) == (network != "public")
    assert ("approved_hosts" in common["network"]) == (network == "isolated")
    assert (common["sizes"]["container_registry_sku"] == "Premium") == (network != "public")


def test_environment_says_only_what_differs(render: harness.Render) -> None:
    project = render(harness.answers_for(serving=harness.offered("serving")))
    common = config(project, "common")
    for name in ENVIRONMENTS:
        for section, keys in config(project, name).items():
            assert not [key for key, value in keys.items() if common.get(section, {}).get(key, ...) == value], section


def test_names_differ_between_environments(render: harness.Render) -> None:
    project = render(harness.answers_for())
    other = config(render(harness.answers_for(name_suffix="z9z9")), "dev")
    configs = [*(config(project, name) for name in ENVIRONMENTS), other]
    for key in configs[0]["names"]:
        assert len({each["names"][key] for each in configs}) == len(configs), key


def test_hostile_owner_stays_text(render: harness.Render) -> None:
    assert config(render(harness.answers_for(owner=HOSTILE)), "common")["tags"]["owner"] == HOSTILE


@pytest.mark.parametrize("ci", harness.offered("ci"))
def test_configuration_trusts_no_ci_yet(ci: str, render: harness.Render) -> None:
    project = render(harness.answers_for(ci=ci))
    ci_keys = config(project, "common")["ci"]
    assert ci_keys["subject_prefix" if ci == "github" else "issuer"] is None
    subjects = [config(project, name)["ci"]["subjects"] for name in ENVIRONMENTS]
    looks = ("watch",) if ci == "github" else ()  # there a look has a subject of its own, without an approval
    assert {tuple(each) for each in subjects} == {("ci", "infrastructure", "plan", *looks)}
    if ci == "github":
        values = [value for each in subjects for value in each.values()]
        assert len(set(values)) == 12


def test_scenario_names_containers_and_readers_of_production(render: harness.Render) -> None:
    facts = yaml.safe_load((harness.ROOT / "scenarios/classical/scenario.yml").read_text())
    common = config(render(harness.answers_for()), "common")
    assert common["data_lake"]["containers"] == facts["containers"]
    assert common["data"]["production_access"] == facts["production_access"]
    assert ("gpu_cluster" in common) == ("gpu_cluster" in facts)
