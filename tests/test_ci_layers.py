"""The pull-request pipelines of both CI systems: the same commands, no rights, nothing that a lock does not pin."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests import harness

FILES = {"github": ".github/workflows/ci.yml", "azure_devops": ".azuredevops/ci.yml"}
systems = pytest.mark.parametrize("ci", FILES)

# Offered by both systems, and not announced to be retired; "latest" would move by itself.
IMAGES = {"ubuntu-24.04"}
TASKS = {"Cache@2", "PublishPipelineArtifact@1", "UsePythonVersion@0"}
PIN = re.compile(r"uses: [\w.-]+/[\w.-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$")


def pipeline(project: Path, ci: str) -> dict[str, Any]:
    # BaseLoader keeps every scalar a string: YAML 1.1 would read the key `on` as true.
    loaded: dict[str, Any] = yaml.load((project / FILES[ci]).read_text(), Loader=yaml.BaseLoader)
    return loaded


def jobs(project: Path, ci: str) -> list[dict[str, Any]]:
    found = pipeline(project, ci)["jobs"]
    return list(found.values()) if ci == "github" else list(found)


def commands(project: Path, ci: str) -> list[str]:
    """What the pipeline runs in a shell, in order."""
    key = "run" if ci == "github" else "script"
    return [step[key] for job in jobs(project, ci) for step in job["steps"] if key in step]


def test_both_systems_run_the_same_commands_in_the_same_order(render: harness.Render) -> None:
    one, other = (commands(render(harness.answers_for(ci=ci)), ci) for ci in FILES)
    assert one == other
    assert len(one) >= 8


@systems
def test_a_step_is_one_command_without_logic(ci: str, render: harness.Render) -> None:
    for command in commands(render(harness.answers_for(ci=ci)), ci):
        assert re.fullmatch(r"[\w./= -]+", command), command


@systems
def test_every_command_and_file_of_a_step_exists_in_the_project(ci: str, render: harness.Render) -> None:
    project = render(harness.answers_for(ci=ci))
    pyproject = tomllib.loads((project / "pyproject.toml").read_text())
    locked = set(re.findall(r"^([\w.-]+)==", (project / "requirements/dev.lock.txt").read_text(), re.MULTILINE))
    for command in commands(project, ci):
        words = command.split()
        for word in words:
            if word.endswith(".txt"):
                assert (project / word).is_file(), command
        match words:
            case ["python", "-m", "pip", "install", "--require-hashes", *_]:
                continue
            case ["uv", "pip" | "venv", *_]:
                continue
            case ["uv", "run", "mlops", subcommand]:
                assert subcommand in _subcommands(project, pyproject["project"]["scripts"]["mlops"]), command
            case ["uv", "run", tool, *_]:
                assert tool in locked, command
            case _:
                pytest.fail(f"unknown command: {command}")


def _subcommands(project: Path, entry_point: str) -> set[str]:
    """Names of the functions that the module of the entry point offers as commands."""
    module = entry_point.split(":")[0].replace(".", "/")
    tree = ast.parse((project / "src" / f"{module}.py").read_text())
    return {
        node.name
        for node in tree.body
        if isinstance(node, ast.FunctionDef)
        and any(ast.unparse(decorator).startswith("app.command") for decorator in node.decorator_list)
    }


@systems
def test_the_stages_that_a_change_has_to_pass_are_all_there(ci: str, render: harness.Render) -> None:
    ran = commands(render(harness.answers_for(ci=ci)), ci)
    positions = [
        ran.index(command)
        for command in (
            "uv pip sync --require-hashes requirements/dev.lock.txt",
            "uv run ruff format --check",
            "uv run ruff check",
            "uv run mypy",
            "uv run pytest",
            "uv run mlops check",
            "uv run mlops demo",
        )
    ]
    assert positions == sorted(positions)


@systems
def test_nothing_is_installed_that_a_hash_does_not_pin(ci: str, render: harness.Render) -> None:
    project = render(harness.answers_for(ci=ci))
    for command in commands(project, ci):
        if " install " in command or " sync " in command:
            # The project itself has no hash; it is built by what the lock installed.
            own = "--no-deps --no-build-isolation --editable ." in command
            assert own or "--require-hashes" in command, command
    for lock in (project / "requirements").glob("*.lock.txt"):
        for requirement in lock.read_text().replace("\\\n", "").splitlines():
            assert re.match(r"\S+==\S+.* --hash=sha256:[0-9a-f]{64}", requirement), f"{lock.name}: {requirement}"


@systems
@pytest.mark.parametrize("network", harness.offered("network"))
def test_code_of_a_pull_request_runs_on_hosted_machines_with_a_known_image_and_a_time_limit(
    ci: str, network: str, render: harness.Render
) -> None:
    """Also when the project is in a private network: there, anybody's code would be inside it."""
    for job in jobs(render(harness.answers_for(ci=ci, network=network)), ci):
        image = job["runs-on"] if ci == "github" else job["pool"]["vmImage"]
        limit = job["timeout-minutes"] if ci == "github" else job["timeoutInMinutes"]
        assert image in IMAGES
        assert 0 < int(limit) <= 30


@systems
def test_the_pipeline_has_no_rights_and_no_secrets(ci: str, render: harness.Render) -> None:
    text = (render(harness.answers_for(ci=ci)) / FILES[ci]).read_text()
    for forbidden in (
        "secrets.",
        "id-token",
        ": write",
        "pull_request_target",
        "azure/login",
        "AzureCLI",
        "azureSubscription",
        "System.AccessToken",
        "group:" if ci == "azure_devops" else "inherit",
        "continueOnError",
        "continue-on-error",
    ):
        assert forbidden not in text, forbidden


def test_github_gives_each_job_no_more_than_reading_the_code(render: harness.Render) -> None:
    workflow = pipeline(render(harness.answers_for(ci="github")), "github")
    assert workflow["permissions"] == {}
    assert workflow["on"].keys() == {"pull_request", "push"}
    assert workflow["concurrency"]["cancel-in-progress"] == "true"
    for job in workflow["jobs"].values():
        assert job["permissions"] == {"contents": "read"}
        (checkout,) = [step for step in job["steps"] if step.get("uses", "").startswith("actions/checkout@")]
        assert checkout["with"]["persist-credentials"] == "false"


def test_azure_pipelines_uses_built_in_tasks_and_keeps_no_credentials(render: harness.Render) -> None:
    for job in jobs(render(harness.answers_for(ci="azure_devops")), "azure_devops"):
        used = {step["task"] for step in job["steps"] if "task" in step}
        assert used <= TASKS
        assert job["steps"][0]["checkout"] == "self"
        assert job["steps"][0]["persistCredentials"] == "false"


@systems
def test_the_cache_is_keyed_by_the_locks(ci: str, render: harness.Render) -> None:
    (job,) = jobs(render(harness.answers_for(ci=ci)), ci)
    inputs = [step.get("with", step.get("inputs", {})) for step in job["steps"]]
    (key,) = [given["key"] for given in inputs if "key" in given]
    assert "requirements/*.lock.txt" in key


@systems
def test_the_report_of_the_run_is_kept(ci: str, render: harness.Render) -> None:
    (job,) = jobs(render(harness.answers_for(ci=ci)), ci)
    last = job["steps"][-1]
    inputs = last.get("with", last.get("inputs", {}))
    assert "outputs/report" in inputs.values()


def test_actions_are_pinned_by_commit_with_their_version_beside_it(render: harness.Render) -> None:
    project = render(harness.answers_for(ci="github"))
    lines = [
        line.strip()
        for path in (project / ".github").rglob("*.yml")
        for line in path.read_text().splitlines()
        if "uses:" in line
    ]
    assert lines
    for line in lines:
        assert PIN.fullmatch(line.removeprefix("- ")), line


@pytest.mark.parametrize("version", harness.offered("python_version"))
def test_the_chosen_python_is_the_one_that_checks(version: str, render: harness.Render) -> None:
    github, azure = (render(harness.answers_for(ci=ci, python_version=version)) for ci in FILES)
    assert (github / ".python-version").read_text() == f"{version}\n"
    assert "python-version-file: .python-version" in (github / FILES["github"]).read_text()
    assert f"versionSpec: '{version}'" in (azure / FILES["azure_devops"]).read_text()


@systems
def test_no_free_text_reaches_a_pipeline(ci: str, render: harness.Render) -> None:
    folder = FILES[ci].split("/")[0]
    hostile = "'\"; rm -rf / ${{ secrets.X }} $(id) {{ 7*7 }} #"
    plain = render(harness.answers_for(ci=ci))
    other = render(harness.answers_for(ci=ci, project_name=hostile, description=hostile, owner=hostile))
    assert harness.digests(plain / folder) == harness.digests(other / folder)


@pytest.mark.parametrize("iac", harness.offered("iac"))
def test_dependabot_waits_and_looks_where_something_is(iac: str, render: harness.Render) -> None:
    project = render(harness.answers_for(ci="github", iac=iac))
    updates = yaml.safe_load((project / ".github/dependabot.yml").read_text())["updates"]
    kinds = [update["package-ecosystem"] for update in updates]
    assert kinds == ["github-actions", *(["terraform"] if iac == "terraform" else [])]
    for update in updates:
        assert update["cooldown"]["default-days"] >= 7
        for folder in update.get("directories", [update.get("directory")]):
            inside = project / folder.lstrip("/")
            patterns = {"terraform": "*.tf", "github-actions": ".github/workflows/*.yml"}
            assert list(inside.glob(patterns[update["package-ecosystem"]])), folder


@pytest.mark.parametrize(
    "command",
    [
        ["actionlint", "-no-color"],
        ["zizmor", "--offline", "--quiet", "--no-progress", "--pedantic", ".github"],
    ],
    ids=lambda command: command[0],
)
def test_linters_find_nothing_in_the_workflows(command: list[str], render: harness.Render, tmp_path: Path) -> None:
    if not shutil.which(command[0]):
        pytest.skip(f"{command[0]} is not installed")
    project = render(harness.answers_for(ci="github"))
    shutil.copytree(project / ".github", tmp_path / ".github")
    harness.git("init", "--quiet", cwd=tmp_path)  # actionlint looks for a repository
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
