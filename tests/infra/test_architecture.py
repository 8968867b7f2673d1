"""The document of the architecture says what is built."""

from __future__ import annotations

import re

import pytest

from tests.infra import bicep
from tests.infra.cases import Case
from tests.infra.conftest import Filled
from tests.support import harness


@pytest.mark.parametrize("network", [network for network in harness.offered("network") if network != "public"])
def test_private_endpoints_are_counted_as_they_are_built(network: str, filled: Filled, render: harness.Render) -> None:
    case = Case("classical", "azure_devops", network, ("online",), "bare")
    resources = bicep.deployed(filled(case, "bicep"), "dev")
    built = [
        one
        for one in resources
        if one.kind == "Microsoft.Network/privateEndpoints"
        or one.body.get("properties", {}).get("type") == "PrivateEndpoint"
    ]
    text = (render(case.answers("bicep")) / "docs/architecture.md").read_text()
    said = re.search(r"(\d+) are built here", text)
    assert said
    assert int(said[1]) == len(built)
