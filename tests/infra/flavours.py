"""Both flavours behind one call: the resources that a stack of a filled-in project makes."""

from __future__ import annotations

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


MADE: dict[str, Callable[[Path, str, Stack], list[Resource]]] = {"terraform": _terraform, "bicep": _bicep}


def config_of(project: Path, environment: str) -> dict[str, Any]:
    config: dict[str, Any] = yaml.safe_load((project / f"config/{environment}.yml").read_text())
    return config
