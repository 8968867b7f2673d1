"""Mistakes in the Bicep layer are found by the project's own checks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.infra.bicep import evaluated, order
from tests.infra.bicep_mutations import MUTATIONS
from tests.infra.cases import ENVIRONMENTS, Case
from tests.infra.conftest import Filled
from tests.infra.mutations import Check, Mutation, against, keeps_promises, mutated
from tests.infra.resource import group_id, stand_in

# A few of each kind; the others take a minute.
SAMPLE = MUTATIONS[::8]


def deploys_in_order(project: Path, case: Case) -> Iterator[str]:
    for environment in ENVIRONMENTS:
        for stack in case.stacks():
            yield from order.unordered(evaluated(project, environment, entry=stack.entry, parameters=stack.given))


def rules_wait_for_the_right_to_approve_them(project: Path, case: Case) -> Iterator[str]:
    """Azure approves the managed network's endpoints as the workspace, once it has the right to."""
    for environment in ENVIRONMENTS:
        made = evaluated(project, environment, entry=next(case.stacks()).entry).world.made
        workspaces = [one.id for one in made if one.kind == "Microsoft.MachineLearningServices/workspaces"]
        principals = [stand_in(one, "principalId") for one in workspaces]
        rules = [one for one in made if one.kind.endswith("/outboundRules")]
        rights = [one for one in made if one.body.get("properties", {}).get("principalId") in principals]
        for rule in rules:
            for right in rights:
                if not order.waits(rule, right):
                    yield f"{rule.name} does not wait for {right.deployment.address(right.declaration)}"


def ci_renews_nothing_of_its_own(project: Path, case: Case) -> Iterator[str]:
    """Where CI itself deploys, Azure refuses it roles outside the group, and the two that let it build."""
    deployment = evaluated(project, "dev", parameters={"giveCiItsRights": False})
    names = deployment.parameter("config")["names"]
    ci = next(made.id for made in deployment.world.made if made.name == names["identity_ci"])
    for one in deployment.world.resources:
        if one.kind == "Microsoft.Authorization/roleAssignments":
            role = one.body["properties"]["roleDefinitionId"].rpartition("/")[2]
            own = one.body["properties"]["principalId"] == stand_in(ci, "principalId")
            if own and role.startswith(("b24988ac-", "f58310d9-")):
                yield f"CI gives itself {role}"
            if not str(one.scope).startswith(group_id(names["resource_group"])):
                yield f"CI gives a role on {one.scope}"


CHECKS: list[Check] = [
    keeps_promises("bicep"),
    deploys_in_order,
    rules_wait_for_the_right_to_approve_them,
    ci_renews_nothing_of_its_own,
]


@pytest.mark.parametrize("case", sorted({*(one.case for one in MUTATIONS)}, key=str), ids=str)
def test_nothing_is_said_against_the_layer_as_it_is(case: Case, filled: Filled) -> None:
    assert against(filled(case, "bicep"), case, CHECKS) is None


def test_there_are_mistakes_of_all_kinds() -> None:
    assert len(MUTATIONS) >= 40
    assert len({one.breaks for one in MUTATIONS}) == len(MUTATIONS)


def caught(mutation: Mutation, filled: Filled, folder: Path) -> str | None:
    project = mutated(mutation, filled(mutation.case, "bicep"), folder)
    return against(project, mutation.case, CHECKS)


@pytest.mark.parametrize("mutation", SAMPLE, ids=str)
def test_a_mistake_is_found(mutation: Mutation, filled: Filled, tmp_path: Path) -> None:
    assert caught(mutation, filled, tmp_path)


@pytest.mark.exhaustive
@pytest.mark.parametrize("mutation", [one for one in MUTATIONS if one not in SAMPLE], ids=str)
def test_every_mistake_is_found(mutation: Mutation, filled: Filled, tmp_path: Path) -> None:
    assert caught(mutation, filled, tmp_path)
