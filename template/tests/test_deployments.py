"""The files that Azure deploys from agree with each other and are accepted by azure-ai-ml."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from azure.ai.ml import load_batch_endpoint, load_environment, load_online_deployment, load_online_endpoint

# The loader of `type: model`, which the `az ml` command uses too; it has no public name.
from azure.ai.ml.entities._load_functions import load_model_batch_deployment

ROOT = Path(__file__).parents[1]
AZUREML = ROOT / "azureml"
DEPLOYMENTS = sorted(AZUREML.glob("endpoints/*/deployment.yml"))
ENVIRONMENTS = sorted(AZUREML.glob("environments/*.yml"))


def content(path: Path) -> dict[str, Any]:
    loaded = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert isinstance(loaded, dict)
    return loaded


def kind(deployment: Path) -> str:
    return deployment.parent.name


each_deployment = pytest.mark.parametrize("path", DEPLOYMENTS, ids=kind)


def test_project_has_a_deployment() -> None:
    assert DEPLOYMENTS


@each_deployment
def test_deployment_belongs_to_its_endpoint(path: Path) -> None:
    batch = kind(path) == "batch"
    endpoint = (load_batch_endpoint if batch else load_online_endpoint)(path.with_name("endpoint.yml"))
    deployment = (load_model_batch_deployment if batch else load_online_deployment)(path)
    assert deployment.endpoint_name == endpoint.name


@each_deployment
def test_scoring_script_exists(path: Path) -> None:
    code = content(path)["code_configuration"]
    script = path.parent / code["code"] / code["scoring_script"]
    assert re.search(r"import init, run$", script.read_text(encoding="utf-8"), re.MULTILINE)


@each_deployment
def test_deployment_names_one_model_version(path: Path) -> None:
    deployment = content(path)
    name, version = re.fullmatch(r"azureml:([^:@]+):(\d+)", deployment["model"]).groups()  # type: ignore[union-attr]
    variables = {
        **deployment.get("environment_variables", {}),
        **deployment.get("settings", {}).get("environment_variables", {}),
    }
    assert variables.get("MODEL_NAME", name) == name
    assert variables.get("MODEL_VERSION", version) == version
    assert ("MODEL_VERSION" in variables) == (kind(path) == "batch"), "only a batch job cannot find it out"


@each_deployment
def test_request_uses_one_core(path: Path) -> None:
    deployment = content(path)
    settings = deployment["settings"] if kind(path) == "batch" else deployment
    assert settings["environment_variables"]["OMP_NUM_THREADS"] == "1"


def test_named_environments_exist() -> None:
    built = {f"azureml:{found['name']}:{found['version']}" for found in map(content, ENVIRONMENTS)}
    named = {content(path)["environment"] for path in [*DEPLOYMENTS, *AZUREML.glob("components/*.yml")]}
    for path in AZUREML.glob("overlays/*.yml"):
        named |= {added["environment"] for added in content(path).get("components", {}).values()}
    assert named == built


@pytest.mark.parametrize("path", ENVIRONMENTS, ids=lambda path: path.stem)
def test_image_installs_a_lock_of_its_context(path: Path) -> None:
    load_environment(path)
    build = content(path)["build"]
    context = path.parent / build["path"]
    dockerfile = (context / build["dockerfile_path"]).read_text(encoding="utf-8")
    locks = re.findall(r"^COPY (\S+) /tmp/$", dockerfile, re.MULTILINE)
    assert locks == [f"{path.stem}.lock.txt"]
    assert f"--require-hashes --requirement /tmp/{locks[0]}" in dockerfile
    assert "--hash=sha256:" in (context / locks[0]).read_text(encoding="utf-8")
