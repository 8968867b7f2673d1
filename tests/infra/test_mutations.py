"""Each mistake is found by the check that must find it, and no check says anything against the layers as they are."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from tests.infra import policy
from tests.infra.compiler import found
from tests.infra.conftest import Filled
from tests.infra.mutations import CHECKS, MUTATIONS, SLIPPED, Mutation, caught
from tests.infra.terraform import needs_terraform

SAMPLE = MUTATIONS[::8]


def check(mutation: Mutation, filled: Filled, folder: Path) -> None:
    if (mutation.iac != "terraform" or mutation.check == "azapi") and not found():
        pytest.skip("The Bicep compiler is not installed.")
    assert caught(mutation, filled(mutation.case, mutation.iac), folder)


@needs_terraform
@pytest.mark.parametrize("mutation", SAMPLE, ids=str)
def test_a_mistake_is_found(mutation: Mutation, filled: Filled, tmp_path: Path) -> None:
    check(mutation, filled, tmp_path)


@needs_terraform
@pytest.mark.exhaustive
@pytest.mark.parametrize("mutation", [one for one in MUTATIONS if one not in SAMPLE], ids=str)
def test_every_mistake_is_found(mutation: Mutation, filled: Filled, tmp_path: Path) -> None:
    check(mutation, filled, tmp_path)


@needs_terraform
@pytest.mark.parametrize("iac", ["terraform", "bicep"])
@pytest.mark.parametrize("name", ["azapi", "compiler", "order", "static"])
def test_the_layer_as_it_is_has_no_fault(name: str, iac: str, filled: Filled, tmp_path: Path) -> None:
    if (name, iac) in (("azapi", "bicep"), ("compiler", "terraform")):
        pytest.skip("of the other language")
    first = next(one for one in MUTATIONS if one.iac == iac)
    check = replace(first, check=name, new=first.old)
    if name in ("azapi", "compiler") and not found():
        pytest.skip("The Bicep compiler is not installed.")
    assert caught(check, filled(check.case, iac), tmp_path) == []


def test_there_are_mistakes_of_all_kinds() -> None:
    assert len(MUTATIONS) >= 60
    assert len(SLIPPED) >= 20
    assert len({str(one) for one in MUTATIONS}) == len(MUTATIONS)
    known = {fact.__name__ for fact in policy.FACTS} | {name for name in vars(policy) if re.match("[a-z]+_.+", name)}
    assert {one.check for one in MUTATIONS} <= known | CHECKS.keys()
