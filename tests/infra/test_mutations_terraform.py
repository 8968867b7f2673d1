"""Mistakes in the Terraform layer are found by the project's own checks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.infra import terraform
from tests.infra.cases import ENVIRONMENTS, Case
from tests.infra.conftest import Filled
from tests.infra.flavours import MADE, OUTPUTS
from tests.infra.mutations import Check, Mutation, against, keeps_promises, mutated
from tests.infra.table import differences, table
from tests.infra.terraform import needs_terraform
from tests.infra.terraform_mutations import MUTATIONS

pytestmark = needs_terraform

# A few of each kind; the others take minutes, most of all the last ones, which only Terraform's own tests find.
SAMPLE = MUTATIONS[:-5:8]


def same_as_bicep(filled: Filled) -> Check:
    """The check that the other flavour makes the same."""

    def check(project: Path, case: Case) -> Iterator[str]:
        bicep = filled(case, "bicep")
        for environment in ENVIRONMENTS:
            for stack in case.stacks():
                own, other = (MADE["terraform"](project, environment, stack), MADE["bicep"](bicep, environment, stack))
                yield from map(str, differences(table(own), table(other)))
                outputs = [
                    OUTPUTS[iac](folder, environment, stack)
                    for iac, folder in (("terraform", project), ("bicep", bicep))
                ]
                if outputs[0] != outputs[1]:
                    yield f"outputs: {outputs[0]}"

    return check


def passes_its_own_tests(project: Path, case: Case) -> Iterator[str]:
    for root in dict.fromkeys(stack.root for stack in case.stacks()):
        terraform.initialise(project / root)
        for command in (["validate"], ["test"]):
            done = terraform.terraform(*command, cwd=project / root)
            if done.returncode:
                yield done.stdout + done.stderr


def checks(filled: Filled) -> list[Check]:
    """The quickest first."""
    return [keeps_promises("terraform"), same_as_bicep(filled), passes_its_own_tests]


def caught(mutation: Mutation, filled: Filled, folder: Path) -> str | None:
    project = mutated(mutation, filled(mutation.case, "terraform"), folder)
    return against(project, mutation.case, checks(filled))


def test_there_are_mistakes_of_all_kinds() -> None:
    assert len(MUTATIONS) >= 40
    assert len({one.breaks for one in MUTATIONS}) == len(MUTATIONS)


@pytest.mark.exhaustive
@pytest.mark.parametrize("case", sorted({*(one.case for one in MUTATIONS)}, key=str), ids=str)
def test_nothing_is_said_against_the_layer_as_it_is(case: Case, filled: Filled, tmp_path: Path) -> None:
    nothing = replace(MUTATIONS[0], new=MUTATIONS[0].old, case=case)
    assert caught(nothing, filled, tmp_path) is None


@pytest.mark.parametrize("mutation", SAMPLE, ids=str)
def test_a_mistake_is_found(mutation: Mutation, filled: Filled, tmp_path: Path) -> None:
    assert caught(mutation, filled, tmp_path)


@pytest.mark.exhaustive
@pytest.mark.parametrize("mutation", [one for one in MUTATIONS if one not in SAMPLE], ids=str)
def test_every_mistake_is_found(mutation: Mutation, filled: Filled, tmp_path: Path) -> None:
    assert caught(mutation, filled, tmp_path)
