"""What infra/ itself refuses: the configurations that Python refuses, for those who run Terraform without `mlops`."""

import shutil
import subprocess
from pathlib import Path

import pytest

from .support.configuration import change, copy_of_config
from .support.refused import REFUSED, Refused, network
from .support.terraform import TERRAFORM, real

INFRA = Path(__file__).parents[1] / "infra"


@pytest.fixture(scope="module")
def module(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the module that reads the configuration, which needs no provider; beside it are the tables."""
    folder = tmp_path_factory.mktemp("infra")
    shutil.copytree(INFRA / "tables", folder / "tables")
    shutil.copytree(INFRA / "modules" / "configuration", folder / "modules" / "configuration")
    ended = terraform(folder / "modules" / "configuration", "init", "-input=false")
    assert ended.returncode == 0, ended.stderr
    return folder / "modules" / "configuration"


def terraform(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [TERRAFORM or "terraform", *arguments, "-no-color"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def plan(module: Path, config: Path) -> str:
    """Return what Terraform says of a configuration, without its line breaks; empty if it accepts it."""
    ended = terraform(module, "plan", "-input=false", f"-var=folder={config}", "-var=environment=prod")
    return " ".join(ended.stderr.split()) if ended.returncode else ""


@real
def test_accepts_valid_configuration(module: Path, tmp_path: Path) -> None:
    config = copy_of_config(tmp_path / "config")
    for name in ("dev", "staging", "prod"):
        change(config / f"{name}.yml", network("managed", address_space="10.20.0.0/24"))
    assert plan(module, config) == ""


@real
@pytest.mark.parametrize("row", [row for row in REFUSED if row.infra], ids=lambda row: row.id)
def test_refuses_what_python_refuses(module: Path, tmp_path: Path, row: Refused) -> None:
    config = copy_of_config(tmp_path / "config")
    change(config / "prod.yml", network("managed", address_space="10.20.0.0/24"))
    change(config / "prod.yml", row.changed)
    assert f"config/prod.yml: {row.key}: {' '.join(row.sentence.split())}" in plan(module, config)
