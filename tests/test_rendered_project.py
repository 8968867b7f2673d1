"""Rendered projects by their own tools: formatter, linter, type checker, tests, and the tools of their CI and IaC."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests import harness

TERRAFORM = (".tf", ".hcl", ".tfvars")
needs_terraform = pytest.mark.skipif(shutil.which("terraform") is None, reason="terraform is not on PATH")


@pytest.fixture(scope="session")
def environment(render: harness.Render) -> Path:
    """A virtual environment with a project's locked packages, kept in build/ for as long as the lock stays the same."""
    lock = render(harness.answers_for()) / "requirements" / "dev.lock.txt"
    key = hashlib.sha256(lock.read_bytes() + sys.version.encode()).hexdigest()[:16]
    folder = harness.ROOT / "build" / "environments" / key
    if not (folder / "complete").exists():
        shutil.rmtree(folder, ignore_errors=True)
        _run("uv", "venv", "--quiet", "--python", sys.executable, str(folder))
        _run("uv", "pip", "sync", "--quiet", "--require-hashes", f"--python={folder}", str(lock))
        (folder / "complete").touch()
    return folder


def test_rendered_python_is_formatted_and_clean_by_the_projects_own_rules(render: harness.Render) -> None:
    for project in harness.distinct(render, (".py", ".toml", ".ipynb")):
        _run("ruff", "format", "--check", "--quiet", "--no-cache", cwd=project)
        _run("ruff", "check", "--quiet", "--output-format=concise", "--no-cache", cwd=project)


def test_rendered_yaml_has_no_doubtful_lines(render: harness.Render) -> None:
    for project in harness.distinct(render, (".yml", ".yaml")):
        _run("yamllint", "--strict", "--config-file", str(harness.ROOT / ".yamllint.yml"), ".", cwd=project)


def test_rendered_workflows_are_clean_and_safe(render: harness.Render) -> None:
    seen = set()
    for project in harness.distinct(render, (".yml", ".yaml")):
        workflows = sorted((project / ".github" / "workflows").glob("*.yml"))
        content = tuple(path.read_bytes() for path in workflows)
        if workflows and content not in seen:
            seen.add(content)
            _run("actionlint", *map(str, workflows), cwd=project)
            _run("zizmor", "--offline", "--quiet", "--no-progress", ".github", cwd=project)
    assert seen


def test_rendered_python_has_types_that_fit(environment: Path, render: harness.Render) -> None:
    cache = harness.ROOT / "build" / "mypy"
    for served in ("online", "batch"):
        project = render(harness.answers_for(serving=[served]))
        _run(str(environment / "bin" / "mypy"), f"--cache-dir={cache}", cwd=project)


@pytest.mark.parametrize("scenario", harness.offered("scenario"))
def test_the_rendered_projects_own_tests_pass(
    scenario: str, environment: Path, render: harness.Render, tmp_path: Path
) -> None:
    project = tmp_path / "project"
    shutil.copytree(render(harness.answers_for(scenario)), project)
    _install(environment, project)
    _run(str(environment / "bin" / "pytest"), "-q", "-p", "no:cacheprovider", cwd=project, timeout=900)


def test_the_rendered_project_finds_its_configuration_right(
    environment: Path, render: harness.Render, tmp_path: Path
) -> None:
    project = tmp_path / "project"
    shutil.copytree(render(harness.answers_for(network="isolated")), project)
    _install(environment, project)
    _run(str(environment / "bin" / "mlops"), "check", cwd=project)


@needs_terraform
def test_terraform_finds_the_infrastructure_formatted(render: harness.Render) -> None:
    for project in harness.distinct(render, TERRAFORM):
        _run("terraform", "fmt", "-check", "-recursive", "-no-color", "infra", cwd=project)


@needs_terraform
def test_terraform_finds_the_infrastructure_valid(render: harness.Render, tmp_path: Path) -> None:
    for number, project in enumerate(harness.distinct(render, TERRAFORM)):
        infra = shutil.copytree(project, tmp_path / str(number)) / "infra"
        for root in sorted({path.parent for path in infra.rglob("versions.tf")}):
            init = ["terraform", "init", "-backend=false", "-input=false", "-no-color"]
            got = subprocess.run(init, cwd=root, capture_output=True, text=True)
            if got.returncode:
                reason = " ".join(got.stderr.partition("Error: ")[2].split())
                pytest.skip(f"terraform has no providers here: {reason[:200]}")
            _run("terraform", "validate", "-no-color", cwd=root)


def _install(environment: Path, project: Path) -> None:
    _run(
        *("uv", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", f"--python={environment}"),
        *("--editable", "."),
        cwd=project,
    )


def _run(*command: str, cwd: Path = harness.ROOT, timeout: int = 300) -> None:
    """Run a command and fail with all that it printed."""
    result = subprocess.run(
        command,
        cwd=cwd,
        timeout=timeout,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    )
    assert result.returncode == 0, f"{' '.join(command)}\n{result.stdout}"
