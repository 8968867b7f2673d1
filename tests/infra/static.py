"""What no resource shows: settings of Terraform's providers and lifecycles, and the tables beside what they name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hcl2
import yaml

from tests.infra.reference import monitor, role_ids

# Whose loss loses data: a plan that would destroy one stops.
KEPT = {
    ("infra/modules/storage", "azurerm_storage_account"),
    ("infra", "azurerm_key_vault"),
    ("infra/registry", "azapi_resource"),
}


def unquoted(value: Any) -> Any:
    """Remove quotation marks, which python-hcl2 keeps around strings and labels of blocks."""
    if isinstance(value, dict):
        return {unquoted(key): unquoted(item) for key, item in value.items() if key != "__is_block__"}
    if isinstance(value, list):
        return [unquoted(item) for item in value]
    return value[1:-1] if isinstance(value, str) and re.fullmatch(r'".*"', value, re.DOTALL) else value


def blocks(root: Path, kind: str) -> Iterator[dict[str, Any]]:
    for path in sorted(root.glob("*.tf")):
        content: dict[str, list[dict[str, Any]]] = unquoted(hcl2.loads(path.read_text()))
        yield from content.get(kind, [])


def resources(root: Path) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for block in blocks(root, "resource"):
        for kind, named in block.items():
            yield from ((kind, name, body) for name, body in named.items())


def faults(infra: Path) -> Iterator[str]:
    """What is wrong with an infra/ folder, whatever its language."""
    yield from _tables(infra / "tables")
    if (infra / "versions.tf").exists():
        yield from _terraform(infra)


def _tables(folder: Path) -> Iterator[str]:
    tables = {path.stem: yaml.safe_load(path.read_text()) for path in folder.glob("*.yml")}
    for name, row in tables["logs"].items():
        known = (monitor(row["type"]) or {}).get("log_categories", [])
        for category in set(row["categories"]) - set(known):
            yield f"logs.yml: {name}: '{category}' is none of {', '.join(known)}"
    roles = tables["roles"]
    for name, id in roles["roles"].items():
        if role_ids().get(name) != id:
            yield f"roles.yml: {name} is {role_ids().get(name)}, not {id}"
    reasons = [
        *roles["grants"],
        *tables["retention"],
        *tables["logs"].values(),
        *(
            row
            for key in ("private_endpoints", "registry_endpoints", "outbound_rules")
            for row in tables["network"][key]
        ),
    ]
    yield from (f"a row without a reason: {row}" for row in reasons if not row.get("why"))
    for row in roles["grants"]:
        if row["role"] not in (*roles["roles"], "autoscale"):
            yield f"roles.yml: {row['role']} has no ID"
        if row["who"] == "jobs" and row["on"] == "data_lake" and not row["role"].endswith("Reader"):
            yield f"roles.yml: jobs write the whole data lake: {row}"
    unused = set(roles["roles"]) - {row["role"] for row in roles["grants"]}
    if unused:
        yield f"roles.yml: roles that no row gives: {sorted(unused)}"


def _terraform(infra: Path) -> Iterator[str]:
    for path, kind in sorted(KEPT):
        for found, name, body in resources(infra.parent / path):
            lifecycle = body.get("lifecycle", [{}])[0]
            if found == kind and lifecycle.get("prevent_destroy") is not True:
                yield f"{path}: {kind}.{name} may be destroyed by a plan"
    for kind, name, body in resources(infra):
        if kind == "azapi_resource" and "outboundRules" in body["type"] and not body.get("locks"):
            yield f"{kind}.{name}: rules are written at the same time, and remove one another (azapi, issue 453)"
    (provider,) = [found["azurerm"] for found in blocks(infra, "provider") if "azurerm" in found]
    (features,) = provider["features"]
    if provider.get("storage_use_azuread") is not True:
        yield "provider azurerm uses keys of accounts that refuse them"
    if features.get("application_insights", [{}])[0].get("disable_generated_rule") is not True:
        yield "Application Insights makes alerts that keep the resource group from going (azurerm, issue 18026)"
    for root in (infra, *(path for path in infra.iterdir() if (path / "versions.tf").exists())):
        for settings in blocks(root, "terraform"):
            constraints = [settings["required_version"]] if "required_version" in settings else []
            for block in settings.get("required_providers", []):
                constraints += [given["version"] for given in block.values()]
            for constraint in constraints:
                if not re.fullmatch(r">= \d+\.\d+\.\d+, < \d+\.\d+\.\d+", constraint):
                    yield f"{root.name}: '{constraint}' is not bounded"
            for backend in settings.get("backend", []):
                if backend["azurerm"].get("use_azuread_auth") is not True:
                    yield f"{root.name}: the state is read with a key"
