"""Both flavours behind one call: the resources that a stack of a filled-in project makes."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from tests.infra import bicep, terraform
from tests.infra.cases import Stack
from tests.infra.resource import Resource


def _terraform(project: Path, environment: str, stack: Stack) -> list[Resource]:
    return terraform.applied(project, environment, root=stack.root, variables=stack.given)


def _bicep(project: Path, environment: str, stack: Stack) -> list[Resource]:
    return bicep.deployed(project, environment, entry=stack.entry, parameters=stack.given)


def _terraform_outputs(project: Path, environment: str, stack: Stack) -> dict[str, Any]:
    outputs = terraform.state(project, environment, root=stack.root, variables=stack.given)["values"].get("outputs", {})
    return {name: output["value"] for name, output in outputs.items()}


def _bicep_outputs(project: Path, environment: str, stack: Stack) -> dict[str, Any]:
    """By the names that Terraform has for them: its names are in snake_case."""
    made = bicep.evaluated(project, environment, entry=stack.entry, parameters=stack.given)
    return {
        re.sub("[A-Z]", lambda found: f"_{found[0].lower()}", name): made.output(name) for name in made.file.outputs
    }


MADE: dict[str, Callable[[Path, str, Stack], list[Resource]]] = {"terraform": _terraform, "bicep": _bicep}

OUTPUTS: dict[str, Callable[[Path, str, Stack], dict[str, Any]]] = {
    "terraform": _terraform_outputs,
    "bicep": _bicep_outputs,
}


def config_of(project: Path, environment: str) -> dict[str, Any]:
    config: dict[str, Any] = yaml.safe_load((project / f"config/{environment}.yml").read_text())
    return config
