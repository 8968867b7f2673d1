"""A project whose owner has put other data in the place of the sample: its commands run and its own tests pass."""

from __future__ import annotations

import shutil
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
