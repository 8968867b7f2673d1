"""The Terraform layer by the real Terraform, whose stand-in providers keep azurerm's rules."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.infra import azapi, order, static, stub, terraform
from tests.infra.cases import REPRESENTATIVE, merged
from tests.infra.compiler import needs_bicep
from tests.infra.conftest import Filled
from tests.infra.flavours import of_terraform
from tests.infra.reference import load
from tests.infra.resource import arm_id
from tests.infra.settings import ROWS
from tests.infra.terraform import needs_terraform
from tests.support import harness

EVERYTHING = REPRESENTATIVE[0]
LAYER = harness.LAYERS["terraform"] / "infra"
ROOTS = ("infra", "infra/registry", "infra/network", "infra/cluster", "infra/endpoint")


@pytest.fixture(scope="session")
def rendered(render: harness.Render) -> Path:
    """A project with all of the layer's files."""
    return render(EVERYTHING.answers("terraform"))


@pytest.fixture(scope="session")
def initialised(rendered: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not shutil.which("terraform"):
        pytest.skip("terraform is not installed")
    project = Path(shutil.copytree(rendered, tmp_path_factory.mktemp("terraform") / "project"))
    for root in ROOTS:
        terraform.initialise(project / root)
    return project


def used(kind: str) -> set[str]:
    """Types that blocks of a kind (resource or data) have anywhere in the layer."""
    return {
        name
        for path in LAYER.rglob("*.tf*")
        if path.is_file()
        for name in re.findall(rf'^{kind} "(\w+)"', path.read_text(), re.MULTILINE)
    }


def test_every_type_has_a_row_and_rules() -> None:
    kinds = used("resource") - {"azapi_resource"}
    assert kinds == ROWS.keys()
    assert kinds <= load("azurerm_rules")["resources"].keys(), "tests/infra/reference/age.py says where rules come from"
    assert used("data") == {"azurerm_client_config"}


def test_infra_is_small(rendered: Path) -> None:
    files = [path for path in (rendered / "infra").rglob("*") if path.is_file()]
    assert len(files) <= 45
    words = len((rendered / "infra/README.md").read_text().split())
    assert words <= 1200


@needs_terraform
def test_files_are_formatted(rendered: Path) -> None:
    done = terraform.terraform("fmt", "-check", "-recursive", "-diff", cwd=rendered / "infra")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("root", ROOTS)
def test_root_is_valid_and_passes_its_own_tests(root: str, initialised: Path) -> None:
    commands = [["validate"], ["test"]] if (initialised / root / "tests").exists() else [["validate"]]
    for command in commands:
        done = terraform.terraform(*command, cwd=initialised / root)
        assert done.returncode == 0, done.stdout + done.stderr


def test_variables_and_outputs_are_described(rendered: Path) -> None:
    for folder in sorted({path.parent for path in (rendered / "infra").rglob("*.tf")}):
        for kind in ("variable", "output"):
            for block in static.blocks(folder, kind):
                for name, body in block.items():
                    text = body["description"]
                    assert text.endswith("."), (folder.name, name)
                    words = "Optional. " if "default" in body else "Required. "
                    assert kind == "output" or text.startswith(words), (folder.name, name)


def test_names_come_from_the_configuration(rendered: Path) -> None:
    """A literal name would be the same everywhere: only what lies inside another resource may have one."""
    inside = {"azurerm_monitor_diagnostic_setting", "azurerm_subnet", "azurerm_federated_identity_credential"}
    for folder in sorted({path.parent for path in (rendered / "infra").rglob("*.tf")}):
        for kind, name, body in static.resources(folder):
            of_others = (
                kind in inside or "KubernetesConfiguration/extensions" in body.get("type", "") or name == "compute"
            )
            assert of_others or re.search(r"local\.|var\.|each\.", str(body.get("name", "local."))), (kind, name)


def test_ships_no_state_and_no_lock(rendered: Path) -> None:
    """A lock without hashes of every platform would break the first `init` on another one."""
    infra = rendered / "infra"
    assert not [path for path in infra.rglob("*") if ".terraform" in path.name or "tfstate" in path.suffix]


@needs_terraform
def test_azure_is_told_the_order(filled: Filled) -> None:
    assert list(order.faults_in_terraform(filled(EVERYTHING, "terraform"))) == []


@needs_terraform
@needs_bicep
@pytest.mark.parametrize("case", REPRESENTATIVE, ids=str)
def test_azapi_sends_what_azure_knows(case: Any, filled: Filled, tmp_path: Path) -> None:
    project = filled(case, "terraform")
    for stack in case.stacks():
        made = of_terraform(project, "prod", stack)
        assert not list(azapi.refused(made, tmp_path / stack.name)), stack.name


@needs_terraform
def test_every_name_of_the_configuration_names_a_resource(filled: Filled) -> None:
    project = filled(EVERYTHING, "terraform")
    built = {resource.name for resource in of_terraform(project, "staging", next(EVERYTHING.stacks()))}
    names = merged(project, "staging")["names"]
    endpoints = {names.pop(f"{kind}_endpoint") for kind in ("online", "batch", "kubernetes")}
    names.pop("resource_group")  # made beforehand
    assert set(names.values()) <= built
    assert not endpoints & built  # a deployment makes them


PROD = ("-input=false", "-var=environment=prod")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, render: harness.Render) -> Path:
    """The root of an environment that was applied once, with its state."""
    if not shutil.which("terraform"):
        pytest.skip("terraform is not installed")
    project = EVERYTHING.project("terraform", render, tmp_path_factory.mktemp("built"))
    shutil.rmtree(project / "infra/tests")
    terraform.initialise(project / "infra")
    first = terraform.terraform("apply", "-auto-approve", *PROD, cwd=project / "infra")
    assert first.returncode == 0, first.stdout + first.stderr
    return project / "infra"


def test_a_second_apply_changes_nothing(built: Path) -> None:
    again = terraform.terraform("plan", "-detailed-exitcode", *PROD, cwd=built)
    assert again.returncode == 0, again.stdout + again.stderr
    kept = terraform.terraform("destroy", "-auto-approve", *PROD, cwd=built)
    assert "prevent_destroy" in kept.stdout + kept.stderr


LAKE = "module.data_lake.azurerm_storage_account.main"


def test_first_plan_adopts_what_bootstrap_made(built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    state = json.loads(terraform.terraform("show", "-json", cwd=built).stdout)["values"]["root_module"]["resources"]
    there: dict[str, dict[str, Any]] = {"identities": {}, "credentials": {}, "roles": {}}
    addresses = set()
    for each in state:
        group = {
            "azurerm_user_assigned_identity": "identities",
            "azurerm_federated_identity_credential": "credentials",
            "azurerm_role_assignment": "roles",
        }.get(each["type"])
        key = each["name"] if group == "credentials" else each.get("index")
        of_bootstrap = group != "roles" or re.match(
            r"infrastructure: |plan: |(jobs|endpoint|ci): .* on ml_registry", str(key)
        )
        if group and of_bootstrap:
            there[group][key] = each["values"]["id"]
            addresses.add(each["address"])
            monkeypatch.setitem(stub.existing, each["values"]["id"], each["values"])
    modules = json.loads(terraform.terraform("show", "-json", cwd=built).stdout)["values"]["root_module"][
        "child_modules"
    ]
    (lake,) = (each for module in modules for each in module["resources"] if each["address"] == LAKE)
    there["storage"] = {"data_lake": lake["values"]["id"]}
    addresses.add(LAKE)
    monkeypatch.setitem(stub.existing, lake["values"]["id"], lake["values"])
    assert all(there.values())

    root = Path(shutil.copytree(built, tmp_path / "infra"))
    (root / "terraform.tfstate").unlink()
    shutil.copytree(built.parent / "config", tmp_path / "config")
    (root / "adopted.auto.tfvars.json").write_text(json.dumps({"adopted": there}))
    done = terraform.terraform("plan", f"-out={tmp_path / 'plan'}", *PROD, cwd=root)
    assert done.returncode == 0, done.stdout + done.stderr
    plan = json.loads(terraform.terraform("show", "-json", str(tmp_path / "plan"), cwd=root).stdout)
    changes = {each["address"]: each["change"] for each in plan["resource_changes"]}
    adopted = {address: change["actions"] for address, change in changes.items() if "importing" in change}
    assert adopted == {address: ["no-op"] for address in addresses}

    # In a state that has them, the same values do nothing.
    (built / "adopted.auto.tfvars.json").write_text(json.dumps({"adopted": there}))
    again = terraform.terraform("plan", "-detailed-exitcode", *PROD, cwd=built)
    (built / "adopted.auto.tfvars.json").unlink()
    assert again.returncode == 0, again.stdout + again.stderr


@needs_terraform
def test_one_state_holds_one_environment(tmp_path: Path, render: harness.Render) -> None:
    root = EVERYTHING.project("terraform", render, tmp_path) / "infra"
    terraform.initialise(root)
    nameless = terraform.terraform("plan", "-input=false", "-refresh=false", cwd=root)
    assert "'default' is no environment" in " ".join(nameless.stderr.split())
    assert terraform.terraform("workspace", "new", "staging", cwd=root).returncode == 0
    refused = terraform.terraform("plan", "-input=false", "-var=environment=dev", cwd=root)
    assert "one state must not hold two environments" in " ".join(refused.stderr.replace("│", " ").split())


# What the provider's source says of a resource, and what it says to it. The first is the kind that slipped through.
REFUSED: list[tuple[str, dict[str, Any], str]] = [
    (
        "azurerm_machine_learning_workspace_network_outbound_rule_private_endpoint",
        {"sub_resource_target": "amlregistry"},
        "'amlregistry' is refused",
    ),
    ("azurerm_monitor_action_group", {"short_name": "mlops-mail-dev"}, "'mlops-mail-dev' is refused"),
    ("azurerm_key_vault", {"soft_delete_retention_days": 3}, "must be from 7 to 90"),
    ("azurerm_key_vault", {"name": "1-vault"}, "'1-vault' is refused"),
    ("azurerm_storage_account", {"primary_blob_endpoint": "https://example.com"}, "is said by Azure"),
    ("azurerm_monitor_diagnostic_setting", {"enabled_log": []}, "at least one must be set of enabled_log"),
    ("azurerm_role_assignment", {"role_definition_id": None}, "exactly one must be set of role_definition_id"),
    (
        "azurerm_role_assignment",
        {"role_definition_id": "/a", "role_definition_name": "Reader"},
        "exactly one must be set",
    ),
    ("azurerm_machine_learning_datastore_datalake_gen2", {"client_id": "x"}, "client_id needs tenant_id"),
    ("azurerm_machine_learning_workspace", {"key_vault_id": arm_id("Microsoft.Web/sites", "s", "g")}, "must be an ID"),
    ("azurerm_monitor_scheduled_query_rules_alert_v2", {"window_duration": "PT20M"}, "must be one of"),
]


@pytest.mark.parametrize(("kind", "values", "said"), REFUSED)
def test_stand_in_refuses_what_azurerm_refuses(kind: str, values: dict[str, Any], said: str) -> None:
    assert any(said in fault for fault in stub.faults_of(kind, values)), list(stub.faults_of(kind, values))


@needs_terraform
@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        (
            "monitoring.tf",
            '  application_type             = "web"\n',
            '  application_type             = "web"\n  sampling_percentage = 50\n',
            "reads no sampling_percentage",
        ),
        (
            "security.tf",
            "  admin_enabled          = false\n",
            '  admin_enabled = false\n  identity {\n    type = "SystemAssigned"\n  }\n',
            "reads no identity",
        ),
    ],
)
def test_a_setting_that_no_row_reads_is_an_error(
    file: str, old: str, new: str, message: str, tmp_path: Path, filled: Filled
) -> None:
    """Nothing escapes the comparison with the other languages."""
    project = Path(shutil.copytree(filled(EVERYTHING, "terraform"), tmp_path / "project"))
    text = (project / "infra" / file).read_text()
    assert text.count(old) == 1
    (project / "infra" / file).write_text(text.replace(old, new))
    with pytest.raises((ValueError, terraform.Refused), match=message):
        of_terraform(project, "dev", next(EVERYTHING.stacks()))
