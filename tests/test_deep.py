"""Projects whose group `deep` is installed: their tests of neural networks, which are skipped everywhere else."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from tests.support import harness
from tests.support.environments import Environments, without_torch

SKIPPED = re.compile(r'importorskip\("(torch|transformers)"')  # where the group is not installed
DEEP = [name for name in harness.offered("scenario") if "deep" in harness.MANIFESTS[name]["requirements"]]


def test_torch_leaves_the_list_of_packages(tmp_path: Path) -> None:
    names = ("numpy==2.4.6", "nvidia-nccl-cu13==2.3 ; sys_platform == 'linux'", "torch==2.13.0", "torchmetrics==1.8")
    locked = tmp_path / "locked.txt"
    locked.write_text("".join(f"{name} \\\n    --hash=sha256:00\n" for name in names))
    assert without_torch(locked) == "torch==2.13.0"
    assert re.findall(r"^\S+==\S+", locked.read_text(), re.MULTILINE) == ["numpy==2.4.6", "torchmetrics==1.8"]
    assert locked.read_text().count("--hash") == 2


@pytest.mark.exhaustive
@pytest.mark.parametrize("scenario", DEEP)
def test_networks_train_and_answer(
    scenario: str, environments: Environments, render: harness.Render, tmp_path: Path
) -> None:
    project = shutil.copytree(render(harness.answers_for(scenario)), tmp_path / "project")
    environment = environments.of(project, "deep")
    harness.install(environment, project)
    tests = [path for path in sorted((project / "tests").glob("test_*.py")) if SKIPPED.search(path.read_text())]
    assert tests
    python = str(environment / "bin" / "python")
    names = [str(path.relative_to(project)) for path in tests]
    output = harness.run(
        python, "-m", "pytest", "-q", *names, cwd=project, variables={"OMP_NUM_THREADS": "1"}, timeout=600
    )
    assert "skipped" not in output.splitlines()[-1]
