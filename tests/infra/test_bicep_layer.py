"""The Bicep layer as rendered: what its files promise, and that it deploys, as far as that can be told offline."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import tree_sitter
import tree_sitter_bicep
import yaml

from tests.infra.bicep import evaluated, order, parse, types
from tests.infra.bicep import syntax as s
from tests.infra.bicep.refusals import refuse
from tests.infra.cases import CASES, ENVIRONMENTS, REPRESENTATIVE, Case
from tests.infra.conftest import Filled
from tests.support import harness

GRAMMAR = tree_sitter.Parser(tree_sitter.Language(tree_sitter_bicep.language()))
# The only API of diagnostic settings that is not years old is called a preview; all of Azure uses it.
PREVIEWS = ("Microsoft.Insights/diagnosticSettings@2021-05-01-preview",)
# Whole deployments; every other file is a module of one of them or holds types and tables.
ENTRIES = ("main.bicep", "with-group.bicep", "registry.bicep", "endpoint.bicep")


@pytest.fixture(scope="module")
def projects(render: harness.Render) -> list[Path]:
    """One rendered project for each set of files in infra/ that a variant with Bicep has."""
    found: dict[tuple[tuple[Path, str], ...], Path] = {}
    for answers in harness.VARIANTS.values():
        if answers["iac"] == "bicep":
            project = render(answers)
            digests = harness.digests(project / "infra")
            found.setdefault(tuple(sorted(digests.items())), project)
    return list(found.values())


def files(project: Path, suffix: str = ".bicep") -> Iterator[s.File]:
    for path in sorted((project / "infra").rglob(f"*{suffix}")):
        yield parse(path)


def everything(projects: list[Path]) -> Iterator[s.File]:
    for project in projects:
        yield from files(project)


def text_of(decorators: tuple[s.Call, ...]) -> str:
    """The description that decorators give."""
    for decorator in decorators:
        if decorator.name == "description":
            (argument,) = decorator.arguments
            assert isinstance(argument, s.Literal), "a description is plain text"
            return str(argument.value)
    return ""


def resources(node: Any) -> Iterator[s.Resource]:
    return (found for found in s.walk(node) if isinstance(found, s.Resource))


def test_every_file_is_bicep_for_two_parsers_and_nothing_the_compiler_refuses(projects: list[Path]) -> None:
    assert projects
    for file in everything(projects):
        refuse(file)
        tree = GRAMMAR.parse(file.path.read_bytes())
        assert not tree.root_node.has_error, file.path


def test_files_are_laid_out_as_the_formatter_lays_them_out(projects: list[Path]) -> None:
    """As far as lines tell: no tabs, no blanks at their ends, indented by twos, one blank line at most."""
    for file in everything(projects):
        text = file.path.read_text()
        assert re.search(r"[^\n]\n\Z", text), file.path
        assert not re.search(r"\t|[ ]\n|\n\n\n|[\[{]\n\n|\n\n *[\]}]", text), file.path
        assert not re.search(r"^(?:  )* \S", text, re.MULTILINE), file.path


def test_every_parameter_property_and_output_is_described(projects: list[Path]) -> None:
    for file in everything(projects):
        described: list[tuple[str, str, types.Typed, bool]] = []
        for parameter in file.parameters.values():
            assert parameter.type is not None
            kind = types.Typed(file, parameter.type, parameter.decorators)
            described.append((parameter.name, text_of(parameter.decorators), kind, parameter.default is not None))
        for declared in file.types.values():
            assert text_of(declared.decorators), (file.path, declared.name)
            if isinstance(declared.type, s.TypeObject):
                for item in declared.type.properties:
                    kind = types.Typed(file, item.type, item.decorators)
                    described.append((item.name, text_of(item.decorators), kind, False))
        for name, text, kind, has_default in described:
            expected = "Optional" if has_default or types.nullable(kind) else "Required"
            assert re.fullmatch(rf"{expected}\. [A-Za-z`'<].*[.?)]", text), (file.path, name, text)
        for output in file.outputs.values():
            assert text_of(output.decorators).endswith("."), (file.path, output.name)


def test_main_is_a_table_of_contents_and_every_file_is_used(projects: list[Path]) -> None:
    for project in projects:
        assert not list(resources_of(parse(project / "infra/main.bicep")))
        used: set[Path] = set()
        for file in files(project):
            for module in file.modules.values():
                used.add(types.of_module(file, module).path)
            for item in file.imports:
                used.add(types.imported(file, item).path)
        entries = {path for name in ENTRIES if (path := project.resolve() / "infra" / name).exists()}
        assert {file.path.resolve() for file in files(project)} == {path.resolve() for path in used | entries}


def resources_of(file: s.File) -> Iterator[s.Resource]:
    for declaration in file.resources.values():
        yield from resources(declaration)


def test_the_group_is_made_around_the_same_environment(projects: list[Path]) -> None:
    """with-group.bicep takes all that main.bicep takes, hands it on, and tells all that main.bicep tells."""
    for project in projects:
        main, around = (parse(project / "infra" / name) for name in ("main.bicep", "with-group.bicep"))
        (module,) = around.modules.values()
        assert isinstance(module.value, s.Object)
        given = module.value.get("params")
        assert isinstance(given, s.Object)
        assert [item.key for item in given.properties] == list(around.parameters) == list(main.parameters)
        assert list(around.outputs) == list(main.outputs)


@pytest.mark.parametrize("recovered", [True, False])
def test_a_deleted_key_vault_comes_back_only_when_told_to(recovered: bool, projects: list[Path]) -> None:
    made = evaluated(projects[0], "dev", parameters={"recoverKeyVault": recovered}).world.resources
    (vault,) = (one for one in made if one.kind == "Microsoft.KeyVault/vaults")
    assert vault.body["properties"]["createMode"] == ("recover" if recovered else "default")


def test_nothing_is_named_outside_the_configuration(projects: list[Path]) -> None:
    """A literal name would be the same everywhere: only what lies inside another resource may have one."""
    for file in everything(projects):
        for declaration in file.resources.values():
            for resource in resources(declaration):
                body: Any = resource.value
                while isinstance(body, (s.For, s.If)):
                    body = body.body
                inside = resource is not declaration or body.get("parent") is not None or body.get("scope") is not None
                assert inside or not isinstance(body.get("name"), s.Literal), (file.path, resource.name)


def test_no_api_is_a_preview(projects: list[Path]) -> None:
    found = {resource.type for file in everything(projects) for resource in resources_of(file)}
    assert found
    assert {kind for kind in found if "preview" in kind and kind not in PREVIEWS} == set()


def test_one_type_has_one_api_version(projects: list[Path]) -> None:
    versions: dict[str, set[str]] = {}
    for file in everything(projects):
        for resource in resources_of(file):
            kind, _, version = resource.type.partition("@")
            versions.setdefault(kind, set()).add(version)
    assert {kind: found for kind, found in versions.items() if len(found) > 1} == {}


def test_parameters_are_exactly_the_configuration(projects: list[Path]) -> None:
    for project in projects:
        for environment in ENVIRONMENTS:
            file = parse(project / f"infra/{environment}.bicepparam")
            assert file.using == "main.bicep"
            assert list(file.parameters) == ["config"]
            config = yaml.safe_load((project / f"config/{environment}.yml").read_text())
            assert evaluated(project, environment).given["config"] == config


def test_every_key_of_the_configuration_is_typed_and_no_other(projects: list[Path]) -> None:
    """Types must not promise keys that no configuration of the project may have."""
    for project in projects:
        file = parse(project / "infra/types.bicep")
        declared = file.types["Config"].type
        assert isinstance(declared, s.TypeObject)
        needed = {item.name for item in declared.properties if not types.nullable(types.Typed(file, item.type))}
        for environment in ENVIRONMENTS:
            config = yaml.safe_load((project / f"config/{environment}.yml").read_text())
            assert needed <= config.keys() <= {item.name for item in declared.properties}


def test_the_linter_is_on(projects: list[Path]) -> None:
    for project in projects:
        rules = json.loads((project / "infra/bicepconfig.json").read_text())["analyzers"]["core"]
        assert rules["enabled"] is True
        assert {
            name: rule["level"] for name, rule in rules["rules"].items() if rule["level"] not in ("error", "off")
        } == {}
        for name in (
            "no-unused-params",
            "outputs-should-not-contain-secrets",
            "no-hardcoded-env-urls",
            "use-safe-access",
        ):
            assert rules["rules"][name]["level"] == "error"


def test_document_lists_roles_of_the_table(projects: list[Path]) -> None:
    for project in projects:
        text = (project / "docs/roles.md").read_text()
        listed = [
            tuple(cell.strip() for cell in line.strip("|").split("|"))
            for line in text.splitlines()
            if re.match(r"\| (jobs|endpoint|ci|workspace|events|data_scientists|ml_engineers) \|", line)
        ]
        rows = evaluated(project, "dev").symbol("grants", s.Node(1))
        if not (project / ".github").exists():  # only GitHub needs a token
            rows = [row for row in rows if row["on"] != "github_token"]
        told = [(row["who"], row["role"], row["on"], row["why"]) for row in rows]
        assert [(who, role, on) for who, role, on, _ in listed] == [(who, role, on) for who, role, on, _ in told]
        for (*_, cell), (*_, why), row in zip(listed, told, rows, strict=True):
            assert cell.startswith(why), cell
            limits = [] if set(row["environments"]) == set(ENVIRONMENTS) else [", ".join(row["environments"])]
            assert all(limit in cell.removeprefix(why) for limit in limits), cell


def check(case: Case, filled: Filled) -> None:
    project = filled(case, "bicep")
    for environment in ENVIRONMENTS:
        for stack in case.stacks():
            deployment = evaluated(project, environment, entry=stack.entry, parameters=stack.given)
            assert deployment.world.resources
            assert order.unordered(deployment) == []


@pytest.mark.parametrize("case", REPRESENTATIVE, ids=str)
def test_every_environment_can_be_deployed_in_an_order_that_azure_is_told(case: Case, filled: Filled) -> None:
    check(case, filled)


@pytest.mark.parametrize("case", REPRESENTATIVE, ids=str)
def test_no_environment_gives_a_role_that_another_one_has_given(case: Case, filled: Filled) -> None:
    """On what they share, Azure refuses a second assignment of one name, and of one role to one holder."""
    project = filled(case, "bicep")
    given: list[tuple[str, str]] = []
    for environment in ENVIRONMENTS:
        for one in evaluated(project, environment, entry=next(case.stacks()).entry).world.resources:
            if one.kind == "Microsoft.Authorization/roleAssignments":
                said = one.body["properties"]
                given += [(one.id, ""), (str(one.scope), f"{said['roleDefinitionId']} {said['principalId']}")]
    assert len(given) == len(set(given)), [one for one in given if given.count(one) > 1]


@pytest.mark.exhaustive
def test_every_case_can_be_deployed(filled: Filled) -> None:
    for case in CASES:
        check(case, filled)


def test_a_deployment_is_run_within_a_second(filled: Filled) -> None:
    project = filled(REPRESENTATIVE[0], "bicep")
    evaluated(project, "prod", entry="with-group.bicep")
    start = time.process_time()
    evaluated(project, "prod", entry="with-group.bicep")
    assert time.process_time() - start < 1


def test_the_real_compiler_builds_and_lints_every_variant_without_a_word(projects: list[Path]) -> None:
    bicep, az = shutil.which("bicep"), shutil.which("az")
    if bicep is None and az is None:
        pytest.skip("neither bicep nor az is installed")
    tool = [bicep] if bicep is not None else [str(az), "bicep"]
    given = [] if bicep is not None else ["--file"]
    for project in projects:
        infra = project / "infra"
        entries = [infra / name for name in ENTRIES if (infra / name).exists()]
        commands = [(command, path) for path in entries for command in ("build", "lint")]
        commands += [("build-params", path) for path in sorted(infra.glob("*.bicepparam"))]
        for command, path in commands:
            output = [] if command == "lint" else ["--stdout"]
            done = subprocess.run([*tool, command, *given, str(path), *output], capture_output=True, text=True)
            # A tool may also tell of its own newer release.
            said = re.findall(r".*\(\d+,\d+\) : (?:Error|Warning|Info) .*", done.stderr)
            assert (done.returncode, said) == (0, []), f"{command} {path}: {done.stderr}"
