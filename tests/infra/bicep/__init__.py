"""Runs the infrastructure's Bicep without a compiler and without Azure, and refuses what the compiler would refuse.

It knows the plain part of the language that the layer uses. Whatever else it meets, it raises BicepError with the file
and the line: it never passes over something in silence.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from tests.infra.bicep.deployment import Deployment
from tests.infra.bicep.parser import parse
from tests.infra.bicep.scope import Scope
from tests.infra.bicep.syntax import BicepError
from tests.infra.bicep.values import World
from tests.infra.resource import Resource

__all__ = ["BicepError", "deployed", "evaluated", "parse"]


def evaluated(
    project: Path, environment: str, *, entry: str = "main.bicep", parameters: Mapping[str, Any] | None = None
) -> Deployment:
    """The deployment of a file of infra/, run to its end.

    Parameters come from infra/<environment>.bicepparam, as far as the file has them, and from `parameters`. The
    resource group and its place come from the environment's configuration, as in the commands that deploy.
    """
    infra = project.resolve() / "infra"
    config = yaml.safe_load((project / "config" / f"{environment}.yml").read_text(encoding="utf-8"))
    scopes = {
        "resourceGroup": Scope(group=config["names"]["resource_group"], location=config["location"]),
        "subscription": Scope(location=config["location"]),
    }
    file = parse(infra / entry)
    world = World()
    written = parse(infra / f"{environment}.bicepparam")
    values = Deployment(written, scopes["subscription"], World())
    given = {}
    for name, parameter in written.parameters.items():
        if written.using == entry and name not in file.parameters:
            raise written.error(parameter, f"{entry} has no parameter '{name}'")
        if name in file.parameters and parameter.default is not None:
            given[name] = values.value(parameter.default, {})
    for name, value in (parameters or {}).items():
        if name not in file.parameters:
            raise file.error(1, f"there is no parameter '{name}'")
        given[name] = value
    deployment = Deployment(file, scopes[file.target_scope], world, parameters=given)
    deployment.run()
    return deployment


def deployed(
    project: Path, environment: str, *, entry: str = "main.bicep", parameters: Mapping[str, Any] | None = None
) -> list[Resource]:
    """All resources that a deployment of a file of infra/ would make; see evaluated()."""
    return evaluated(project, environment, entry=entry, parameters=parameters).world.resources
