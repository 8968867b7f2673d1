"""Rendered projects by their own tools: formatter, linter, type checker, tests, `mlops check`."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.support import harness


def test_rendered_python_is_formatted_and_clean_by_the_projects_own_rules(render: harness.Render) -> None:
    for project in harness.distinct(render, (".py", ".toml", ".ipynb")):
        harness.run("ruff", "format", "--check", "--quiet", "--no-cache", cwd=project)
        harness.run("ruff", "check", "--quiet", "--output-format=concise", "--no-cache", cwd=project)


def test_rendered_yaml_has_no_doubtful_lines(render: harness.Render) -> None:
    for project in harness.distinct(render, (".yml", ".yaml")):
        harness.run("yamllint", "--strict", "--config-file", str(harness.ROOT / ".yamllint.yml"), ".", cwd=project)


def test_rendered_python_has_types_that_fit(environment: Path, render: harness.Render) -> None:
    cache = harness.ROOT / "build" / "mypy"
    for served, iac in zip(("online", "batch"), harness.offered("iac"), strict=True):
        project = render(harness.answers_for(serving=[served], iac=iac))
        harness.run(str(environment / "bin" / "mypy"), f"--cache-dir={cache}", cwd=project)


@pytest.mark.parametrize("scenario", harness.offered("scenario"))
def test_the_rendered_projects_own_tests_pass(
    scenario: str, environment: Path, render: harness.Render, tmp_path: Path
) -> None:
    project = tmp_path / "project"
    shutil.copytree(render(harness.answers_for(scenario)), project)
    harness.install(environment, project)
    harness.run(str(environment / "bin" / "pytest"), "-q", "-p", "no:cacheprovider", cwd=project, timeout=900)


@pytest.mark.parametrize("iac", [iac for iac in harness.offered("iac") if iac != harness.answers_for()["iac"]])
def test_the_tests_that_another_infrastructure_brings_pass(
    iac: str, environment: Path, render: harness.Render, tmp_path: Path
) -> None:
    """All that it has different from the project above, whose other tests need not run twice."""
    project = tmp_path / "project"
    shutil.copytree(render(harness.answers_for(iac=iac)), project)
    harness.install(environment, project)
    known, found = harness.digests(render(harness.answers_for())), harness.digests(project)
    tests = [path for path in found if path.match("tests/test_*.py")]
    brought = [path for path in tests if known.get(path) != found[path]]
    shared = [path for path in tests if "infra" in path.name and path not in brought]
    assert brought
    chosen = [str(path) for path in (*brought, *shared)]
    harness.run(str(environment / "bin" / "pytest"), "-q", "-p", "no:cacheprovider", *chosen, cwd=project)


@pytest.mark.parametrize(("iac", "ci"), [("terraform", "azure_devops"), ("bicep", "github")])
def test_the_rendered_project_finds_its_configuration_right(
    iac: str, ci: str, environment: Path, render: harness.Render, tmp_path: Path
) -> None:
    project = tmp_path / "project"
    everything = harness.answers_for(iac=iac, ci=ci, network="isolated", serving=harness.offered("serving"))
    shutil.copytree(render(everything), project)
    harness.install(environment, project)
    harness.run(str(environment / "bin" / "mlops"), "check", cwd=project)
    tests = ("tests/test_environments.py", "tests/test_checks.py")
    harness.run(str(environment / "bin" / "pytest"), "-q", "-p", "no:cacheprovider", *tests, cwd=project)
