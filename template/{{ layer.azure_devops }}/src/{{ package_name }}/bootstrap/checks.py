"""Checks of environments and service connections: approval, exclusive lock, branch control.

A second POST makes a second check, so each is looked for and compared first. Types and settings:
terraform-provider-azuredevops, `approvalsandchecks`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from .place import BRANCH, PREVIEW, Json, Place
from .steps import Phase, State, Step

APPROVAL = "8c6f20a7-a545-4486-9777-f762fafe0d4d"
LOCK = "2ef31ad6-baa0-403a-8b45-2cbc9b4e5563"
TASK = "fe1de3ee-a436-41b4-bb20-f6eb4cb879a7"
BRANCH_CONTROL = {"id": "86b05a0c-73e6-4f7d-b3cf-e38f3b39a75b", "name": "evaluatebranchProtection", "version": "0.0.1"}
MONTH = 43_200  # minutes: the longest that Azure DevOps lets a run wait


@dataclass(frozen=True)
class Check:
    """A check as it should be.

    Attributes:
        kind: word for the step's key.
        what: for people.
        type: the API's type.
        settings: gives what it checks; what others set more strictly stays.
        enough: whether settings that are found are these, or stricter.
        definition: of a check by a task, its ID.
        minutes: that a run may wait for it.
    """

    kind: str
    what: str
    type: dict[str, str]
    settings: Callable[[Json], dict[str, Any]]
    enough: Callable[[Json], bool]
    definition: str = ""
    minutes: int = MONTH

    def matches(self, found: Json) -> bool:
        """Return whether a check that is found has this kind."""
        if found["type"]["id"].lower() != self.type["id"]:
            return False
        definition = (found.get("settings") or {}).get("definitionRef") or {}
        return str(definition.get("id", "")).lower() == self.definition


def approval(approvers: Callable[[], Sequence[str]], *, what: str, self_approval: bool) -> Check:
    """Return the check that one of some people, or of the members of some groups, approves.

    Args:
        approvers: gives their IDs.
        what: for people.
        self_approval: whether the person who asks may approve.
    """

    def settings(found: Json) -> dict[str, Any]:
        people = approvers()
        kept = {key: found[key] for key in ("executionOrder", "blockedApprovers", "instructions") if found.get(key)}
        return {
            "executionOrder": "anyOrder",
            "blockedApprovers": [],
            "instructions": "",
            **kept,
            "approvers": [{"id": each} for each in people],
            "minRequiredApprovers": min(found.get("minRequiredApprovers", 0 if found else 1), len(people)),  # 0: all
            "requesterCannotBeApprover": not self_approval or bool(found.get("requesterCannotBeApprover")),
        }

    def enough(found: Json) -> bool:
        there = {str(each["id"]).lower() for each in found.get("approvers") or []}
        strict = self_approval or bool(found.get("requesterCannotBeApprover"))
        return there == {each.lower() for each in approvers()} and strict

    return Check("approval", what, {"id": APPROVAL, "name": "Approval"}, settings, enough)


def lock() -> Check:
    """Return the check that runs use something one after another."""
    type_ = {"id": LOCK, "name": "ExclusiveLock"}
    return Check("lock", "used by one run at a time", type_, lambda _: {}, lambda _: True)


def branch_control(*, protected: bool) -> Check:
    """Return the check that only runs of main use something.

    Args:
        protected: whether main must be protected by policies; Azure DevOps sees those of Azure Repos.
    """
    inputs = {
        "allowedBranches": BRANCH,
        "ensureProtectionOfBranch": str(protected).lower(),
        "allowUnknownStatusBranch": "false",
    }

    def enough(found: Json) -> bool:
        given = found.get("inputs") or {}
        return {key: str(given.get(key, "false")).lower() for key in inputs} == {
            key: value.lower() for key, value in inputs.items()
        }

    settings = {"displayName": "Branch control", "definitionRef": BRANCH_CONTROL, "inputs": inputs, "retryInterval": 5}
    type_ = {"id": TASK, "name": "Task Check"}
    return Check("branch", "used by main only", type_, lambda _: settings, enough, BRANCH_CONTROL["id"], minutes=1440)


def step(place: Place, kind: str, name: str, identifier: Callable[[], str | None], check: Check) -> Step:
    """Return the step to one check of one environment or connection.

    Args:
        place: the project.
        kind: `environment` or `endpoint`.
        name: of what is checked.
        identifier: gives its ID, None while it does not exist.
        check: how it should be.
    """

    def found() -> list[Json]:
        number = identifier()
        if number is None:
            return []
        query = {**PREVIEW, "resourceType": kind, "resourceId": number, "$expand": "settings"}
        listed = place.core.get(place.path("pipelines/checks/configurations"), params=query)["value"]
        return [each for each in listed if check.matches(each)]

    def state() -> State:
        there = found()
        if not there:
            return State.ABSENT
        return State.SAME if any(check.enough(each.get("settings") or {}) for each in there) else State.DIFFERENT

    def make() -> None:
        there = found()
        body = {
            "type": check.type,
            "settings": check.settings((there[0].get("settings") or {}) if there else {}),
            "timeout": check.minutes,
            "resource": {"type": kind, "id": identifier(), "name": name},
        }
        path = place.path("pipelines/checks/configurations")
        if there:
            place.core.patch(f"{path}/{there[0]['id']}", json=body | {"id": there[0]["id"]}, params=PREVIEW)
        else:
            place.core.post(path, json=body, params=PREVIEW)

    def remove() -> str | None:
        for each in found():
            if check.enough(each.get("settings") or {}):
                path = place.path(f"pipelines/checks/configurations/{each['id']}")
                place.core.delete(path, params=PREVIEW)
                return None
        return "it was changed since"

    return Step(
        key=f"azure_devops:{check.kind}/{kind}/{name}",
        what=f"{'environment' if kind == 'environment' else 'service connection'} {name}: {check.what}",
        phase=Phase.CI,
        state=state,
        make=make,
        remove=remove,
    )
