"""Terraform and Bicep make the same: every setting of every resource, and every output, in every project."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.infra.cases import CASES, ENVIRONMENTS, REPRESENTATIVE, Case
from tests.infra.conftest import Filled
from tests.infra.flavours import MADE, OUTPUTS
from tests.infra.table import differences, table
from tests.infra.terraform import needs_terraform

pytestmark = needs_terraform


def compared(terraform: Path, bicep: Path, case: Case) -> None:
    for environment in ENVIRONMENTS:
        for stack in case.stacks():
            tables = [
                table(MADE[iac](project, environment, stack))
                for iac, project in (("terraform", terraform), ("bicep", bicep))
            ]
            assert tables[0]
            assert not differences(*tables), (environment, stack.name)
            outputs = OUTPUTS["terraform"](terraform, environment, stack)
            assert outputs == OUTPUTS["bicep"](bicep, environment, stack), (environment, stack.name)


@pytest.mark.parametrize("case", REPRESENTATIVE, ids=str)
def test_both_flavours_make_the_same(case: Case, filled: Filled) -> None:
    compared(filled(case, "terraform"), filled(case, "bicep"), case)


@pytest.mark.exhaustive
@pytest.mark.parametrize("case", CASES, ids=str)
def test_both_flavours_make_the_same_in_every_project(case: Case, filled: Filled) -> None:
    compared(filled(case, "terraform"), filled(case, "bicep"), case)
