"""The Terraform layer: what its files promise, and, where terraform is installed, what it plans with stand-ins."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hcl2
import pytest
import yaml

from tests.infra.policy import ROLES  # Microsoft's identifiers, written down independently of roles.tf
from tests.infra.terraform import initialise, needs_terraform, terraform
from tests.support import harness

INFRA = harness.LAYERS["terraform"] / "infra"
# A path that only some projects have is a condition, which begins with the name.
(ENDPOINT,) = INFRA.glob("{{ 'endpoint' if *")
ROOTS = [INFRA, INFRA / "registry", ENDPOINT]
MODULES = sorted(path for path in (INFRA / "modules").iterdir())
ENVIRONMENTS = ("dev", "staging", "prod")
STACKS = ("infra", "infra/registry", "infra/endpoint")
PATHS = sorted(path for path in INFRA.rglob("*.tf*") if re.search(r"\.tf(' if .+)?$", path.name))

# Names that need be unique in a resource of ours only, which is named by the configuration.
WITHIN = {
    ("azurerm_subnet", "endpoints"): "endpoints",
    ("azapi_resource", "extension"): "azureml",
    ("azapi_resource", "compute"): "kubernetes",
}

# What Azure would otherwise allow, or not do: (attribute, value) for each resource that has it.
IDENTITY_ONLY: dict[str, dict[str, Any]] = {
    "azurerm_storage_account": {
        "shared_access_key_enabled": False,
        "local_user_enabled": False,
        "allow_nested_items_to_be_public": False,
        "cross_tenant_replication_enabled": False,
        "min_tls_version": "TLS1_2",
    },
    "azurerm_key_vault": {"rbac_authorization_enabled": True, "purge_protection_enabled": True},
    "azurerm_container_registry": {"admin_enabled": False, "anonymous_pull_enabled": False},
    "azurerm_log_analytics_workspace": {"local_authentication_enabled": False},
    "azurerm_application_insights": {"local_authentication_enabled": False},
    "azurerm_machine_learning_workspace": {"storage_account_access_type": "Identity"},
    "azurerm_machine_learning_compute_cluster": {"local_auth_enabled": False, "ssh_public_access_enabled": False},
}


def unquoted(value: Any) -> Any:
    """python-hcl2 keeps the quotation marks of strings, also of the labels of blocks."""
    if isinstance(value, dict):
        return {unquoted(key): unquoted(item) for key, item in value.items()}
    if isinstance(value, list):
        return [unquoted(item) for item in value]
    return value[1:-1] if isinstance(value, str) and re.fullmatch(r'".*"', value, re.DOTALL) else value


def plain(path: Path) -> str:
    """The name of a file or folder where it is rendered."""
    return re.sub(r"^\{\{ '([^']+)' if .+ else '' \}\}$", r"\1", path.name)


def blocks(root: Path, kind: str) -> Iterator[dict[str, Any]]:
    for path in sorted(root.iterdir()):
        if plain(path).endswith(".tf"):
            content: dict[str, list[dict[str, Any]]] = unquoted(hcl2.loads(path.read_text()))
            yield from content.get(kind, [])


def resources(root: Path) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for block in blocks(root, "resource"):
        for kind, named in block.items():
            if kind != "__is_block__":
                yield from ((kind, name, body) for name, body in named.items() if name != "__is_block__")


def test_resources_refuse_keys() -> None:
    found = {kind: body for module in MODULES for kind, _, body in resources(module)}
    for kind, expected in IDENTITY_ONLY.items():
        assert {key: found[kind].get(key) for key in expected} == expected, kind


def test_names_come_from_the_configuration() -> None:
    """One source for names: a literal here would be the same in every environment and every project."""
    for root in [*ROOTS, *MODULES]:
        for kind, name, body in resources(root):
            if (kind, name) in WITHIN:
                assert body["name"] == WITHIN[kind, name]
            elif kind != "azurerm_monitor_diagnostic_setting":  # named within the resource whose logs it sends
                assert re.search(r"local\.|var\.|each\.", str(body.get("name", "local."))), (kind, name)


def test_provider_signs_in_with_entra_id() -> None:
    """Accounts that refuse keys refuse a provider that comes with one; no plan would tell."""
    (provider,) = [found["azurerm"] for found in blocks(INFRA, "provider") if "azurerm" in found]
    assert provider["storage_use_azuread"] is True


def test_outbound_rules_wait_for_the_roles() -> None:
    modules = {name: body for block in blocks(INFRA, "module") for name, body in block.items()}
    assert any("azurerm_role_assignment.main" in str(one) for one in modules["outbound_rules"]["depends_on"])


def test_main_file_only_calls_modules() -> None:
    content = hcl2.loads((INFRA / "main.tf").read_text())
    assert content.keys() - {"__comments__", "__inline_comments__"} == {"module"}
    used = {
        body["source"].removeprefix("./modules/")
        for block in blocks(INFRA, "module")
        for name, body in block.items()
        if name != "__is_block__"
    }
    assert used == {plain(module) for module in MODULES}


@pytest.mark.parametrize("network", harness.offered("network"))
@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_terraform_reads_the_whole_configuration(environment: str, network: str, render: harness.Render) -> None:
    """And nothing else but what other answers add to it."""
    everything = harness.answers_for(network=network, serving=harness.offered("serving"))
    config = yaml.safe_load((render(everything) / f"config/{environment}.yml").read_text())
    text = "".join(path.read_text() for path in PATHS)
    assert config.keys() <= set(re.findall(r"local\.config\.(\w+)", text)) | {"state"}
    assert set(re.findall(r"local\.config\.(\w+)", text)) <= config.keys() | {"gpu_cluster"}
    kinds = {f"{kind}_endpoint" for kind in ("online", "kubernetes")}
    assert '"${var.kind}_endpoint"' in text
    read = set(re.findall(r"(?:local|var)\.names\.(\w+)", text))
    assert config["names"].keys() <= read | kinds | {"batch_endpoint"}  # infra/ builds nothing for a batch endpoint
    assert read - config["names"].keys() <= ({"virtual_network"} if network == "public" else set())
    assert set(re.findall(r"local\.sizes\.(\w+)", text)) == config["sizes"].keys()
    assert config["network"].keys() <= set(re.findall(r"local\.config\.network\.(\w+)", text))
    assert config["events"].keys() <= set(re.findall(r"local\.config\.events\.(\w+)", text))
    assert config["ci"].keys() <= set(re.findall(r"local\.config\.ci\.(\w+)", text))
    thresholds = r"local\.(?:config\.)?thresholds\.(\w+)"
    assert set(re.findall(thresholds, text)) == config["thresholds"].keys()
    assert config["online"].keys() <= set(re.findall(r"local\.online\.(\w+)", text))
    assert set(re.findall(r"var\.cluster\.(\w+)", text)) == config["kubernetes"].keys()
    size = (INFRA / "modules/compute_cluster/main.tf").read_text()
    assert set(re.findall(r"var\.size\.(\w+)", size)) == config["cpu_cluster"].keys()
    registry = (INFRA / "registry/main.tf").read_text()
    shared = set(re.findall(r"local\.registry\.(\w+)", registry)) | {"managed_resource_group", "subscription_id"}
    assert shared == config["registry"].keys()
    assert shared - {"location"} == set(re.findall(r"local\.config\.registry\.(\w+)", text))


@pytest.mark.parametrize("network", harness.offered("network"))
def test_configuration_has_the_chosen_network(network: str, render: harness.Render) -> None:
    for environment in ENVIRONMENTS:
        path = render(harness.answers_for(network=network)) / f"config/{environment}.yml"
        config = yaml.safe_load(path.read_text())
        assert config["network"]["mode"] == network
        assert ("subnet_id" in config["network"]) == (network != "public")
        assert ("approved_hosts" in config["network"]) == (network == "isolated")
        assert (config["sizes"]["container_registry_sku"] == "Premium") == (network != "public")


def test_names_differ_between_environments(render: harness.Render) -> None:
    project = render(harness.answers_for())
    configs = [yaml.safe_load((project / f"config/{name}.yml").read_text()) for name in ENVIRONMENTS]
    other = yaml.safe_load((render(harness.answers_for(name_suffix="z9z9")) / "config/dev.yml").read_text())
    for key, value in configs[0]["names"].items():
        assert len({config["names"][key] for config in [*configs, other]}) == 4, key
        assert other["names"][key] != value
    assert configs[0]["registry"] == configs[1]["registry"] == configs[2]["registry"]


def test_hostile_owner_stays_text(render: harness.Render) -> None:
    owner = "\"; ${var.x} %{if} {{ 7*7 }} ${{ secrets.X }} 'a': #"
    project = render(harness.answers_for(owner=owner))
    for environment in ENVIRONMENTS:
        assert yaml.safe_load((project / f"config/{environment}.yml").read_text())["tags"]["owner"] == owner


def role_table() -> tuple[dict[str, str], list[dict[str, Any]]]:
    """The identifiers of roles.tf, and its rows."""
    (table,) = [block for block in blocks(INFRA, "locals") if "machine_roles" in block]
    return table["roles"], [row for name in ("machine_roles", "people_roles") for row in table[name]]


def test_roles_are_microsofts_and_all_used() -> None:
    roles, rows = role_table()
    assert {name: value for name, value in roles.items() if not name.startswith("__")} == ROLES
    assert {row["role"] for row in rows} == ROLES.keys()


def test_role_is_no_wider_than_its_reason() -> None:
    _, rows = role_table()
    for row in rows:
        assert row["why"], row
        assert row["on"] != "resource_group" or row["who"] == "ci", row
        assert not row.get("in") or "prod" not in row["in"] or "Reader" in row["role"], row


def test_document_lists_roles_with_reasons(render: harness.Render) -> None:
    document = (render(harness.answers_for()) / "docs/roles.md").read_text()
    shown = re.findall(r"^\| (\w+) \| (.+?) \| (\w+) \| (.+?) \|$", document, re.MULTILINE)
    _, rows = role_table()
    assert [row[:4] for row in shown if row[1] in ROLES] == [
        (row["who"], row["role"], row["on"], row["why"] + (f" ({needs})" if needs else ""))
        for row in rows
        for needs in [", ".join(row["in"]) if "in" in row else row.get("when")]
    ]


def test_role_has_one_condition_at_most() -> None:
    """The document has room for one of them; and a `when` that roles.tf does not know would be no condition."""
    (table,) = [block for block in blocks(INFRA, "locals") if "machine_roles" in block]
    _, rows = role_table()
    assert not [row for row in rows if "in" in row and "when" in row]
    cases = {name for name in table["cases"] if not name.startswith("__")}
    assert {row["when"] for row in rows if "when" in row} | {"always"} == cases


@pytest.mark.parametrize("ci", harness.offered("ci"))
def test_configuration_trusts_no_ci_yet(ci: str, render: harness.Render) -> None:
    project = render(harness.answers_for(ci=ci))
    for environment in ENVIRONMENTS:
        config = yaml.safe_load((project / f"config/{environment}.yml").read_text())["ci"]
        assert config["system"] == ci
        assert len(config["repository"].split("/")) == {"github": 2, "azure_devops": 3}[ci]
        trusted = config.keys() - {"system", "repository", "builds_infrastructure"}
        assert trusted == {"github": {"subject_prefix"}, "azure_devops": {"issuer", "subject"}}[ci]
        assert not any(config[name] for name in trusted)


def test_versions_are_bounded() -> None:
    for root in ROOTS:
        (settings,) = [block for block in blocks(root, "terraform") if "required_version" in block]
        constraints = [settings["required_version"]]
        for block in settings["required_providers"]:
            constraints += [given["version"] for name, given in block.items() if name != "__is_block__"]
        for constraint in constraints:
            assert re.fullmatch(r">= \d+\.\d+\.\d+, < \d+\.\d+\.\d+", constraint), constraint


def test_modules_describe_variables_and_outputs() -> None:
    for module in MODULES:
        for kind in ("variable", "output"):
            for block in blocks(module, kind):
                for name, body in block.items():
                    if name != "__is_block__":
                        assert body["description"].endswith("."), (module.name, name)
                        if kind == "variable":
                            word = "Optional." if "default" in body else "Required."
                            assert body["description"].startswith(word), (module.name, name)


def test_roots_describe_and_check_variables() -> None:
    for root in ROOTS:
        for kind in ("variable", "output"):
            for block in blocks(root, kind):
                for name, body in block.items():
                    if name != "__is_block__":
                        assert body["description"].endswith("."), name
                        assert kind == "output" or body["validation"], name


def test_refusal_names_value_and_rule() -> None:
    messages = [
        message
        for path in PATHS
        for message in re.findall(r'^\s*error_message = "(.*)"$', path.read_text(), re.MULTILINE)
    ]
    assert len(messages) >= 9
    for message in messages:
        assert message.endswith("."), message
        assert "${" in message or message.startswith("config/"), message
        assert re.search(r"must|needs?|select|list|closes|cannot|does not", message), message


def test_ships_no_state_and_no_lock() -> None:
    """A lock without hashes of every platform would break the first `init` on another one."""
    assert not [path for path in INFRA.rglob("*") if ".terraform" in path.name or "tfstate" in path.suffix]


@needs_terraform
def test_terraform_formats_nothing() -> None:
    done = terraform("fmt", "-check", "-recursive", "-diff", cwd=INFRA)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="session")
def initialised(render: harness.Render, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A rendered project whose roots have their stand-in providers."""
    if not shutil.which("terraform"):
        pytest.skip("terraform is not installed")
    project = tmp_path_factory.mktemp("infrastructure") / "project"
    shutil.copytree(render(harness.answers_for(serving=harness.offered("serving"))), project)
    for root in STACKS:
        initialise(project / root)
    return project


@pytest.mark.parametrize("root", STACKS)
def test_terraform_tests_of_the_layer_pass(root: str, initialised: Path) -> None:
    for command in (["validate"], ["test"]):
        done = terraform(*command, cwd=initialised / root)
        assert done.returncode == 0, done.stdout + done.stderr
    assert "0 failed" in done.stdout


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_terraform_plans_each_environment(environment: str, initialised: Path) -> None:
    names = yaml.safe_load((initialised / f"config/{environment}.yml").read_text())["names"]
    test = initialised / "infra/tests/own.tftest.hcl"
    test.write_text(
        f"""
mock_provider "azurerm" {{
  source = "./tests/mocks/azurerm"
}}
mock_provider "azapi" {{
  source = "./tests/mocks/azapi"
}}
run "own" {{
  command = plan
  variables {{
    environment = "{environment}"
  }}
  assert {{
    condition     = output.workspace_name == "{names["workspace"]}"
    error_message = "the workspace has another name"
  }}
}}
"""
    )
    done = terraform("test", f"-filter=tests/{test.name}", cwd=initialised / "infra")
    test.unlink()
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("root", "key"), [("infra", "environment"), ("infra/registry", "registry"), ("infra/endpoint", "endpoint")]
)
def test_state_is_read_with_entra_id(root: str, key: str) -> None:
    folder = ROOTS[STACKS.index(root)]
    (settings,) = [block for block in blocks(folder, "terraform") if "backend" in block]
    (backend,) = settings["backend"]
    kept = {name: value for name, value in backend["azurerm"].items() if name != "__is_block__"}
    assert kept == {"container_name": "tfstate", "key": f"{key}.tfstate", "use_azuread_auth": True}


def test_terraform_asks_for_an_environment(initialised: Path) -> None:
    done = terraform("plan", "-input=false", "-refresh=false", cwd=initialised / "infra")
    assert done.returncode == 1
    assert "'default' is no environment: select the" in " ".join(done.stderr.split())
