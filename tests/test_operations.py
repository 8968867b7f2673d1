"""The set-up of jobs that look: the packages of the group `operations`, and what the commands of such jobs need."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.support import harness
from tests.support.environments import Environments

# The modules that the commands of these jobs import: `mlops azure watch`, `mlops template propose`.
IMPORTED = """
import importlib, pkgutil, sys
for name in ("azure.watch", "updates"):
    package = importlib.import_module(f"{sys.argv[1]}.{name}")
    for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        importlib.import_module(module.name)
"""


@pytest.mark.parametrize(
    "scenario",
    [
        name if name == harness.answers_for()["scenario"] else pytest.param(name, marks=pytest.mark.exhaustive)
        for name in harness.offered("scenario")
    ],
)
def test_set_up_of_operations_suffices(
    scenario: str, environments: Environments, render: harness.Render, tmp_path: Path
) -> None:
    """Its commands run for real."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    rendered = render(harness.answers_for(scenario, ci="github", python_version=version))
    project = shutil.copytree(rendered, tmp_path / "project")
    shutil.copy(environments.of(rendered) / "uv.lock", project)  # with hashes of the index
    action = yaml.safe_load((project / ".github/actions/set-up-operations/action.yml").read_text())
    variables = {"VIRTUAL_ENV": str(project / ".venv"), "UV_PYTHON_DOWNLOADS": "never"}
    for step in action["runs"]["steps"]:
        if "run" in step and "pip install --require-hashes" not in step["run"]:  # of uv, which is here
            harness.run("bash", "-e", "-c", step["run"], cwd=project, variables=variables)
    package = harness.answers_for(scenario)["package_name"]
    harness.run(str(project / ".venv/bin/python"), "-c", IMPORTED, package, cwd=project)
    done = subprocess.run(
        [str(project / ".venv/bin/mlops"), "template", "propose"], cwd=project, capture_output=True, text=True
    )
    assert done.returncode == 2
    assert "only a job of the CI system can propose" in done.stderr
    installed = harness.run("uv", "pip", "freeze", "--exclude-editable", f"--python={project / '.venv'}")
    assert not {"mlflow", "pandas", "scikit-learn", "zizmor"} & {line.split("==")[0] for line in installed.splitlines()}
