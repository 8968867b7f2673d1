"""The tables of rules in a rendered project agree with the reference that they were taken from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support import harness

REFERENCE = harness.ROOT.parent / "shared" / "reference"
RULES = harness.ROOT / "template" / "src" / "{{ package_name }}" / "azure" / "checking" / "rules"
TABLES = {path.name: yaml.safe_load(path.read_text(encoding="utf-8")) for path in RULES.iterdir()}
SIZES = next(table for name, table in TABLES.items() if "online_sizes" in name)
# Of a monitor's signals the reference has one list for several kinds; the tables have one for each.
PLAIN_KINDS = ("fields", "required", "enums", "patterns", "nested_fields")
OF_SIGNALS = "monitor_schedule"

pytestmark = [
    pytest.mark.quick,
    pytest.mark.skipif(not REFERENCE.is_dir(), reason="shared/reference beside this repository is not there"),
]


@pytest.fixture(scope="module")
def reference() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((REFERENCE / "azureml_yaml.json").read_text(encoding="utf-8"))
    return found


def tables() -> list[dict[str, Any]]:
    return [table for table in TABLES.values() if "rules" in table]


def test_every_rule_is_there_for_each_of_its_kinds(reference: dict[str, Any]) -> None:
    wanted = {(rule["id"], kind) for rule in reference["rules"] for kind in rule["kinds"]}
    found = [(rule["id"], kind) for table in tables() for rule in table["rules"] for kind in rule["kinds"]]
    assert sorted(found) == sorted(wanted)
    assert len(reference["rules"]) == 47


def test_rules_say_the_same(reference: dict[str, Any]) -> None:
    known = {rule["id"]: rule for rule in reference["rules"]}
    for rule in (rule for table in tables() for rule in table["rules"]):
        for key in ("then", "why", "refused_by", "source"):
            assert rule[key] == known[rule["id"]][key], rule["id"]
        assert rule.get("when", []) == known[rule["id"]]["when"], rule["id"]


def test_kinds_say_the_same(reference: dict[str, Any]) -> None:
    for table in tables():
        for name, kind in table["kinds"].items():
            for key in PLAIN_KINDS if name in reference["kinds"] and name != OF_SIGNALS else ():
                assert kind.get(key, {}) == reference["kinds"][name].get(key, {}), (name, key)


def test_sizes_of_online_endpoints_are_those_of_the_list() -> None:
    values = json.loads((REFERENCE / "azureml_values.json").read_text(encoding="utf-8"))["online_skus"]
    wanted = {name: each["cores"] for name, each in values["names"].items() if name not in values["retired_hardware"]}
    assert wanted == SIZES


def test_tables_name_a_source_for_each_rule() -> None:
    for path in RULES.iterdir():
        text = Path(path).read_text(encoding="utf-8")
        for rule in (yaml.safe_load(text) or {}).get("rules", ()):
            assert rule["source"], rule["id"]
