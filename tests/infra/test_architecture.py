"""The document of the architecture says what is built."""

from __future__ import annotations

import re

import pytest

from tests.infra.cases import REPRESENTATIVE, Case
from tests.infra.conftest import Filled
from tests.infra.flavours import of_terraform
from tests.infra.terraform import needs_terraform
from tests.support import harness


@needs_terraform
@pytest.mark.parametrize("case", [case for case in REPRESENTATIVE if case.network != "public"], ids=str)
def test_private_endpoints_are_counted_as_they_are_built(case: Case, filled: Filled, render: harness.Render) -> None:
    bare = Case(case.scenario, case.ci, case.network, case.serving, "bare")
    built = [
        one
        for one in of_terraform(filled(bare, "terraform"), "dev", next(bare.stacks()))
        if one.kind == "Microsoft.Network/privateEndpoints"
        or one.body.get("properties", {}).get("type") == "PrivateEndpoint"
    ]
    text = (render(bare.answers("terraform")) / "docs/architecture.md").read_text()
    said = re.search(r"(\d+) are built here", text)
    assert said
    assert int(said[1]) == len(built)
