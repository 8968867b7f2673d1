"""What Terraform asks Azure for can be read as a table: completely, for every project, and the same each time."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.infra import stub, terraform
from tests.infra.cases import ENVIRONMENTS, REPRESENTATIVE, Case
from tests.infra.conftest import Filled
from tests.infra.resource import Resource, arm_id, kind_of, stand_in
from tests.infra.schemas.record import used
from tests.infra.settings import ROWS
from tests.infra.table import differences, settings, table
from tests.infra.terraform import needs_terraform
from tests.support import harness

EVERYTHING = REPRESENTATIVE[0]


def test_the_recorded_schemas_are_those_of_the_types_that_the_layer_uses() -> None:
    recorded = stub.read_schemas().values()
    for kind in ("resource", "data"):
        schemas = {
            name for provider in recorded for name in provider[f"{'data_source' if kind == 'data' else kind}_schemas"]
        }
        assert schemas == used(kind), "record them anew: tests/infra/schemas/record.py says how"


def test_every_type_of_the_layer_has_a_row_and_no_other() -> None:
    assert used("resource") - {"azapi_resource"} == ROWS.keys()


def test_values_that_the_stand_in_refuses_are_values_that_the_schema_knows() -> None:
    """A renamed attribute would otherwise switch its check off without a word."""
    schemas = {
        name: schema
        for provider in stub.read_schemas().values()
        for name, schema in provider["resource_schemas"].items()
    }
    for name, paths in stub.ALLOWED.items():
        for path in paths:
            block = schemas[name]["block"]
            *blocks, attribute = path.split(".")
            for step in blocks:
                block = block["block_types"][step]["block"]
            assert attribute in block["attributes"], (name, path)


@needs_terraform
def test_every_name_of_the_configuration_names_a_resource(filled: Filled) -> None:
    project = filled(EVERYTHING, "terraform")
    for environment in ENVIRONMENTS:
        config = yaml.safe_load((project / f"config/{environment}.yml").read_text())
        built = {resource.name for resource in terraform.applied(project, environment)}
        endpoints = {config["names"].pop(f"{kind}_endpoint") for kind in ("online", "batch", "kubernetes")}
        assert set(config["names"].values()) <= built
        assert not endpoints & built  # a deployment makes them


@needs_terraform
def test_a_second_apply_changes_nothing(tmp_path: Path, render: harness.Render) -> None:
    project = EVERYTHING.project("terraform", render, tmp_path)
    shutil.rmtree(project / "infra/tests")
    terraform.initialise(project / "infra")
    environment = ("-input=false", "-var=environment=prod")
    assert terraform.terraform("apply", "-auto-approve", *environment, cwd=project / "infra").returncode == 0
    again = terraform.terraform("plan", "-detailed-exitcode", *environment, cwd=project / "infra")
    assert again.returncode == 0, again.stdout + again.stderr
    gone = terraform.terraform("destroy", "-auto-approve", *environment, cwd=project / "infra")
    assert gone.returncode == 0, gone.stdout + gone.stderr


@needs_terraform
def test_one_state_holds_one_environment(tmp_path: Path, render: harness.Render) -> None:
    root = EVERYTHING.project("terraform", render, tmp_path) / "infra"
    terraform.initialise(root)
    assert terraform.terraform("workspace", "new", "staging", cwd=root).returncode == 0
    refused = terraform.terraform("plan", "-input=false", "-var=environment=dev", cwd=root)
    assert "one state must not hold two environments" in " ".join(refused.stderr.replace("│", " ").split())
    assert terraform.terraform("plan", "-input=false", cwd=root).returncode == 0


@needs_terraform
def test_the_same_project_gives_the_same_table(tmp_path: Path, render: harness.Render) -> None:
    tables = [
        table(terraform.applied(EVERYTHING.project("terraform", render, tmp_path / name), "prod"))
        for name in ("one", "other")
    ]
    assert not differences(*tables)


# Texts of the layer, and what is said when they stand there.
UNSEEN = {
    "an attribute that no row reads": (
        "modules/monitoring/main.tf",
        '  application_type             = "web"\n',
        '  application_type             = "web"\n  sampling_percentage          = 50\n',
        "reads no sampling_percentage",
    ),
    "a block that no row reads": (
        "modules/container_registry/main.tf",
        "  admin_enabled          = false\n",
        '  admin_enabled          = false\n  identity {\n    type = "SystemAssigned"\n  }\n',
        "reads no identity",
    ),
    "a value that only Azure says": (
        "modules/storage/main.tf",
        '  account_tier                     = "Standard"\n',
        '  account_tier                     = "Standard"\n  primary_blob_endpoint = "https://example.com"\n',
        "primary_blob_endpoint is said by Azure and cannot be set",
    ),
    "a name that is too long": (
        "modules/alerts/main.tf",
        '"mlm-${var.environment}"',
        '"mlops-mail-${var.environment}"',
        "short_name 'mlops-mail-dev' is longer than 12 characters.",
    ),
    "a value that Azure does not know": (
        "modules/storage/main.tf",
        '"TLS1_2"',
        '"TLS1_0"',
        "min_tls_version 'TLS1_0' is none of TLS1_2, TLS1_3.",
    ),
}


@needs_terraform
@pytest.mark.parametrize("name", UNSEEN)
def test_what_the_table_does_not_know_is_an_error(name: str, tmp_path: Path, render: harness.Render) -> None:
    file, old, new, message = UNSEEN[name]
    project = EVERYTHING.project("terraform", render, tmp_path)
    text = (project / "infra" / file).read_text()
    assert text.count(old) == 1
    (project / "infra" / file).write_text(text.replace(old, new))
    with pytest.raises((ValueError, terraform.Refused)) as caught:
        terraform.applied(project, "dev")
    assert message in " ".join(str(caught.value).split())


def test_an_id_names_its_type() -> None:
    account = arm_id("Microsoft.Storage/storageAccounts", "st", "rg")
    service = arm_id("Microsoft.Storage/storageAccounts/blobServices", "default", None, parent=account)
    assert service == f"{account}/blobServices/default"
    assert service == arm_id("Microsoft.Storage/storageAccounts/blobServices", "st/default", "rg")
    assert kind_of(service) == "Microsoft.Storage/storageAccounts/blobServices"
    setting = arm_id("Microsoft.Insights/diagnosticSettings", "logs", None, parent=service)
    assert setting == f"{service}/providers/Microsoft.Insights/diagnosticSettings/logs"
    assert (
        stand_in(account, "principalId") == stand_in(account.upper(), "principalId") != stand_in(service, "principalId")
    )


def resource(body: dict[str, Any], kind: str = "Microsoft.Storage/storageAccounts") -> Resource:
    return Resource(kind, "st", arm_id(kind, "st", "rg"), body, "there")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"properties": {"allowSharedKeyAccess": False}}, {"properties": {"allowSharedKeyAccess": True}}),
        ({"properties": {"allowSharedKeyAccess": False}}, {"properties": {}}),
        ({"tags": {"owner": "a"}}, {"tags": {"owner": "b"}}),
        ({"properties": {"days": 14}}, {"properties": {"days": "14"}}),
        ({"properties": {"rules": ["a", "b"]}}, {"properties": {"rules": ["b", "a"]}}),
        ({"properties": {"rules": [{"a": 1}]}}, {"properties": {"rules": [{"a": 1}, {"a": 1}]}}),
    ],
)
def test_tables_differ_where_azure_would(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert settings(resource(one)) != settings(resource(other))
    assert differences(table([resource(one)]), table([resource(other)]))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"properties": {"supportsHttpsTrafficOnly": True}}, {"properties": {}}),
        ({"properties": {"days": 14}, "tags": {}}, {"properties": {"days": 14.0, "text": None}}),
        ({"id": "/subscriptions/0/resourceGroups/A"}, {"id": "/subscriptions/0/resourcegroups/a"}),
        ({"properties": {"logs": [{"a": 1}, {"b": 2}]}}, {"properties": {"logs": [{"b": 2}, {"a": 1}]}}),
    ],
)
def test_tables_are_equal_where_azure_sees_no_difference(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert not differences(table([resource(one)]), table([resource(other)]))


def test_a_resource_that_one_flavour_lacks_is_a_difference() -> None:
    assert [path for _, path, _, _ in differences(table([resource({})]), {})] == [""]


def test_the_representative_cases_show_every_choice() -> None:
    for question, values in {
        "scenario": {case.scenario for case in REPRESENTATIVE},
        "ci": {case.ci for case in REPRESENTATIVE},
        "network": {case.network for case in REPRESENTATIVE},
        "serving": {served for case in REPRESENTATIVE for served in case.serving},
    }.items():
        assert values == set(harness.offered(question)), question


def test_filling_in_adds_no_key_that_the_template_does_not_know(filled: Filled, render: harness.Render) -> None:
    """A key that was renamed in the template would otherwise be filled in for nobody."""
    optional = {("gpu_cluster",), ("online", "gpu")}
    for case in REPRESENTATIVE:
        for environment in ENVIRONMENTS:
            rendered = yaml.safe_load((render(case.answers("terraform")) / f"config/{environment}.yml").read_text())
            own = yaml.safe_load((filled(case, "terraform") / f"config/{environment}.yml").read_text())
            new = {path for path in keys(own) - keys(rendered) if path[:1] not in optional and path not in optional}
            assert not new, case


def keys(value: Any, path: tuple[str, ...] = ()) -> set[tuple[str, ...]]:
    if not isinstance(value, dict):
        return {path} if path else set()
    return {path} - {()} | {found for key, item in value.items() for found in keys(item, (*path, key))}


@needs_terraform
def test_a_refusal_says_why(tmp_path: Path, render: harness.Render) -> None:
    case = Case("classical", "github", "managed", ("batch",), "bare")
    project = case.project("terraform", render, tmp_path)
    path = project / "config/dev.yml"
    path.write_text(re.sub("address_space: .*", "address_space: null", path.read_text()))
    with pytest.raises(terraform.Refused, match="address_space"):
        terraform.applied(project, "dev")
