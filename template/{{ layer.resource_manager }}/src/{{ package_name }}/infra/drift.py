"""What was made or deleted in Azure by hand, for an identity that may only read.

A prediction of every property (`what-if`), as `mlops infra plan` shows it, asks for the right to deploy, which a Reader
has not: so resources are compared, and their properties are not.
"""

import re

from ..config.environment import EnvironmentConfig
from ..paths import Project
from . import az, leftovers, preview, removal
from .stacks import StackName, choose
from .whatif import Resource

# Kinds that Azure does not list among the resources of a group.
_UNLISTED = ("microsoft.authorization/", "microsoft.consumption/", "microsoft.resources/")


def differences(project: Project, config: EnvironmentConfig) -> list[str]:
    """Return what is gone, and what infra/ does not describe, a resource a line.

    Raises:
        StepFailedError: the compiler or `az` failed.
        UserError: the configuration is refused, there is no compiler, or no identity is signed in.
    """
    environment, group = config.environment.name, config.names.resource_group
    _, stack = choose(project.root / "config", environment, StackName.environment)
    made = {_place(Resource(key), group) for key in preview.resources(project.root, environment, stack)} - {None}
    found = {
        _place(each, group): each
        for each in removal.contents(f"/subscriptions/{az.account().subscription}/resourceGroups/{group}")
    }
    others = leftovers.resources([each for place, each in found.items() if place not in made], config)
    gone = sorted(str(place) for place in made if place not in found)
    return [*(f"gone     {place}" for place in gone), *(f"foreign  {each.within(group)}" for each in others)]


def _place(resource: Resource, group: str) -> str | None:
    """Return kind and name, in lower case as Azure compares them; None where Azure does not list it in the group."""
    found = re.fullmatch(
        rf"/subscriptions/[^/]+/resourcegroups/{re.escape(group)}/providers/([^/]+/[^/]+/[^/\[]+)",
        resource.id,
        re.IGNORECASE,
    )
    place = found[1].lower() if found else None
    return None if place is None or place.startswith(_UNLISTED) else place
