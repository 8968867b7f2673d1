"""Files of Azure Pipelines by Microsoft's language service, which editors use, and by the own `mlops ci lint`."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import harness, npm
from tests.support.environments import Environments

LOCKED = harness.ROOT / "tests/fixtures/azure_pipelines"
SCHEMA = "lib/python*/site-packages/check_jsonschema/builtin_schemas/vendor/azure-pipelines.json"
# The service takes an expression for the text that stands there.
OF_TEXT = "String does not match the pattern"
# Fills in templates and parameters, and writes each pipeline that a person can start.
FILL = """
import sys, yaml, pathlib
from {package}.bootstrap import pipeline_files
from {package}.ci import linting
for number, (label, content) in enumerate(pipeline_files.filled(pathlib.Path("."))):
    path = pathlib.Path(sys.argv[1], f"{{pathlib.Path(label).stem}}-{{number}}.yml")
    path.write_text(yaml.safe_dump(linting._flat(content), sort_keys=False))
"""


def answers(**changed: object) -> dict[str, object]:
    return harness.answers_for(ci="azure_devops", **changed)


@pytest.fixture
def environment(environments: Environments, render: harness.Render) -> Path:
    """The environment of a project in Azure DevOps: it holds the schema."""
    return environments.of(render(answers()))


def findings(environment: Path, files: list[Path]) -> Iterator[tuple[Path, str, str]]:
    """Yield file, text of the line and message of each finding."""
    packages = npm.installed(LOCKED, "the language service of Azure Pipelines")
    (schema,) = environment.glob(SCHEMA)
    script = shutil.copy(LOCKED / "language_service.cjs", packages)
    done = subprocess.run(
        [npm.node(), str(script), str(schema), *map(str, files)], capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    for each in json.loads(done.stdout):
        path = Path(each["file"])
        line = path.read_text().splitlines()[each["line"] - 1]
        if not (each["message"].startswith(OF_TEXT) and "${{" in line):
            yield path, line, each["message"]


def test_language_service_finds_nothing(environment: Path, render: harness.Render) -> None:
    """Each content of each file that any variant has."""
    files = {
        (path.relative_to(project), path.read_bytes()): path
        for variant in harness.VARIANTS.values()
        if variant["ci"] == "azure_devops"
        for project in [render(variant)]
        for path in (project / ".azuredevops").rglob("*.yml")
    }
    assert len(files) > 25
    assert not [*findings(environment, [*files.values()])]


@pytest.mark.parametrize("project", ["terraform", "bicep"])
def test_language_service_finds_nothing_in_whole_pipelines(
    project: str, environments: Environments, environment: Path, render: harness.Render, tmp_path: Path
) -> None:
    """Templates filled in, and no expression left: a task's inputs come from another file than its step."""
    rendered = render(answers(iac=project))
    fill = FILL.format(package=harness.answers_for()["package_name"])
    python = str(environments.of(rendered) / "bin/python")
    harness.run(python, "-c", fill, str(tmp_path), cwd=rendered, variables={"PYTHONPATH": str(rendered / "src")})
    files = sorted(tmp_path.glob("*.yml"))
    assert len(files) > 20
    assert not [*findings(environment, files)]


MISTAKES = {
    "unknown key": ("ci.yml", "        displayName: Types", "        displayNam: Types"),
    "unknown task": ("ci.yml", "Cache@2", "Cach@2"),
    "other version of a task": ("ci.yml", "Cache@2", "Cache@7"),
    "unknown input": ("ci.yml", "targetPath:", "targetPth:"),
    "input that is missing": ("ci.yml", "          path: $(UV_CACHE_DIR)\n", ""),
    "value of a list": ("templates/stage.yml", "lockBehavior: sequential", "lockBehavior: never"),
    "value of an input": ("templates/stage.yml", "scriptType: bash", "scriptType: fish"),
    "strategy": ("templates/stage.yml", "runOnce:", "runTwice:"),
    "no boolean": ("watch.yml", "always: true", "always: maybe"),
    "type of a parameter": ("deploy.yml", "type: string", "type: text"),
    "list for a text": ("promote.yml", "displayName: Approve the candidate", "displayName: [Approve]"),
}


def broken(folder: Path, rendered: Path, mistake: str) -> Path:
    """Return a copy of a project's pipelines with a mistake."""
    name, before, after = MISTAKES[mistake]
    shutil.copytree(rendered / ".azuredevops", folder / ".azuredevops")
    path = folder / ".azuredevops" / name
    assert before in path.read_text()
    path.write_text(path.read_text().replace(before, after, 1))
    return path


def test_language_service_finds_mistakes(environment: Path, render: harness.Render, tmp_path: Path) -> None:
    """It knows the values of inputs in whole pipelines only."""
    files = {
        mistake: broken(tmp_path / str(number), render(answers()), mistake) for number, mistake in enumerate(MISTAKES)
    }
    found = {path for path, *_ in findings(environment, [*files.values()])}
    missed = {mistake for mistake, path in files.items() if path not in found}
    assert missed <= {"value of a list", "no boolean"}


def test_own_lint_finds_the_same_mistakes(environment: Path, render: harness.Render, tmp_path: Path) -> None:
    """And more: what a template makes of its parameters."""
    package = harness.answers_for()["package_name"]
    text = f"""
import sys
from {package}.ci import linting
from {package}.errors import StepFailedError
from {package}.paths import Project
from pathlib import Path
for folder in sys.argv[1:]:
    try:
        lines = list(linting.lines(Project(Path(folder))))
    except StepFailedError as error:
        lines = str(error).splitlines()
    print(folder, lines[0], sep="\\t")
"""
    rendered = render(answers())
    folders = [tmp_path / str(number) for number in range(len(MISTAKES))]
    for folder, mistake in zip(folders, MISTAKES, strict=True):
        broken(folder, rendered, mistake)
    command = (str(environment / "bin/python"), "-c", text, str(rendered), *map(str, folders))
    out = harness.run(*command, cwd=rendered, variables={"PYTHONPATH": str(rendered / "src")})
    said = dict(line.split("\t") for line in out.splitlines())
    assert said.pop(str(rendered)) == ".azuredevops: 10 pipelines fit the schema of Azure Pipelines"
    assert not [line for line in said.values() if " fit the schema" in line]
