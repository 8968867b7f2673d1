"""The evaluator of Bicep does what the language says, and refuses what the compiler refuses."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tests.infra.bicep import BicepError, deployed, evaluated
from tests.infra.bicep.order import unordered
from tests.infra.resource import SUBSCRIPTION, callback_url, stand_in

GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-test"
STORAGE = "Microsoft.Storage/storageAccounts"


def project(folder: Path, main: str, **files: str) -> Path:
    """A project with infra/main.bicep, more files by their names without suffix, and an environment called dev."""
    (folder / "config").mkdir()
    (folder / "infra").mkdir()
    config = {"location": "westeurope", "names": {"resource_group": "rg-test"}}
    (folder / "config/dev.yml").write_text(yaml.safe_dump(config))
    texts = {"main.bicep": main, "dev.bicepparam": "using 'main.bicep'\n"}
    for name, text in files.items():
        texts["dev.bicepparam" if name == "parameters" else f"{name}.bicep"] = text
    for name, text in texts.items():
        (folder / "infra" / name).write_text(text)
    return folder


def output(folder: Path, value: str, before: str = "") -> Any:
    """The value of an expression."""
    return evaluated(project(folder, f"{before}\noutput found any = {value}\n"), "dev").output("found")


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        # Precedence and association
        ("1 + 2 * 3 - 4", 3),
        ("(1 + 2) * 3", 9),
        ("7 - 2 - 1", 4),
        ("-7 / 2", -3),
        ("-7 % 2", -1),
        ("!false && false", False),
        ("true || false && false", True),
        ("1 < 2 == true", True),
        ("sort(['b', 'c', 'a'], (a, b) => a < b)", ["a", "b", "c"]),
        ("null ?? 'a' == 'b'", False),
        ("false ? 1 : true ? 2 : 3", 2),
        ("true\n  ? 1\n  : 2", 1),
        ("map([{ a: 1 }], x => x.a)", [1]),
        ("filter([1, 2, 3], x => x > 1 && x < 3)", [2]),
        ("[1, 2][0] + 1", 2),
        # Strings
        ("'a${1 + 1}b${'c${true}'}'", "a2bcTrue"),
        ("'\\'\\n\\u{e9}\\${x}'", "'\né${x}"),
        ("'''\na ${b}\n'c' '''", "a ${b}\n'c' "),
        ("'A' =~ 'a'", True),
        ("'A' == 'a'", False),
        ("true == 1", False),
        # What may be missing
        ("{ a: 1 }.?b", None),
        ("{ a: 1 }.?b.c.d ?? 'none'", "none"),
        ("[1][?3] ?? 2", 2),
        ("{ a: { b: null } }.a.?b ?? 5", 5),
        ("{ a: null }.?a.b[0] ?? 6", 6),
        ("{ '${'a'}': 1 }", {"a": 1}),
        # Functions
        ("empty([]) && empty({}) && empty('') && empty(null)", True),
        ("union({ a: { b: 1 } }, { a: { c: 2 } })", {"a": {"b": 1, "c": 2}}),
        ("union([1, 2], [2, 3])", [1, 2, 3]),
        ("concat([1], [1])", [1, 1]),
        ("items({ b: 1, a: 2 })", [{"key": "a", "value": 2}, {"key": "b", "value": 1}]),
        ("toObject(['a', 'b'], x => x, x => '${x}${x}')", {"a": "aa", "b": "bb"}),
        ("map(['a', 'b'], (x, i) => '${x}${i}')", ["a0", "b1"]),
        ("reduce([1, 2, 3], 0, (sum, x) => sum + x)", 6),
        ("sort([3, 1, 2], (a, b) => a < b)", [1, 2, 3]),
        ("flatten([[1], [2, 3]])", [1, 2, 3]),
        ("format('{0}-{1:D3}-{{}}', 'a', 7)", "a-007-{}"),
        ("last(split('a/b,c', ['/', ',']))", "c"),
        ("split('a.b', '.')", ["a", "b"]),
        ("contains({ Key: 1 }, 'key')", True),
        ("contains(['1'], 1)", False),
        ("join(['a', 'b'], ', ')", "a, b"),
        ("substring('abcdef', 1, 3)", "bcd"),
        ("replace('a-b-c', '-', '_')", "a_b_c"),
        ("range(2, 3)", [2, 3, 4]),
        ("guid('a', 'b') == guid('a', 'b')", True),
        ("guid('a', 'b') == guid('b', 'a')", False),
        ("guid('a', 'b') == guid('a')", False),
        ("string({ a: [1] })", '{"a":[1]}'),
        # Azure
        ("resourceGroup().id", GROUP),
        ("subscription().subscriptionId", SUBSCRIPTION),
        ("resourceId('Microsoft.A/b/c', 'x', 'y')", f"{GROUP}/providers/Microsoft.A/b/x/c/y"),
        (
            "resourceId('other', 'Microsoft.A/b', 'x')",
            f"/subscriptions/{SUBSCRIPTION}/resourceGroups/other/providers/Microsoft.A/b/x",
        ),
        (
            "subscriptionResourceId('Microsoft.A/b', 'x')",
            f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.A/b/x",
        ),
        ("subscriptionResourceId('Microsoft.Resources/resourceGroups', 'rg-test')", GROUP),
        ("environment().suffixes.storage", "core.windows.net"),
    ],
)
def test_an_expression_has_the_value_that_the_language_gives_it(tmp_path: Path, expression: str, expected: Any) -> None:
    found = output(tmp_path, expression)
    assert found == expected
    assert type(found) is type(expected)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(0, 2**31) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=9,
)


def quoted(text: str) -> str:
    escapes = {"\\": "\\\\", "'": "\\'", "\n": "\\n", "\r": "\\r", "\t": "\\t", "$": "\\$"}
    return (
        "'" + "".join(escapes.get(one) or (one if one.isprintable() else f"\\u{{{ord(one):x}}}") for one in text) + "'"
    )


def written(value: Any) -> str:
    """A value as Bicep has it; keys need their quotes unless they are names."""
    if isinstance(value, dict):
        names = {key: key if re.fullmatch(r"[A-Za-z_]\w*", key, re.ASCII) else quoted(key) for key in value}
        return "{ " + ", ".join(f"{names[key]}: {written(item)}" for key, item in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(written, value)) + "]"
    return quoted(value) if isinstance(value, str) else json.dumps(value)


@given(value=VALUES)
def test_a_value_that_is_written_down_is_itself(value: Any, tmp_path_factory: pytest.TempPathFactory) -> None:
    assert output(tmp_path_factory.mktemp("value"), written(value)) == value


@pytest.mark.parametrize(
    "expression",
    [
        *(
            "{ a: 1 }.b",
            "[1][1]",
            "null.a",
            "'a' + 1",
            "'a' < 1",
            "!1",
            "1 && true",
            "true ? 1 : 2 : 3",
            "[1,\n2]",
            "[1 2]",
            "{ a: 1 b: 2 }",
        ),
        *(
            "{ a: 1, a: 2 }",
            "undefined",
            "undefined()",
            "toLower(1)",
            "concat('a', ['b'])",
            "empty(1)",
            "f(1,)",
            "'${null}'",
        ),
        *(
            "substring('abc', 1, 9)",
            "toObject(['a', 'a'], x => x)",
            "{ a: null }!.a.b",
            "1 / 0",
            "'a\nb'",
            "x => x",
            "int('a')",
        ),
        *(
            "utcNow()",
            "loadYamlContent('missing.yml')",
            "[for x in [1]: [for y in [2]: y]]",
            "[[for x in [1]: x]]",
            "...{ a: 1 }",
        ),
        *(
            "{ a: [for x in [1]: x] }",
            "map([1], (a, b, c) => a)",
            "filter([1], x => x)",
            "true\n  && false",
            "'${{ a: 1 }}'",
        ),
    ],
)
def test_an_expression_that_the_language_refuses_is_refused_with_its_place(tmp_path: Path, expression: str) -> None:
    with pytest.raises(BicepError, match=r"infra/main\.bicep:[2-4]: "):
        output(tmp_path, expression)


def test_a_storage_account_and_its_children_are_deployed_as_written(tmp_path: Path) -> None:
    main = """
    @description('Required. Name.')
    param name string = 'stone'
    param location string = resourceGroup().location

    resource account 'Microsoft.Storage/storageAccounts@2025-06-01' = {
      name: name
      location: location
      tags: null
      properties: { allowSharedKeyAccess: false, minimum: null }

      resource blobs 'blobServices' = {
        name: 'default'
      }
    }

    resource container 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-06-01' = [
      for (each, i) in ['raw', 'x']: if (i < 1) {
      parent: account::blobs
      name: '${each}-${i}'
      }
    ]

    resource log 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
      name: 'log-analytics'
      scope: account
      properties: { workspaceId: account.properties.primaryEndpoints.blob }
    }

    resource role 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
      name: guid(account.id, 'x')
      properties: { description: container[0].name }
    }
    """
    found = {resource.kind.rpartition("/")[2]: resource for resource in deployed(project(tmp_path, main), "dev")}
    account = f"{GROUP}/providers/{STORAGE}/stone"
    assert list(found) == ["storageAccounts", "blobServices", "containers", "diagnosticSettings", "roleAssignments"]
    assert found["storageAccounts"].id == account
    assert found["storageAccounts"].body == {"location": "westeurope", "properties": {"allowSharedKeyAccess": False}}
    assert found["storageAccounts"].address == "main.bicep:6 account"
    assert found["containers"].id == f"{account}/blobServices/default/containers/raw-0"
    assert found["containers"].name == "raw-0"
    assert found["diagnosticSettings"].scope == account
    assert found["diagnosticSettings"].id == f"{account}/providers/Microsoft.Insights/diagnosticSettings/log-analytics"
    assert found["diagnosticSettings"].body["properties"]["workspaceId"] == "https://stone.blob.core.windows.net/"
    assert found["roleAssignments"].scope == GROUP
    assert found["roleAssignments"].body["properties"]["description"] == "raw-0"


MACHINE = """
param name string
param count int = 1
param tags object?
resource machine 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = [for i in range(0, count): {
  name: '${name}-${i}'
  tags: tags
}]
output principals string[] = [for i in range(0, count): machine[i].properties.principalId]
output first string = machine[0].id
"""


def test_a_variable_of_a_loop_or_lambda_hides_a_resource_of_its_name(tmp_path: Path) -> None:
    main = """
    resource one 'Microsoft.A/b@2025-01-01' = [for one in filter([{ on: true, id: 'x' }], one => one.on): {
      name: one.id
      properties: { all: map(['y'], one => one) }
    }]
    resource other 'Microsoft.A/b@2025-01-01' = [for one in ['z']: { name: one }]
    """
    folder = project(tmp_path, main)
    assert [resource.name for resource in deployed(folder, "dev")] == ["x", "z"]


def test_modules_pass_values_on_whatever_their_order(tmp_path: Path) -> None:
    main = """
    module second 'machine.bicep' = {
      name: 'second'
      params: { name: last(split(first[1].outputs.first, '/')), tags: { of: first[0].outputs.principals[1] } }
    }
    module first 'machine.bicep' = [for name in ['a', 'b']: {
      name: 'first-${name}'
      params: { name: name, count: 2 }
    }]
    module never 'machine.bicep' = if (first[0].name == 'x') {
      name: 'never'
      params: { name: 'never' }
    }
    output missing string = never.?outputs.first ?? 'nothing'
    """
    deployment = evaluated(project(tmp_path, main, machine=MACHINE), "dev")
    found = {resource.name: resource for resource in deployment.world.resources}
    assert sorted(found) == ["a-0", "a-1", "b-0", "b-0-0", "b-1"]
    assert found["b-0-0"].body["tags"] == {"of": stand_in(found["a-1"].id, "principalId")}
    assert found["b-0-0"].address == "second > machine.bicep:5 machine"
    assert deployment.output("missing") == "nothing"


def test_a_module_may_stand_in_another_group_and_in_the_subscription(tmp_path: Path) -> None:
    main = """
    targetScope = 'subscription'
    resource group 'Microsoft.Resources/resourceGroups@2025-04-01' = {
      name: 'made'
      location: deployment().name == 'main' ? 'northeurope' : 'x'
    }
    module inside 'machine.bicep' = { name: 'inside', scope: group, params: { name: 'a' } }
    module given 'machine.bicep' = { name: 'given', scope: resourceGroup('given'), params: { name: 'a' } }
    """
    ids = [resource.id for resource in deployed(project(tmp_path, main, machine=MACHINE), "dev")]
    start = f"/subscriptions/{SUBSCRIPTION}/resourceGroups"
    end = "providers/Microsoft.ManagedIdentity/userAssignedIdentities/a-0"
    assert ids == [f"{start}/made", f"{start}/made/{end}", f"{start}/given/{end}"]


def test_values_and_types_come_from_other_files_and_parameters_from_the_environment(tmp_path: Path) -> None:
    main = """
    import { Config, rows as table } from 'types.bicep'
    import * as more from 'types.bicep'
    param config Config
    param since string = utcNow('yyyy')
    resource a 'Microsoft.A/b@2025-01-01' = {
      name: '${config.name}${since}'
      properties: { rows: [for row in filter(table, row => row.in == config.?mode): row.name], prefix: more.prefix }
    }
    """
    types = """
    @export()
    type Config = { name: string, mode: ('x' | 'y')?, hosts: string[]?, deep: Deep? }
    type Deep = { *: int }
    @export()
    var rows = [
      { in: 'x', name: 'one' }
      { in: 'y', name: '${prefix}two' }
    ]
    @export()
    var prefix = 'pre-'
    """
    parameters = "using 'main.bicep'\nvar name = 'n'\nparam config = { name: name, mode: 'y', deep: { a: 1 } }\n"
    folder = project(tmp_path, main, types=types, parameters=parameters)
    (made,) = deployed(folder, "dev", parameters={"since": "2026"})
    assert made.name == "n2026"
    assert made.body["properties"] == {"rows": ["pre-two"], "prefix": "pre-"}
    for wrong, said in {
        "{ mode: 'x' }": "config.name is missing",
        "{ name: 1 }": "config.name: 1 is no string",
        "{ name: 'n', mode: 'z' }": "config.mode: 'z' is not one of 'x', 'y'",
        "{ name: 'n', other: 1 }": "config.other is not known",
        "{ name: 'n', hosts: [true] }": r"config.hosts\[0\]: True is no string",
        "{ name: 'n', deep: { a: false } }": "config.deep.a: False is no int",
        "{ name: null }": "config.name: None is no string",
    }.items():
        (folder / "infra/dev.bicepparam").write_text(f"using 'main.bicep'\nparam config = {wrong}\n")
        with pytest.raises(BicepError, match=said):
            deployed(folder, "dev")


def test_a_callback_url_is_that_of_its_trigger_and_stays_a_secret(tmp_path: Path) -> None:
    main = """
    resource flow 'Microsoft.Logic/workflows@2019-05-01' existing = {
      name: 'flow'
      resource trigger 'triggers' existing = {
        name: 'event'
      }
    }
    resource topic 'Microsoft.A/b@2025-01-01' = {
      name: 'topic'
      properties: { url: flow::trigger.listCallbackUrl().value }
    }
    """
    (made,) = deployed(project(tmp_path, main), "dev")
    trigger = f"{GROUP}/providers/Microsoft.Logic/workflows/flow/triggers/event"
    assert made.body["properties"]["url"] == callback_url(trigger)


IDENTITY = """
resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: 'identity'
}
"""
FLOW = """
resource trigger 'Microsoft.Logic/workflows/triggers@2019-05-01' existing = {
  name: 'flow/event'
}
var url = trigger.listCallbackUrl().value
"""
CONFIG = """
type Config = { name: string?, list: { x: int }[]?, deep: { c: { d: int } } }
param config Config = { deep: { c: { d: 1 } } }
"""
PART = """
param name string
param kind string = 'b'
resource a 'Microsoft.A/b@2025-01-01' = { name: name, kind: kind }
output id string = a.id
"""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        # Names
        ("output a string = b\n", "'b' is not defined"),
        ("output a array = [for b in ['c']: d]\n", "'d' is not defined"),
        ("output a array = map([1], b => c)\n", "'c' is not defined"),
        ("param a string = 'b'\n", "parameter 'a' is not used"),
        ("var a = 'b'\n", "variable 'a' is not used"),
        ("import { a } from 'part.bicep'\n", "'a' is imported and not used"),
        ("import { a } from 'part.bicep'\noutput b string = a\n", "does not export a value 'a'"),
        ("resource a 'Microsoft.A/b@2025-01-01' existing = { name: 'a' }\n", "existing resource 'a' is not used"),
        ("var a = 1\nvar a = 2\n", "declared twice"),
        ("param a Unknown\noutput b string = a\n", "there is no type 'Unknown'"),
        ("@describe('a')\nparam a string = 'b'\noutput b string = a\n", "no decorator @describe"),
        ("var a = b\nvar b = a\noutput c string = a\n", "depends on itself"),
        # Modules
        ("module a 'none.bicep' = { name: 'a' }\n", "there is no none.bicep"),
        ("module a 'part.bicep' = { name: 'a' }\n", "needs the parameter 'name'"),
        ("module a 'part.bicep' = { name: 'a', params: { name: 'b', other: 1 } }\n", "has no parameter 'other'"),
        ("module a 'part.bicep' = { name: 'a', params: { name: 1 } }\n", "name: 1 is no string"),
        (
            "module a 'part.bicep' = { name: 'a', params: { name: 'b' }, parameters: {} }\n",
            "a module takes no 'parameters'",
        ),
        (
            "module a 'part.bicep' = { name: 'a', scope: subscription(), params: { name: 'b' } }\n",
            "is for a resourceGroup",
        ),
        (
            "module a 'part.bicep' = { name: 'a', params: { name: 'b' } }\n"
            "module c 'part.bicep' = { name: 'A', params: { name: 'd' } }\n",
            "two deployments are called 'A'",
        ),
        (
            "module a 'part.bicep' = { name: 'a', params: { name: 'b' } }\n"
            "module c 'part.bicep' = { name: 'c', params: { name: 'B' } }\n",
            "is deployed twice",
        ),
        (
            "module a 'part.bicep' = { name: 'a', params: { name: 'b' } }\noutput c string = a.outputs.none\n",
            "no output 'none'",
        ),
        (
            "param on bool = true\nmodule a 'part.bicep' = if (on) { name: 'a', params: { name: 'b' } }\n"
            "output c string = a.outputs.id\n",
            "not always deployed",
        ),
        (
            "param on bool = false\nmodule a 'part.bicep' = if (on) { name: 'a', params: { name: 'b' } }\n"
            "output c string = a!.outputs.id\n",
            "is null, though",
        ),
        # Members, also on ways that no configuration takes
        (f"{CONFIG}output a string = false ? config.nam : ''\n", "config has no 'nam'"),
        (f"{CONFIG}var b = config.deep\noutput a bool = false && b.c.f == 1\n", "b.c has no 'f'"),
        (f"{CONFIG}output a bool = false && config.list[0].x == 1\n", r"config\.list\S* may be missing"),
        (f"{CONFIG}output a array = map(config.?list ?? [], one => one.y)\n", "one has no 'y'"),
        (f"{CONFIG}output a array = [for one in config.?list ?? []: one.y]\n", "one has no 'y'"),
        (
            f"{CONFIG}output a bool = false && config.?list[0] == null && config.?other.x == 1\n",
            "config has no 'other'",
        ),
        (f"{CONFIG}output a string = false ? config.name.x : ''\n", "config.name may be missing"),
        (
            f"{CONFIG}module a 'part.bicep' = if (false) {{ name: 'a', params: {{ name: config.?name }} }}\n",
            "'name' of part.bicep may not be missing",
        ),
        (
            "module a 'part.bicep' = [for b in []: { name: 'a', params: { name: 'b', c: 1 } }]\n",
            "part.bicep has no parameter 'c'",
        ),
        (f"{CONFIG}output a string = config.name ?? ''\n", "use-safe-access: 'name' may be missing"),
        ("type A = string\noutput b string = 'c'\n", "type 'A' is not used"),
        # Known at the start
        (
            f"{IDENTITY}resource a 'Microsoft.A/b@2025-01-01' = {{ name: identity.properties.clientId }}\n",
            "'name' has to be known",
        ),
        (
            f"{IDENTITY}var late = [identity.properties.clientId]\n"
            "resource a 'Microsoft.A/b@2025-01-01' = [for b in late: { name: b }]\n",
            "what a loop goes through has to be known",
        ),
        (
            f"{IDENTITY}resource a 'A.B/c@2025-01-01' = if (identity.properties.clientId == 'b') {{ name: 'a' }}\n",
            "a condition has to be known",
        ),
        (
            "module a 'part.bicep' = { name: 'a', params: { name: 'b' } }\n"
            "resource c 'Microsoft.A/b@2025-01-01' = { name: guid(a.outputs.id) }\n",
            "'name' has to be known",
        ),
        (
            f"{IDENTITY}var late = [for a in [1]: identity.properties.clientId]\noutput b array = late\n",
            "the loop of a variable",
        ),
        # Loops
        (
            "resource a 'Microsoft.A/b@2025-01-01' = [for b in ['c']: { name: b }]\noutput d string = a.id\n",
            "'a' is a loop",
        ),
        (f"{IDENTITY}output a string = identity[0].id\n", "is no loop"),
        (
            "module a 'part.bicep' = [for b in ['c']: { name: b, params: { name: b } }]\n"
            "output d array = map([0], i => a[i].outputs.id)\n",
            "a lambda's variable cannot choose",
        ),
        # Secrets
        (f"{FLOW}output a string = url\n", "output 'a' holds a secret"),
        ("@secure()\nparam a string?\noutput b string = 'x${a}'\n", "output 'b' holds a secret"),
        ("@secure()\nparam a string = 'hidden'\nresource b 'A.B/c@2025-01-01' = { name: a }\n", "'a' has a default"),
        (
            f"{FLOW}module a 'part.bicep' = {{ name: 'a', params: {{ name: 'b', kind: url }} }}\n",
            "does not treat 'kind' as a secret",
        ),
        # Resources
        (
            f"{IDENTITY}output a string = identity.properties.principalID\n",
            "nothing is known of 'properties.principalID'",
        ),
        ("resource a 'Microsoft.A/b/c@2025-01-01' = { name: 'a' }\n", "takes 2 names"),
        (f"{IDENTITY}resource a 'Microsoft.A/b/c@2025-01-01' = {{ parent: identity, name: 'a' }}\n", "is no child of"),
        ("resource a 'Microsoft.A/b' = { name: 'a' }\n", "no type with a version"),
        ("resource a 'Microsoft.A/b@2025-01-01' = { name: '' }\n", "cannot be ''"),
        (
            "resource a 'Microsoft.A/b@2025-01-01' existing = { name: 'a', scope: resourceGroup('other') }\n"
            "resource c 'Microsoft.C/d@2025-01-01' = { name: 'c', scope: a }\n",
            "a module has to deploy it",
        ),
        (
            f"{IDENTITY}resource a 'A.B/c@2025-01-01' = {{ name: 'a', scope: true ? identity : identity }}\n",
            "'scope' is written out",
        ),
        (
            "resource a 'A.B/c@2025-01-01' existing = { name: 'a', properties: {} }\noutput b string = a.id\n",
            "cannot be told its 'properties'",
        ),
        ("param length int = 1\noutput a int = length + length('b')\n", "'length' is no function here"),
        ("output a array = map(['b'], last => last(last))\n", "'last' is no function here"),
        (
            "resource a 'A.B/c@2025-01-01' = { name: 'a', dependsOn: [b] }\n"
            "var id = a.id\nresource b 'A.B/c@2025-01-01' = { name: 'b', kind: id }\n",
            "'a' waits for itself",
        ),
        # The linter
        ("output a string = 'x.blob.core.windows.net'\n", "no-hardcoded-env-urls"),
        ("output a object = { 'b': 1 }\n", "prefer-unquoted-property-names"),
        ("param a string = 'b'\noutput c string = '${a}'\n", "simplify-interpolation"),
        ("param a string = 'b'\noutput c string = concat(a, 'd')\n", "prefer-interpolation"),
        ("output a string = resourceGroup().location\n", "no-loc-expr-outside-params"),
        ("resource a 'Microsoft.A/b@2025-01-01' = { name: 'a', location: 'westeurope' }\n", "no-hardcoded-location"),
        ("param a object = {}\noutput b string = contains(a, 'c') ? a.c : ''\n", "use-safe-access"),
        (
            f"{IDENTITY}resource a 'A.B/c@2025-01-01' = {{ name: 'a', kind: identity.id, dependsOn: [identity] }}\n",
            "no-unnecessary-dependson",
        ),
        (
            f"{IDENTITY}resource a 'A.B/c/d@2025-01-01' = {{ name: '${{identity.name}}/a' }}\n",
            "use-parent-property",
        ),
        ("param dbPassword string = 'a'\noutput b int = length(dbPassword)\n", "secure-secrets-in-params"),
        # Not supported
        ("func a() string => 'b'\n", "'func' declares nothing that is supported here"),
        (
            "resource a 'Microsoft.A/b@2025-01-01' = { name: 'a', properties: { b: 1, ...{ c: 2 } } }\n",
            "expected a name",
        ),
    ],
)
def test_what_the_compiler_refuses_is_refused(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(BicepError, match=said):
        deployed(project(tmp_path, text, part=PART), "dev")


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        ("use-user-defined-types", "param a { b: object }\noutput c bool = a.b == null\n"),
        (
            "use-resource-id-functions",
            "param a string?\nresource b 'A.B/c@2025-01-01' = { name: 'b', properties: { someId: a ?? '' } }\n",
        ),
        (
            "use-resource-id-functions",
            "param a string = 'b'\nresource b 'A.B/c@2025-01-01' = { name: 'b', properties: { id: '/x/${a}' } }\n",
        ),
        (
            "what-if-short-circuiting",
            f"{IDENTITY}module a 'part.bicep' = {{ name: 'a', params: {{ name: identity.properties.clientId }} }}\n",
        ),
    ],
)
def test_rules_that_are_off_by_themselves_count_once_the_configuration_turns_them_on(
    tmp_path: Path, rule: str, text: str
) -> None:
    parameters: dict[str, Any] = {"a": {"b": {}}} if "object" in text else {}
    folder = project(tmp_path, text, part=PART)
    deployed(folder, "dev", parameters=parameters)
    config = {"analyzers": {"core": {"rules": {rule: {"level": "error"}}}}}
    (folder / "infra/bicepconfig.json").write_text(json.dumps(config))
    (folder / "infra/main.bicep").write_text(f"{text}\n")
    with pytest.raises(BicepError, match=rule):
        deployed(folder, "dev", parameters=parameters)


def test_parameters_that_nobody_declared_are_refused(tmp_path: Path) -> None:
    folder = project(tmp_path, IDENTITY, parameters="using 'main.bicep'\nparam other = 1\n")
    with pytest.raises(BicepError, match=r"dev\.bicepparam:2: main\.bicep has no parameter 'other'"):
        deployed(folder, "dev")


USER = """
param id string
resource flow 'Microsoft.Logic/workflows@2019-05-01' existing = { name: 'flow' }
resource log 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'log'
  scope: flow
  properties: { workspaceId: id }
}
"""
BUILDER = """
resource flow 'Microsoft.Logic/workflows@2019-05-01' = { name: 'flow' }
resource space 'Microsoft.OperationalInsights/workspaces@2025-07-01' = { name: 'space' }
output id string = space.id
"""
SPACE = "resourceId('Microsoft.OperationalInsights/workspaces', 'space')"


@pytest.mark.parametrize(
    ("user", "missing"),
    [
        (f"params: {{ id: {SPACE} }}", ["'flow'", "'log'"]),
        (f"params: {{ id: {SPACE} }}, dependsOn: [builder]", []),
        ("params: { id: builder.outputs.id }", []),
    ],
)
def test_what_uses_a_resource_of_another_module_waits_for_that_module(
    tmp_path: Path, user: str, missing: list[str]
) -> None:
    main = f"""
    module builder 'builder.bicep' = {{ name: 'builder' }}
    module user 'user.bicep' = {{ name: 'user', {user} }}
    """
    found = unordered(evaluated(project(tmp_path, main, user=USER, builder=BUILDER), "dev"))
    assert [name for name in ("'flow'", "'log'") if any(name in line for line in found)] == missing
