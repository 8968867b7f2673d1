"""All languages behind one call: the resources that a stack of a filled-in project makes."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

from tests.infra import snapshot, terraform
from tests.infra.cases import Stack, merged
from tests.infra.resource import Resource
from tests.support import harness


def of_terraform(project: Path, environment: str, stack: Stack) -> list[Resource]:
    return terraform.applied(project, environment, root=stack.root, variables=stack.variables)


def of_bicep(project: Path, environment: str, stack: Stack) -> list[Resource]:
    return _deployed(project, environment, stack)


def of_arm(project: Path, environment: str, stack: Stack) -> list[Resource]:
    """Of a project that add_compiled() has prepared: the compiled file with the values of the Bicep parameters."""
    return _deployed(project, environment, stack, stack.entry.replace(".bicepparam", ".json"))


def _deployed(project: Path, environment: str, stack: Stack, using: str = "") -> list[Resource]:
    return snapshot.deployed(
        project,
        environment,
        stack.entry,
        group=stack.group(merged(project, environment)),
        variables=stack.environment_variables,
        using=using,
    )


def add_compiled(project: Path) -> None:
    """Put the compiled files of the ARM layer beside the Bicep of a project, whose parameters they take."""
    for path in sorted((harness.LAYERS["arm"] / "infra").iterdir()):
        name = re.sub(r"^\{\{ '([^']+)' if .+$", r"\1", path.name)
        if name.endswith(".json"):
            shutil.copy2(path, project / "infra" / name)


MADE: dict[str, Callable[[Path, str, Stack], list[Resource]]] = {
    "terraform": of_terraform,
    "bicep": of_bicep,
    "arm": of_arm,
}
