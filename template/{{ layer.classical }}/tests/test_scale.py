"""The Spark job of docs/scale.md is one that Azure ML's client accepts."""

import ast
import re
import warnings
from pathlib import Path
from typing import Any

import pytest
import yaml

from .support.project import ROOT

BLOCK = re.compile(r"`([\w./]+)`:\n\n```\w+\n(.*?)```", re.DOTALL)
COMPONENT, PIPELINE, PROGRAM = "azureml/components/gather.yml", "azureml/pipelines/gather.yml", "spark/gather.py"

warnings.filterwarnings("ignore", module="marshmallow")


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    """The files of the document in a folder of their own, by path."""
    found = {}
    for name, text in BLOCK.findall((ROOT / "docs" / "scale.md").read_text(encoding="utf-8")):
        found[name] = tmp_path / name
        found[name].parent.mkdir(parents=True, exist_ok=True)
        found[name].write_text(text, encoding="utf-8")
    assert set(found) == {COMPONENT, PIPELINE, PROGRAM}
    return found


def test_azure_ml_accepts_the_spark_job(files: dict[str, Path]) -> None:
    from azure.ai.ml import load_component, load_job

    component: Any = load_component(files[COMPONENT])
    job: Any = load_job(files[PIPELINE])
    assert component._validate().passed
    assert job._validate().passed, job._validate().error_messages
    node = job.jobs["gather"]
    assert (node.type, node.resources.instance_type) == ("spark", "standard_e4s_v3")
    assert set(node.inputs) == set(component.inputs)
    node.resources._validate()


def test_spark_program_takes_what_the_component_gives(files: dict[str, Path]) -> None:
    component = yaml.safe_load(files[COMPONENT].read_text(encoding="utf-8"))
    program = files[PROGRAM]
    assert (files[COMPONENT].parent / component["code"] / component["entry"]["file"]).resolve() == program
    ast.parse(program.read_text(encoding="utf-8"))
    given = set(re.findall(r"--(\w+) \$\{\{(?:inputs|outputs)\.\1\}\}", component["args"]))
    assert given == {*component["inputs"], *component["outputs"]}
    (names,) = re.findall(r"for name in \((.*?)\):", program.read_text(encoding="utf-8"))
    assert set(re.findall(r'"(\w+)"', names)) == given
