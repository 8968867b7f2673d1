"""checkov finds nothing in the infrastructure that a line of `.checkov.yaml` does not explain; each line is needed."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml

from tests.infra.cases import REPRESENTATIVE, Case
from tests.infra.compiler import needs_bicep
from tests.infra.conftest import Filled
from tests.infra.flavours import MADE
from tests.infra.resource import Resource
from tests.support import harness
from tests.support.environments import Environments

LOCK = harness.ROOT / "template/requirements/checkov.lock.txt"
INSTALL = ("pip", "install", "--quiet", "--require-hashes")
ISOLATED, _, PUBLIC = REPRESENTATIVE
REASON = re.compile(r"  - (CKV2?_AZURE_\d+)  # \w.+")


@pytest.fixture(scope="session")
def checkov() -> Path:
    """checkov in an environment of its own, which is kept until its lock changes."""
    folder = harness.ROOT / "build/checkov" / hashlib.sha256(LOCK.read_bytes()).hexdigest()[:12]
    command = folder / "bin/checkov"
    if not command.exists():
        uv = Path(sys.executable).parent / "uv"
        subprocess.run([str(uv), "venv", "--quiet", "--clear", "--python", sys.executable, str(folder)], check=True)
        install = [str(uv), *INSTALL, "--python", str(folder), "--requirement", str(LOCK)]
        done = subprocess.run(install, capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(f"checkov cannot be installed here: {done.stderr.strip().splitlines()[-1]}")
    return command


def findings(checkov: Path, folder: Path, framework: str) -> set[str]:
    command = [str(checkov), "--directory", str(folder), "--skip-download", "--quiet", "--output", "json"]
    done = subprocess.run(
        [*command, "--framework", framework], capture_output=True, text=True, check=False, cwd=folder, timeout=600
    )
    report = json.loads(done.stdout)
    assert report["summary"]["parsing_errors"] == 0
    assert report["summary"]["resource_count"] > 30
    return {finding["check_id"] for finding in report["results"]["failed_checks"]}


def explained(infra: Path) -> set[str]:
    lines = (infra / ".checkov.yaml").read_text().split("skip-check:\n")[1].splitlines()
    found = [REASON.fullmatch(line) for line in lines]
    assert all(found), lines
    ids = {match[1] for match in found if match}
    assert ids == set(yaml.safe_load((infra / ".checkov.yaml").read_text())["skip-check"])
    return ids


def template(resources: list[Resource]) -> dict[str, Any]:
    """What a compiler of Bicep makes, as far as checkov looks at it."""
    return {
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "contentVersion": "1.0.0.0",
        "resources": [
            {
                "type": resource.kind,
                "apiVersion": "2025-01-01",
                "name": "/".join(resource.id.rsplit("/providers/", 1)[-1].split("/")[2::2]),
                **resource.body,
            }
            for resource in resources
        ],
    }


@needs_bicep
@pytest.mark.parametrize("iac", ["bicep", pytest.param("arm", marks=pytest.mark.exhaustive)])
def test_scan_of_a_new_project_finds_nothing(
    iac: str, environments: Environments, render: harness.Render, tmp_path: Path
) -> None:
    """As `ci` scans it; test_ci_passes_step_by_step does the same with Terraform."""
    project = shutil.copytree(render(harness.answers_for(iac=iac)), tmp_path / "project")
    environment = environments.of(project)
    harness.install(environment, project)
    out = harness.run(str(environment / "bin/mlops"), "infra", "scan", cwd=project, timeout=600)
    found = re.search(r"Passed checks: (\d+), Failed checks: 0", out)
    assert found
    assert int(found[1]) > 50  # of three environments and what they share
    report = ElementTree.parse(project / "outputs/checks/checkov.xml").getroot()
    assert report.get("tests") == found[1]


@pytest.mark.exhaustive
@pytest.mark.parametrize("case", [PUBLIC, ISOLATED], ids=str)
def test_checkov_finds_only_what_is_explained_in_terraform(
    case: Case, checkov: Path, filled: Filled, tmp_path: Path
) -> None:
    infra = filled(case, "terraform") / "infra"
    assert not findings(checkov, infra, "terraform")  # it reads the folder's own .checkov.yaml
    bare = shutil.copytree(infra, tmp_path / "infra", ignore=shutil.ignore_patterns(".checkov.yaml"))
    assert findings(checkov, bare, "terraform") == explained(infra)


@needs_bicep
@pytest.mark.exhaustive
@pytest.mark.parametrize("iac", ["bicep", "arm"])
@pytest.mark.parametrize("case", [PUBLIC, ISOLATED], ids=str)
def test_checkov_finds_only_what_is_explained_in_arm(
    case: Case, iac: str, checkov: Path, filled: Filled, render: harness.Render, tmp_path: Path
) -> None:
    """Bicep as it is deployed, which is ARM."""
    resources = MADE[iac](filled(case, iac), "staging", next(case.stacks()))
    (tmp_path / "main.json").write_text(json.dumps(template(resources)))
    assert findings(checkov, tmp_path, "arm") == explained(render(case.answers(iac)) / "infra")


@needs_bicep
@pytest.mark.exhaustive
def test_checkov_would_find_broken_encryption(checkov: Path, filled: Filled, tmp_path: Path) -> None:
    project = filled(PUBLIC, "bicep")
    resources = MADE["bicep"](project, "staging", next(PUBLIC.stacks()))
    text = json.dumps(template(resources)).replace('"TLS1_2"', '"TLS1_0"')
    (tmp_path / "main.json").write_text(text)
    assert findings(checkov, tmp_path, "arm") - explained(project / "infra")
