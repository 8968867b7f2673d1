"""The ARM layer is the Bicep layer, compiled: same bytes, same resources, same tables, and no value of a user."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from scripts import arm
from tests.infra.compiler import ENVIRONMENT, compiler, found, needs_bicep, with_literals
from tests.support import harness

ENVIRONMENTS = ("dev", "staging", "prod")
CLUSTER = "/subscriptions/s/resourceGroups/k/providers/Microsoft.ContainerService/managedClusters/aks"


@pytest.fixture(scope="module")
def bicep(render: harness.Render) -> Path:
    return render(everything("bicep"))


@pytest.fixture(scope="module")
def json_project(render: harness.Render) -> Path:
    return render(everything("arm"))


def everything(iac: str) -> dict[str, Any]:
    return harness.answers_for(iac=iac, network="isolated", serving=harness.offered("serving"))


def templates(json_project: Path) -> dict[str, str]:
    return {path.stem: path.read_text() for path in sorted((json_project / "infra").glob("*.json"))}


def test_each_stack_has_its_json() -> None:
    made = {path.name for path in arm.ARM_LAYER.iterdir() if ".json" in path.name}
    assert made == {name for _, name in arm.stacks()}
    assert {stack for stack, _ in arm.stacks()} == {"main", "registry", "network", "cluster", "endpoint"}


@needs_bicep
def test_json_is_what_the_compiler_makes(bicep: Path, json_project: Path) -> None:
    version = arm.version(str(found()))
    if version != arm.recorded():
        pytest.skip(f"The JSON names its compiler, {arm.recorded()}; here is {version}: `make arm` compiles with it.")
    for stack, text in templates(json_project).items():
        made = compiler().compile(bicep / "infra" / f"{stack}.bicep").text
        assert made == text, f"{stack}.json differs from its Bicep: `make arm`"


def test_json_names_the_recorded_compiler(json_project: Path) -> None:
    for stack, text in templates(json_project).items():
        generator = json.loads(text)["metadata"]["_generator"]
        assert generator["version"].startswith(f"{arm.recorded()}."), stack


def test_json_holds_the_tables(bicep: Path, json_project: Path) -> None:
    """Python reads them there, where a project with JSON has no folder of tables."""
    held = list(loaded(json.loads(templates(json_project)["main"])))
    for path in sorted((bicep / "infra/tables").glob("*.yml")):
        assert yaml.safe_load(path.read_text()) in held, path.name
    assert not (json_project / "infra/tables").exists()


def loaded(template: Any) -> Iterator[Any]:
    """Yield what the compiler keeps of each file that Bicep loads."""
    if isinstance(template, dict):
        for key, value in template.items():
            yield from [value] if key.startswith("$fxv#") else loaded(value)


def test_json_holds_no_value_of_a_user(json_project: Path) -> None:
    answers = everything("arm")
    values = {str(answers[name]) for name in ("project_slug", "package_name", "owner", "alert_email", "repository")}
    for environment in ENVIRONMENTS:
        names = yaml.safe_load((json_project / f"config/{environment}.yml").read_text())["names"]
        values |= set(names.values())
    for stack, text in templates(json_project).items():
        assert not [value for value in values if value.casefold() in text.casefold()], stack


@needs_bicep
@pytest.mark.parametrize(
    "environment", [ENVIRONMENT, *(pytest.param(name, marks=pytest.mark.exhaustive) for name in ("dev", "prod"))]
)
def test_json_makes_the_resources_of_its_bicep(
    environment: str, bicep: Path, json_project: Path, tmp_path: Path
) -> None:
    """Also with another compiler than the recorded one, where the bytes may differ."""
    project = copied(bicep, tmp_path)
    process, variables = compiler(), {"ENVIRONMENT": environment, "KIND": "online", "DEPLOYMENTS": "blue,green"}
    for stack, text in templates(json_project).items():
        parameters = project / "infra" / f"{stack}.bicepparam"
        parameters.write_text(with_literals(parameters.read_text(), variables))
        (project / "infra" / f"{stack}.json").write_text(text)
        values = process.parameters(parameters)
        (project / "infra" / f"values-{stack}.json").write_text(json.dumps(values))
        given = (f"param {name} = loadJsonContent('values-{stack}.json').{name}" for name in values)
        of_json = project / "infra" / f"json-{stack}.bicepparam"
        of_json.write_text("\n".join([f"using '{stack}.json'", *given]))
        made = [process.snapshot(path, "rg-one") for path in (parameters, of_json)]
        assert made[0]["predictedResources"] == made[1]["predictedResources"], stack
        assert len(made[0]["predictedResources"]) > 1, stack


def copied(bicep: Path, folder: Path) -> Path:
    """Copy infra/ and config/, with a network and a cluster filled in."""
    for path in (*(bicep / "infra").rglob("*"), *(bicep / "config").glob("*.yml")):
        if path.is_file():
            target = folder / path.relative_to(bicep)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.read_bytes())
    common = folder / "config/common.yml"
    content = yaml.safe_load(common.read_text())
    content["network"]["address_space"] = "10.20.0.0/24"
    content["kubernetes"] |= {"cluster_id": CLUSTER, "host": "inference.example.com"}
    common.write_text(yaml.safe_dump(content))
    return folder
