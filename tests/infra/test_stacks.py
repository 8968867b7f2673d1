"""Every language makes what is promised, the same as the others, and nothing that Azure would refuse."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.infra import policy
from tests.infra.cases import CASES, ENVIRONMENTS, FURTHER, REPRESENTATIVE, Case, Stack, merged
from tests.infra.compiler import needs_bicep
from tests.infra.conftest import Filled
from tests.infra.flavours import MADE
from tests.infra.policy import Built, built, faults
from tests.infra.reference import refused, role_ids
from tests.infra.resource import Resource
from tests.infra.table import differences, table
from tests.infra.terraform import needs_terraform
from tests.support import harness

LANGUAGES = [
    pytest.param("terraform", marks=needs_terraform),
    pytest.param("bicep", marks=needs_bicep),
    *([pytest.param("arm", marks=needs_bicep)] if "arm" in harness.offered("iac") else []),
]


def applied(case: Case) -> Iterator[tuple[str, Stack]]:
    """Each stack in each environment; a shared one once."""
    for environment in ENVIRONMENTS:
        for stack in case.stacks():
            if environment == "prod" or not stack.shared:
                yield environment, stack


def keeps_the_promises(case: Case, iac: str, project: Path) -> None:
    for environment, stack in applied(case):
        resources = MADE[iac](project, environment, stack)
        assert resources
        assert not faults(built(project, environment, resources), stack), (environment, stack.name)
        own_role = merged(project, environment)["ci"]["autoscale_role_id"]
        assert not list(refused(resources, own_role)), (environment, stack.name)


@pytest.mark.parametrize("iac", LANGUAGES)
@pytest.mark.parametrize("case", REPRESENTATIVE, ids=str)
def test_a_project_keeps_the_promises(case: Case, iac: str, filled: Filled) -> None:
    keeps_the_promises(case, iac, filled(case, iac))


@pytest.mark.exhaustive
@pytest.mark.parametrize("iac", LANGUAGES)
@pytest.mark.parametrize("case", [*CASES, *FURTHER], ids=str)
def test_every_project_keeps_the_promises(case: Case, iac: str, filled: Filled) -> None:
    keeps_the_promises(case, iac, filled(case, iac))


def the_same(one: str, other: str, case: Case, filled: Filled) -> None:
    projects = {iac: filled(case, iac) for iac in (one, other)}
    for environment, stack in applied(case):
        tables = [table(MADE[iac](project, environment, stack)) for iac, project in projects.items()]
        # Only Terraform keeps a state: who may read and write it.
        state = merged(projects[one], environment).get("state", {}).get("storage_account", "none").lower()
        left_out = [row for row in tables[0] if f"/storageaccounts/{state}" in row]
        for row in left_out:
            del tables[0][row]
        assert not differences(*tables), (environment, stack.name)


@needs_terraform
@needs_bicep
@pytest.mark.parametrize("case", REPRESENTATIVE, ids=str)
def test_terraform_and_bicep_make_the_same(case: Case, filled: Filled) -> None:
    the_same("terraform", "bicep", case, filled)


@needs_terraform
@needs_bicep
@pytest.mark.exhaustive
@pytest.mark.parametrize("case", [*CASES, *FURTHER], ids=str)
def test_terraform_and_bicep_make_the_same_in_every_project(case: Case, filled: Filled) -> None:
    the_same("terraform", "bicep", case, filled)


@needs_bicep
@pytest.mark.skipif("arm" not in harness.offered("iac"), reason="this version offers no ARM")
@pytest.mark.parametrize("case", REPRESENTATIVE, ids=str)
def test_bicep_and_arm_make_the_same(case: Case, filled: Filled) -> None:
    the_same("bicep", "arm", case, filled)


@pytest.mark.parametrize("iac", LANGUAGES)
@pytest.mark.parametrize("case", REPRESENTATIVE, ids=str)
def test_no_environment_gives_a_role_that_another_has_given(case: Case, iac: str, filled: Filled) -> None:
    """On what they share, Azure refuses a second assignment of one name, and of one role to one holder."""
    given: list[Any] = []
    for environment in ENVIRONMENTS:
        for one in MADE[iac](filled(case, iac), environment, next(case.stacks())):
            if one.kind == "Microsoft.Authorization/roleAssignments":
                said = one.body["properties"]
                given += [one.id, (one.scope, said["roleDefinitionId"], said["principalId"])]
    assert len(given) == len(set(given)), [one for one in given if given.count(one) > 1]


def test_the_cases_show_every_choice() -> None:
    for question, values in {
        "scenario": {case.scenario for case in REPRESENTATIVE},
        "ci": {case.ci for case in REPRESENTATIVE},
        "network": {case.network for case in REPRESENTATIVE},
        "serving": {served for case in REPRESENTATIVE for served in case.serving},
    }.items():
        assert values == set(harness.offered(question)), question


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
@pytest.mark.parametrize("case", REPRESENTATIVE[:1], ids=str)
def test_each_promise_can_be_broken(case: Case, fact: Callable[[Built], Iterator[str]], filled: Filled) -> None:
    project = filled(case, "terraform")
    whole = built(project, "dev", MADE["terraform"](project, "dev", next(case.stacks())))

    def breaks(resources: list[Resource]) -> bool:
        try:
            return any(True for _ in fact(replace(whole, resources=resources)))
        except (KeyError, ValueError, IndexError):
            return True

    assert not list(fact(whole))
    if fact is policy.the_roles_are_no_wider_than_they_must_be:
        (admin,) = [one for one in whole.resources if "Administrator" in str(one.body) or _gives(one)][:1]
        body = {"properties": {**admin.body["properties"], "principalId": whole.actors["ci"]}}
        assert breaks([replace(admin, body=body)])
        return
    assert any(breaks(resources) for resources in worse(whole.resources))


def _gives(one: Resource) -> bool:
    return role_ids()["Contributor"] in str(one.body)


def test_no_text_is_a_secret() -> None:
    guid = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
    key = re.compile(
        r"(?=(?:[A-Za-z+/]*\d){4})[A-Za-z0-9+/]{32,}={0,2}"
    )  # long and with some digits, as Azure makes them
    password = re.compile(r"""(?i)(password|account_?key|sas_?token|client_?secret)\w*\s*[=:]\s*['"][^'"]""")
    assert key.search('key = "c3RhbmQtaW4tMTIzNDU2Nzg5MC1hYmNkZWZnaGlqa2w="')
    assert password.search("clientSecret: 'x'")
    for layer in ("terraform", "bicep"):
        for path in sorted((harness.LAYERS[layer] / "infra").rglob("*")):
            if path.is_file():
                text = guid.sub("", path.read_text())
                assert not key.search(text), path
                assert not password.search(text), path
