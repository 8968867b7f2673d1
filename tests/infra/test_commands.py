"""`mlops infra` of a rendered project, with the real Terraform and stand-ins for its providers."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
import yaml

from tests.infra import stub
from tests.infra.cases import ENVIRONMENTS, Case
from tests.infra.resource import SUBSCRIPTION
from tests.infra.terraform import needs_terraform
from tests.support import harness

CASE = Case("classical", "github", "managed", ("online", "kubernetes"), "filled")


@pytest.fixture
def project(environment: Path, render: harness.Render, tmp_path: Path) -> Path:
    """A filled-in project that is installed, and whose state stays in its folder."""
    target = shutil.copytree(render(CASE.answers("terraform")), tmp_path / "project")
    for name in ENVIRONMENTS:
        path = target / f"config/{name}.yml"
        config = yaml.safe_load(path.read_text())
        CASE.fill(config)
        path.write_text(yaml.safe_dump(config, sort_keys=False))
    for backend in target.glob("infra/**/backend.tf"):
        backend.unlink()
    harness.install(environment, target)
    return target


@needs_terraform
def test_every_stack_is_built_once_and_taken_away(project: Path, environment: Path) -> None:
    def infra(command: str, *arguments: str) -> str:
        variables = {
            "ARM_SUBSCRIPTION_ID": SUBSCRIPTION,
            "TF_REATTACH_PROVIDERS": stub.reattach(),
            "TF_CLI_CONFIG_FILE": os.devnull,
            "CHECKPOINT_DISABLE": "1",
            "COLUMNS": "200",
        }
        mlops = str(environment / "bin" / "mlops")
        return harness.run(mlops, "infra", command, *arguments, cwd=project, variables=variables)

    stacks = {
        "registry": ("--env", "prod", "--stack", "registry"),
        "environment": ("--env", "dev"),
        "online": ("--env", "dev", "--stack", "online"),
        "kubernetes": ("--env", "dev", "--stack", "kubernetes"),
    }
    deployments = {"online": ("--deployment", "blue", "--deployment", "green")}
    for name, chosen in stacks.items():
        given = (*chosen, *deployments.get(name, ()))
        assert "no data is touched." in infra("plan", *given), name
        assert "Done:" in infra("apply", *given, "--yes"), name
        assert "Nothing to do:" in infra("apply", *given, "--yes"), name

    assert "1 to destroy" not in infra("plan", *stacks["online"], *deployments["online"])
    assert "to destroy; no data is touched." in infra("plan", *stacks["online"], "--deployment", "green")
    assert infra("roles", "--env", "dev").strip().startswith(("#", "Nobody", "Nothing")), infra("roles", "--env", "dev")

    assert "Done:" in infra("destroy", *stacks["online"], "--yes")
    assert "the data of" in infra("destroy", *stacks["environment"], "--yes")
    assert "Nothing to do:" in infra("destroy", *stacks["environment"], "--yes")
