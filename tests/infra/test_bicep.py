"""The Bicep layer by its compiler: built and linted in silence, formatted, described, the same for every answer."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.infra import compiler as driver
from tests.infra import order
from tests.infra.cases import ENVIRONMENTS, REPRESENTATIVE, merged
from tests.infra.compiler import Compiled, compiler, needs_bicep
from tests.infra.conftest import Filled
from tests.infra.flavours import of_bicep
from tests.support import harness

EVERYTHING = REPRESENTATIVE[0]
# Diagnostic settings have had previews only for years: Azure's own examples use this one.
PREVIEWS = {"Microsoft.Insights/diagnosticSettings@2021-05-01-preview"}

pytestmark = needs_bicep


@pytest.fixture(scope="session")
def infra(render: harness.Render) -> Path:
    """The layer with all its files, as rendered."""
    everything = EVERYTHING.answers("bicep")
    return render(everything) / "infra"


def stacks(infra: Path) -> list[Path]:
    return sorted(infra.glob("*.bicepparam"))


@pytest.fixture(scope="session")
def compiled(infra: Path) -> dict[str, Compiled]:
    return {path.stem: compiler().compile(path.with_suffix(".bicep")) for path in stacks(infra)}


def test_compiler_says_nothing(compiled: dict[str, Compiled]) -> None:
    assert compiled.keys() == {"main", "registry", "network", "cluster", "endpoint"}
    for name, one in compiled.items():
        assert one.diagnostics == (), name


def test_every_rule_of_the_linter_is_an_error(infra: Path) -> None:
    rules = json.loads((infra / "bicepconfig.json").read_text())["analyzers"]["core"]
    assert rules["enabled"] is True
    assert not {name for name, rule in rules["rules"].items() if rule["level"] not in ("error", "off")}


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_parameters_are_the_configuration(environment: str, filled: Filled, tmp_path: Path) -> None:
    """As the commands read them, with the environment in a variable of the process; the others with it as a literal."""
    project = filled(EVERYTHING, "bicep")
    config = merged(project, environment)
    if environment != driver.ENVIRONMENT:
        project = Path(shutil.copytree(project, tmp_path / "project"))
    for path in stacks(project / "infra"):
        if environment != driver.ENVIRONMENT:
            variables = {"ENVIRONMENT": environment, "KIND": "online"}
            path.write_text(driver.with_literals(path.read_text(), variables))
        given = compiler().parameters(path)
        if path.stem == "main":
            for name, value in given.items():
                section = re.sub("[A-Z]", lambda found: f"_{found[0].lower()}", name)
                assert section == "production" or value == config.get(section), name
            assert (given["production"] is None) == (environment == "prod")


def test_files_are_formatted(infra: Path) -> None:
    for path in sorted([*infra.rglob("*.bicep"), *infra.rglob("*.bicepparam")]):
        assert driver.formatted(path) == path.read_text(), path.name


def test_parameters_and_outputs_are_described(compiled: dict[str, Compiled]) -> None:
    for name, one in compiled.items():
        for template in nested(one.template):
            for key, parameter in template.get("parameters", {}).items():
                text = parameter.get("metadata", {}).get("description", "")
                optional = "defaultValue" in parameter or parameter.get("nullable")
                words = ("Optional. ", "Conditional. ") if optional else ("Required. ",)
                assert text.startswith(words), (name, key, text)
                assert text.endswith("."), (name, key, text)
            for key, output in template.get("outputs", {}).items():
                assert output.get("metadata", {}).get("description", "").endswith("."), (name, key)


def nested(template: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield template
    for resource in template["resources"].values():
        if resource["type"] == "Microsoft.Resources/deployments":
            yield from nested(resource["properties"]["template"])


def test_no_api_is_a_preview(compiled: dict[str, Compiled]) -> None:
    used = {
        f"{resource['type']}@{resource['apiVersion']}"
        for one in compiled.values()
        for template in nested(one.template)
        for resource in template["resources"].values()
    }
    assert {kind for kind in used if "preview" in kind} == PREVIEWS


def test_main_is_a_table_of_contents(infra: Path) -> None:
    texts = {path: path.read_text() for path in infra.rglob("*.bicep")}
    assert not re.findall(r"^resource .* = ", texts[infra / "main.bicep"], re.MULTILINE)
    used = {name for text in texts.values() for name in re.findall(r"'(?:\.\./|modules/)*([\w-]+\.\w+)'", text)}
    unused = {path.name for path in [*texts, *infra.glob("modules/*.json")]} - used
    assert unused == {f"{path.stem}.bicep" for path in stacks(infra)}


def test_files_are_the_same_for_all_answers(infra: Path, render: harness.Render) -> None:
    """One compiled file for all projects: answers decide which stacks there are, and nothing in them."""
    for answers in harness.VARIANTS.values():
        if answers["iac"] == "bicep":
            project = render(answers) / "infra"
            for path in project.rglob("*.bicep*"):
                assert path.read_bytes() == (infra / path.relative_to(project)).read_bytes(), path.name


def test_azure_is_told_the_order(filled: Filled) -> None:
    assert list(order.faults_in_bicep(filled(EVERYTHING, "bicep"))) == []


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        ("mode: isolated", "mode: public", "network.approved_hosts"),
        ("container_registry_sku: Premium", "container_registry_sku: Basic", "container_registry_sku"),
        ("subnet_id: /", "subnet_id: null # /", "subnet_id"),
    ],
)
def test_a_configuration_that_would_fail_is_refused(
    old: str, new: str, rule: str, filled: Filled, tmp_path: Path
) -> None:
    project = filled(EVERYTHING, "bicep")
    target = shutil.copytree(project, tmp_path / "project")
    path = target / "config/common.yml"
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new, 1))
    with pytest.raises(driver.CompileError, match=rule):
        of_bicep(target, "dev", next(EVERYTHING.stacks()))
