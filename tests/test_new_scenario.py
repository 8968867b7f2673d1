"""A further scenario needs a manifest, a layer and a choice, as docs/adding-a-scenario.md describes; the toy is one."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import yaml
from copier import run_copy

from tests.support import harness
from tests.support.environments import Environments
from tests.support.renders import Renders

TOY = harness.ROOT / "tests" / "fixtures" / "scenarios" / "toy"
LAYER = "{{ layer.toy }}"
# Taken from the classical layer: a toy needs no locks of its own, and the rest belongs to every scenario.
BORROWED = ("azureml", "requirements", "src/score.py.jinja")


@pytest.fixture(scope="module")
def project(renders: Renders, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project of the toy, rendered by a copy of the template that offers it."""
    folder = tmp_path_factory.mktemp("toy")
    template = shutil.copytree(renders.template, folder / "template")
    shutil.copytree(TOY, template / "scenarios" / "toy", ignore=shutil.ignore_patterns("layer"))
    shutil.copytree(TOY / "layer", template / "template" / LAYER)
    borrow(template)
    questions = template / "copier.yml"
    text = questions.read_text()
    choice = text.index("  choices:\n") + len("  choices:\n")
    text = text[:choice] + '    "Toy: short notes in, a class out": toy\n' + text[choice:]
    layers = text.index("    classical: ")
    text = text[:layers] + "    toy: \"{{ '.' if scenario == 'toy' else '' }}\"\n" + text[layers:]
    questions.write_text(text)
    answers = yaml.safe_load((TOY / "answers.yml").read_text())
    target = folder / "project"
    run_copy(str(template), target, answers, defaults=True, unsafe=True, quiet=True)
    return target


def borrow(template: Path) -> None:
    """Give the toy what it lacks of the classical layer's `BORROWED`."""
    own, classical = (template / "template" / name for name in (LAYER, "{{ layer.classical }}"))
    for path in harness.files(classical):
        if path.as_posix().startswith(BORROWED) and not (own / path).exists():
            (own / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(classical / path, own / path)
    constraints = template / "scenarios" / "classical" / "constraints.txt"
    if constraints.exists():
        shutil.copy(constraints, template / "scenarios" / "toy")


@pytest.fixture(scope="module")
def environment(project: Path, environments: Environments) -> Path:
    """An environment with the locked packages in which the toy is installed."""
    found = environments.of(project)
    harness.install(found, project)
    return found


def test_new_scenario_is_clean_by_its_own_rules(project: Path, environment: Path) -> None:
    harness.run("ruff", "format", "--check", "--quiet", "--no-cache", cwd=project)
    harness.run("ruff", "check", "--quiet", "--output-format=concise", "--no-cache", cwd=project)
    harness.run(str(environment / "bin" / "mypy"), f"--cache-dir={environment}/mypy", "src", cwd=project)


def test_new_scenario_passes_its_checks(project: Path, environment: Path) -> None:
    printed = harness.run(str(environment / "bin" / "mlops"), "check", cwd=project)
    assert "ok      data/train" in printed.splitlines(), printed


def test_new_scenario_runs_its_pipeline(project: Path, environment: Path) -> None:
    mlops = str(environment / "bin" / "mlops")
    printed = harness.run(mlops, "run", cwd=project)
    assert "note-length version 1" in printed, printed
    found = json.loads(next((project / "outputs").rglob("metrics.json")).read_text())
    assert found["challenger"]["accuracy"] > found["baseline"]["accuracy"]
    harness.run(mlops, "report", cwd=project)
    assert "note-length" in (project / "outputs" / "report" / "index.html").read_text()
