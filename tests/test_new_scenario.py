"""A further scenario needs a manifest, a layer and a choice, as docs/adding-a-scenario.md describes; the toy is one."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import yaml
from copier import run_copy

from tests.support import harness
from tests.support.environments import mypy_cache
from tests.support.renders import Renders

TOY = harness.ROOT / "tests" / "fixtures" / "scenarios" / "toy"
# Taken from the classical layer: the toy needs no packages of its own, and runs in the environment of that layer.
LOCKS = ("requirements", "uv.lock")


@pytest.fixture(scope="module")
def project(renders: Renders, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project of the toy, rendered by a copy of the template that offers it."""
    folder = tmp_path_factory.mktemp("toy")
    template = shutil.copytree(renders.template, folder / "template")
    shutil.copytree(TOY, template / "scenarios" / "toy", ignore=shutil.ignore_patterns("layer"))
    layer, classical = (template / "template" / f"{{{{ layer.{name} }}}}" for name in ("toy", "classical"))
    shutil.copytree(TOY / "layer", layer)
    for path in harness.files(classical):
        if path.parts[0] in LOCKS:
            (layer / path).parent.mkdir(exist_ok=True)
            shutil.copy2(classical / path, layer / path)
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


@pytest.fixture(scope="module")
def installed(project: Path, environment: Path) -> Path:
    """The environment of the classical layer, in which the toy is installed."""
    harness.install(environment, project)
    return environment


def test_new_scenario_is_clean_by_its_own_rules(project: Path, installed: Path) -> None:
    harness.run("ruff", "format", "--check", "--quiet", "--no-cache", cwd=project)
    harness.run("ruff", "check", "--quiet", "--output-format=concise", "--no-cache", cwd=project)
    with mypy_cache() as cache:
        harness.run(str(installed / "bin" / "mypy"), f"--cache-dir={cache}", "src", cwd=project)


def test_new_scenario_passes_its_checks(project: Path, installed: Path) -> None:
    printed = harness.run(str(installed / "bin" / "mlops"), "check", cwd=project)
    assert "ok      data/train" in printed.splitlines(), printed


def test_new_scenario_runs_its_pipeline(project: Path, installed: Path) -> None:
    mlops = str(installed / "bin" / "mlops")
    printed = harness.run(mlops, "run", cwd=project)
    assert "note-length version 1" in printed, printed
    found = json.loads(next((project / "outputs").rglob("metrics.json")).read_text())
    assert found["challenger"]["accuracy"] > found["baseline"]["accuracy"]
    harness.run(mlops, "report", cwd=project)
    assert "note-length" in (project / "outputs" / "report" / "index.html").read_text()
