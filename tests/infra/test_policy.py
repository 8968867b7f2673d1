"""Both flavours keep what the infrastructure promises, in every project, and each promise can be broken."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.infra import bicep, policy, terraform
from tests.infra.cases import CASES, ENVIRONMENTS, REPRESENTATIVE, Case, Stack
from tests.infra.conftest import Filled
from tests.infra.flavours import MADE, config_of
from tests.infra.policy import Built, faults
from tests.infra.resource import Resource, callback_url
from tests.infra.terraform import needs_terraform
from tests.support import harness

FLAVOURS = [pytest.param("terraform", marks=needs_terraform), "bicep"]


def built(project: Path, environment: str, stack: Stack, iac: str) -> Built:
    return Built(MADE[iac](project, environment, stack), config_of(project, environment))


@pytest.mark.parametrize("iac", FLAVOURS)
@pytest.mark.parametrize("case", REPRESENTATIVE, ids=str)
def test_a_project_keeps_the_promises(case: Case, iac: str, filled: Filled) -> None:
    project = filled(case, iac)
    for environment in ENVIRONMENTS:
        for stack in case.stacks():
            found = faults(built(project, environment, stack, iac), stack)
            assert not found, (environment, stack.name, found)


@pytest.mark.exhaustive
@pytest.mark.parametrize("iac", FLAVOURS)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_every_project_keeps_the_promises(case: Case, iac: str, filled: Filled) -> None:
    test_a_project_keeps_the_promises(case, iac, filled)


def altered(value: Any) -> Iterator[Any]:
    """A body with one value changed at a time."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from ({**value, key: changed} for changed in altered(item))
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from ([*value[:number], changed, *value[number + 1 :]] for changed in altered(item))
    elif isinstance(value, bool):
        yield not value
    elif isinstance(value, int | float):
        yield value + 1
    elif isinstance(value, str):
        yield f"{value}-other"


def worse(resources: list[Resource]) -> Iterator[list[Resource]]:
    """The resources without one of them, or with one value of one of them changed."""
    for number, resource in enumerate(resources):
        others = resources[:number] + resources[number + 1 :]
        yield others
        for body in altered(resource.body):
            yield [*others, replace(resource, body=body)]


@needs_terraform
@pytest.mark.parametrize("fact", policy.FACTS, ids=lambda fact: fact.__name__)
def test_each_promise_can_be_broken(fact: Callable[[Built], Iterator[str]], filled: Filled) -> None:
    case = REPRESENTATIVE[0] if fact is policy.the_callback_address_is_where_it_has_to_be else REPRESENTATIVE[1]
    project = filled(case, "terraform")
    whole = built(project, "dev", next(case.stacks()), "terraform")
    if fact is policy.the_callback_address_is_where_it_has_to_be:  # nothing is wrong with an address that is another
        leak = [replace(one, body={**one.body, "tags": {"url": callback_url(one.id)}}) for one in whole.resources[:1]]
        assert list(fact(Built(leak, whole.config)))
        return
    assert any(list(fact(Built(resources, whole.config))) for resources in worse(whole.resources))


@needs_terraform
def test_no_output_holds_the_callback_address(filled: Filled) -> None:
    project = filled(REPRESENTATIVE[0], "terraform")
    for environment in ENVIRONMENTS:
        outputs = terraform.state(project, environment)["values"]["outputs"]
        assert outputs
        assert "sig=" not in json.dumps(outputs)


def test_no_output_of_bicep_holds_the_callback_address(filled: Filled) -> None:
    project = filled(REPRESENTATIVE[0], "bicep")
    for environment in ENVIRONMENTS:
        deployment = bicep.evaluated(project, environment, entry="main.bicep")
        outputs = {name: deployment.output(name) for name in deployment.file.outputs}
        assert outputs
        assert "sig=" not in json.dumps(outputs)


GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
KEY = re.compile(r"(?=(?:[A-Za-z+/]*\d){4})[A-Za-z0-9+/]{32,}={0,2}")  # long and with some digits, as Azure makes them
PASSWORD = re.compile(r"""(?i)(password|account_?key|sas_?token|client_?secret)\w*\s*[=:]\s*['"][^'"]""")


@pytest.mark.parametrize("iac", ["terraform", "bicep"])
def test_no_default_and_no_text_is_a_secret(iac: str) -> None:
    for path in sorted((harness.LAYERS[iac] / "infra").rglob("*")):
        if path.is_file():
            text = GUID.sub("", path.read_text())
            assert not KEY.search(text), path
            assert not PASSWORD.search(text), path


@pytest.mark.parametrize("secret", ['key = "c3RhbmQtaW4tMTIzNDU2Nzg5MC1hYmNkZWZnaGlqa2w="', "clientSecret: 'x'"])
def test_a_secret_would_be_found(secret: str) -> None:
    assert KEY.search(secret) or PASSWORD.search(secret)
