"""Rendered projects by their own tools: formatter, linter, type checker, tests, `mlops check`."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests import harness


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
