"""Environments in Azure DevOps: the places of jobs, with the people who approve them."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from . import checks
from .connections import Connections
from .place import Place
from .rest import RefusedError
from .steps import Phase, State, Step

# Name after the prefix -> key of `ci.reviewers`, and whether the person who asks may approve.
APPROVED = {
    "promote": ("promote", True),
    "prod": ("prod", False),
    "staging-infra": ("infra", True),
    "prod-infra": ("infra", False),
}


def roles(environments: Sequence[str]) -> list[str]:
    """Return the names of environments after the prefix.

    >>> roles(["dev", "prod"])
    ['dev', 'dev-infra', 'prod', 'prod-infra', 'promote']
    """
    return [f"{each}{end}" for each in environments for end in ("", "-infra")] + ["promote"]


def needed(environments: Sequence[str]) -> list[str]:
    """Return the keys of `ci.reviewers` that these environments need."""
    present = roles(environments)
    return sorted({key for role, (key, _) in APPROVED.items() if role in present})


def find(place: Place, name: str) -> str | None:
    """Return the number of an environment, None without one."""
    if place.project() is None:
        return None
    if name not in place.environments:
        pages = place.core.pages(place.path("distributedtask/environments"), params={"name": name})
        place.environments.update({each["name"]: str(each["id"]) for each in pages if each["name"] == name})
    return place.environments.get(name)


def steps(
    place: Place,
    environments: Sequence[str],
    connections: Connections,
    approvers: Callable[[str], Sequence[str]],
    shown: Mapping[str, Sequence[str]],
) -> list[Step]:
    """Return the steps to all environments and to the checks of environments and connections.

    Args:
        place: the project.
        environments: of Azure: dev, staging, prod.
        connections: to Azure.
        approvers: gives the IDs of those whom a key of `ci.reviewers` names.
        shown: those names.
    """
    made: list[Step] = []
    control = checks.branch_control(protected=place.source is None)
    for role in roles(environments):
        name = place.named(role)
        made.append(_step(place, name))

        def identifier(name: str = name) -> str | None:
            return find(place, name)

        key, self_approval = APPROVED.get(role, ("", True))
        if people := shown.get(key):
            what = f"approved by {' or '.join(people)}{'' if self_approval else ', not by the one who asks'}"
            check = checks.approval(partial(approvers, key), what=what, self_approval=self_approval)
            made.append(checks.step(place, "environment", name, identifier, check))
        if role != "promote":  # it only asks a person; a lock would be held while that person thinks
            made.append(checks.step(place, "environment", name, identifier, checks.lock()))
        made.append(checks.step(place, "environment", name, identifier, control))
    for environment in environments:
        for who in ("ci", "infrastructure"):  # plans are made for pull requests, too
            made.append(_connection_step(place, connections, connections.name(environment, who), control))
    return made


def _connection_step(place: Place, connections: Connections, name: str, control: checks.Check) -> Step:
    return checks.step(place, "endpoint", name, lambda: connections.id(name), control)


def _step(place: Place, name: str) -> Step:
    def make() -> None:
        body = {"name": name, "description": "Made by mlops bootstrap"}
        try:
            place.core.post(place.path("distributedtask/environments"), json=body)
        except RefusedError as refused:
            if "EnvironmentExists" not in refused.code or find(place, name) is None:
                raise

    def remove() -> str | None:
        if number := find(place, name):
            place.core.delete(place.path(f"distributedtask/environments/{number}"))
            place.environments.pop(name)
        return None

    return Step(
        key=f"azure_devops:environment/{name}",
        what=f"environment {name}",
        phase=Phase.CI,
        state=lambda: State.SAME if find(place, name) else State.ABSENT,
        make=make,
        remove=remove,
    )
