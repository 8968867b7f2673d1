"""Whether Azure builds all after what it needs: it knows of an order only what symbols and `dependsOn` tell it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from tests.infra.bicep.deployment import Deployment
from tests.infra.bicep.lint import dependencies
from tests.infra.bicep.values import Made

_ID = re.compile(r"/subscriptions/[^'\"\s,)]+", re.IGNORECASE)

Place = tuple[tuple[Deployment, str], ...]
"""The files that lead to a resource, each with the symbol in it, from the outermost."""


def unordered(deployment: Deployment) -> list[str]:
    """Uses of a resource, by a reference, an ID or as an existing one, that nothing holds back until it is built."""
    world = deployment.world
    builders = {made.id.lower(): made for made in world.made}
    found = []
    for user in (*world.made, *world.existing):
        for used in _needs(user, builders):
            if used is not user and not waits(user, used):
                address = used.deployment.address(used.declaration)
                file, declaration = user.deployment.file, user.declaration
                found.append(
                    f"{file.path.name}:{declaration.line}: '{declaration.name}' does not wait until {address} is built"
                )
    return sorted(set(found))


def place(made: Made) -> Place:
    """Where a resource is declared, from the outermost file."""
    deployment, name = made.deployment, made.declaration.name
    while made.parent is not None and name not in deployment.file.resources:
        made = made.parent
        name = made.declaration.name
    steps = [(deployment, name)]
    while deployment.within is not None:
        deployment, module = deployment.within
        steps.insert(0, (deployment, module.name))
    return tuple(steps)


def _needs(user: Made, builders: dict[str, Made]) -> Iterator[Made]:
    """The deployed resources that one names: what it is part of or stands on, and IDs in its request."""
    ids = [one.id for one in (user.parent, user.on) if one is not None]
    if user.declaration.existing:
        ids.append(user.id)
    else:
        ids += _ids_in(user.body)
    for one in ids:
        found = _deployed(one.lower(), builders)
        if found is not None:
            yield found


def _deployed(resource_id: str, builders: dict[str, Made]) -> Made | None:
    """The deployed resource with an ID, or the one that it lies in."""
    while "/providers/" in resource_id:
        if resource_id in builders:
            return builders[resource_id]
        resource_id = resource_id.rpartition("/")[0]
    return None


def _ids_in(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [found for key, item in value.items() for found in (*_ids_in(key), *_ids_in(item))]
    if isinstance(value, list):
        return [found for item in value for found in _ids_in(item)]
    return _ID.findall(value) if isinstance(value, str) else []


def waits(user: Made, used: Made) -> bool:
    """Whether one waits for the other: in the innermost file that holds both, its symbol depends on the other's."""
    for (deployment, mine), (other, theirs) in zip(place(user), place(used), strict=False):
        if deployment is not other:
            # Two deployments of one loop of modules.
            return False
        if mine != theirs:
            return theirs in dependencies(deployment.file, mine)
    return True
