"""The pipelines of both CI systems: the same commands, no needless rights, only packages that a lock pins."""

from __future__ import annotations

import re
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support import harness

FILES = {"github": ".github/workflows/ci.yml", "azure_devops": ".azuredevops/ci.yml"}
systems = pytest.mark.parametrize("ci", FILES)

# Offered by both systems, and not announced to be retired; "latest" would move by itself.
IMAGES = {"ubuntu-24.04"}
TASKS = {"Cache@2", "PublishPipelineArtifact@1", "PublishTestResults@2", "UsePythonVersion@0"}
# Of each action's own tags, November 2026; of azure/login the newest that its tags have.
PINS = {
    "actions/cache": ("v6.1.0", "55cc8345863c7cc4c66a329aec7e433d2d1c52a9"),
    "actions/checkout": ("v7.0.1", "3d3c42e5aac5ba805825da76410c181273ba90b1"),
    "actions/download-artifact": ("v8.0.1", "3e5f45b2cfb9172054b4087a40e8e0b5a5461e7c"),
    "actions/setup-python": ("v7.0.0", "5fda3b95a4ea91299a34e894583c3862153e4b97"),
    "actions/upload-artifact": ("v7.0.1", "043fb46d1a93c77aae656e7c1c64a875d1fc6a0a"),
    "azure/login": ("v3.0.1", "f5d393ae46f8fde4be8b75f32e3fc50e654ad0ca"),
    "hashicorp/setup-terraform": ("v4.0.1", "dfe3c3f87815947d99a8997f908cb6525fc44e9e"),
}
PIN = re.compile(r"uses: ([\w.-]+/[\w.-]+)@([0-9a-f]{40}) # (v\d+\.\d+\.\d+)( .*)?")


def pipeline(project: Path, ci: str) -> dict[str, Any]:
    # BaseLoader keeps every scalar a string: YAML 1.1 would read the key `on` as true.
    loaded: dict[str, Any] = yaml.load((project / FILES[ci]).read_text(), Loader=yaml.BaseLoader)
    return loaded


def jobs(project: Path, ci: str) -> list[dict[str, Any]]:
    found = pipeline(project, ci)["jobs"]
    return list(found.values()) if ci == "github" else list(found)


def commands(project: Path, ci: str) -> list[str]:
    """Return the commands that the pipeline runs in a shell, in order."""
    key = "run" if ci == "github" else "script"
    return [step[key] for job in jobs(project, ci) for step in job["steps"] if key in step]


def test_both_systems_check_by_the_same_commands(render: harness.Render) -> None:
    one, other = (commands(render(harness.answers_for(ci=ci)), ci) for ci in FILES)
    assert one == other
    assert len(one) >= 8


@systems
def test_step_is_one_command_without_logic(ci: str, render: harness.Render) -> None:
    for command in commands(render(harness.answers_for(ci=ci)), ci):
        assert re.fullmatch(r"[\w./= -]+", command), command


@systems
def test_commands_and_files_of_steps_exist(ci: str, render: harness.Render) -> None:
    project = render(harness.answers_for(ci=ci))
    locked = {package["name"] for package in tomllib.loads((project / "uv.lock").read_text())["package"]}
    for command in commands(project, ci):
        words = command.split()
        for word in words:
            if word.endswith(".txt") and not word.startswith(".venv/"):
                assert (project / word).is_file(), command
        match words:
            case ["python", "-m", "pip", "install", "--require-hashes", *_]:
                continue
            case ["uv", "pip" | "venv" | "export" | "lock", *_]:
                continue
            case ["uv", "run", "mlops", *_]:  # tests/test_pipelines.py parses it
                continue
            case ["uv", "run", tool, *_]:
                assert tool in locked, command
            case _:
                pytest.fail(f"unknown command: {command}")


@systems
def test_every_check_runs_in_order(ci: str, render: harness.Render) -> None:
    ran = commands(render(harness.answers_for(ci=ci)), ci)
    positions = [
        ran.index(command)
        for command in (
            "uv pip sync --require-hashes .venv/locked.txt",
            "uv lock --check",
            "uv run ruff format --check",
            "uv run ruff check",
            "uv run mlops ci lint",
            "uv run mypy",
            "uv run pytest --junit-xml outputs/checks/tests.xml",
            "uv run mlops check",
            "uv run mlops infra lint",
            "uv run mlops infra scan",
            "uv run mlops demo",
            "uv run mlops azure last-watch",
        )
    ]
    assert positions == sorted(positions)


@systems
def test_every_installed_package_has_a_hash(ci: str, render: harness.Render) -> None:
    project = render(harness.answers_for(ci=ci))
    for command in commands(project, ci):
        if " install " in command or " sync " in command:
            # The project itself has no hash; installed packages of the lock build it.
            own = "--no-deps --no-build-isolation --editable ." in command
            assert own or "--require-hashes" in command, command
    for lock in (project / "requirements").glob("*.lock.txt"):
        for requirement in lock.read_text().replace("\\\n", "").splitlines():
            assert re.match(r"\S+==\S+.* --hash=sha256:[0-9a-f]{64}", requirement), f"{lock.name}: {requirement}"


@systems
@pytest.mark.parametrize("network", harness.offered("network"))
def test_pull_requests_run_on_hosted_machines(ci: str, network: str, render: harness.Render) -> None:
    """This includes projects in a private network, which must not run unreviewed code."""
    for job in jobs(render(harness.answers_for(ci=ci, network=network)), ci):
        image = job["runs-on"] if ci == "github" else job["pool"]["vmImage"]
        limit = job["timeout-minutes"] if ci == "github" else job["timeoutInMinutes"]
        assert image in IMAGES
        assert 0 < int(limit) <= 30


@systems
def test_checks_have_no_rights_and_no_secrets(ci: str, render: harness.Render) -> None:
    text = (render(harness.answers_for(ci=ci)) / FILES[ci]).read_text()
    # The token of the job itself reads the runs of this CI system, in one step.
    text = text.replace("SYSTEM_ACCESSTOKEN: $(System.AccessToken)", "", 1)
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


def test_github_jobs_may_only_read_the_code(render: harness.Render) -> None:
    workflow = pipeline(render(harness.answers_for(ci="github")), "github")
    assert workflow["permissions"] == {}
    assert workflow["on"].keys() == {"pull_request", "push"}
    assert workflow["concurrency"]["cancel-in-progress"] == "true"
    for job in workflow["jobs"].values():
        assert job["permissions"] == {"contents": "read", "actions": "read"}
        (checkout,) = [step for step in job["steps"] if step.get("uses", "").startswith("actions/checkout@")]
        assert checkout["with"]["persist-credentials"] == "false"


def test_azure_pipelines_use_built_in_tasks(render: harness.Render) -> None:
    for job in jobs(render(harness.answers_for(ci="azure_devops")), "azure_devops"):
        used = {step["task"] for step in job["steps"] if "task" in step}
        assert used <= TASKS
        assert job["steps"][0]["checkout"] == "self"
        assert job["steps"][0]["persistCredentials"] == "false"


@systems
def test_cache_key_is_the_lock(ci: str, render: harness.Render) -> None:
    (job,) = jobs(render(harness.answers_for(ci=ci)), ci)
    inputs = [step.get("with", step.get("inputs", {})) for step in job["steps"]]
    (key,) = [given["key"] for given in inputs if "key" in given]
    assert "uv.lock" in key
    assert "requirements/checkov.lock.txt" in key


@systems
def test_report_is_kept(ci: str, render: harness.Render) -> None:
    (job,) = jobs(render(harness.answers_for(ci=ci)), ci)
    last = job["steps"][-1]
    inputs = last.get("with", last.get("inputs", {}))
    assert "outputs/report" in inputs.values()


@systems
def test_results_are_kept_whatever_they_are(ci: str, render: harness.Render) -> None:
    """Those of tests and of checkov, which lie in one folder."""
    project = render(harness.answers_for(ci=ci))
    (job,) = jobs(project, ci)
    (step,) = [step for step in job["steps"] if "outputs/checks" in str(step.get("with", step.get("inputs", {})))]
    assert step.get("if", step.get("condition")) in ("${{ !cancelled() }}", "succeededOrFailed()")
    written = [each for each in job["steps"] if "outputs/checks" in step_command(each, ci)]
    assert len(written) == 1  # of pytest; `mlops infra scan` has its own constant
    (package,) = (path.parent for path in (project / "src").glob("*/__init__.py"))
    assert 'REPORT = "outputs/checks/checkov.xml"' in (package / "infra/scanning.py").read_text()


def step_command(step: dict[str, Any], ci: str) -> str:
    return str(step.get("run" if ci == "github" else "script", ""))


def test_actions_have_commit_and_version(render: harness.Render) -> None:
    project = render(harness.answers_for(ci="github"))
    lines = [
        line.strip()
        for path in (project / ".github").rglob("*.yml")
        for line in path.read_text().splitlines()
        if "uses:" in line and "uses: $/" not in line  # those of this repository are taken from the same commit
    ]
    found = [PIN.fullmatch(line.removeprefix("- ")) for line in lines]
    assert {match[1]: (match[3], match[2]) for match in found if match} == PINS
    assert all(found), lines


def test_place_of_own_actions_is_explained(render: harness.Render) -> None:
    """`uses: $/...` is new: whoever meets an older runner finds the reason where it is used."""
    project = render(harness.answers_for(ci="github"))
    assert "uses: $/" in (project / ".github/workflows/watch.yml").read_text()
    for path in [*(project / ".github/actions").rglob("action.yml"), project / "docs/ci.md"]:
        assert "GitHub Enterprise Server" in path.read_text(), path


@pytest.mark.parametrize("version", harness.offered("python_version"))
def test_checks_run_on_the_chosen_python(version: str, render: harness.Render) -> None:
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
def test_dependabot_waits_and_finds_all_folders(iac: str, render: harness.Render) -> None:
    project = render(harness.answers_for(ci="github", iac=iac))
    updates = yaml.safe_load((project / ".github/dependabot.yml").read_text())["updates"]
    kinds = [update["package-ecosystem"] for update in updates]
    assert kinds == ["github-actions", *(["terraform"] if iac == "terraform" else [])]
    for update in updates:
        assert update["cooldown"]["default-days"] >= 7
        folders = [folder.lstrip("/") for folder in update["directories"]]
        looked = {path for folder in folders for path in (project.glob(folder) if folder else [project])}
        if update["package-ecosystem"] == "terraform":
            assert looked == {path.parent for path in project.rglob("versions.tf")}
        else:
            assert looked == {project, *(path.parent for path in project.rglob("action.yml"))}


@pytest.mark.parametrize(
    "command",
    [
        ["actionlint", "-no-color"],
        ["zizmor", "--offline", "--quiet", "--no-progress", "--pedantic", ".github"],
    ],
    ids=lambda command: command[0],
)
@pytest.mark.parametrize("iac", harness.offered("iac"))
def test_workflows_pass_linters(command: list[str], iac: str, render: harness.Render, tmp_path: Path) -> None:
    if not shutil.which(command[0]):
        pytest.skip(f"{command[0]} is not installed")
    # Of each language another scenario and network, so that every part of a workflow is seen.
    scenario, network = {"terraform": ("classical", "public"), "bicep": ("nlp", "isolated"), "arm": ("cv", "managed")}[
        iac
    ]
    project = render(harness.answers_for(scenario, ci="github", iac=iac, network=network))
    shutil.copytree(project / ".github", tmp_path / ".github")
    harness.git("init", "--quiet", cwd=tmp_path)  # actionlint looks for a repository
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


# ---------------------------------------------------------------- tools of infra/

HOMES = {"github": ".github", "azure_devops": ".azuredevops"}
iacs = pytest.mark.parametrize("iac", harness.offered("iac"))
networks = pytest.mark.parametrize("network", harness.offered("network"))


@systems
@iacs
@networks
def test_terraform_is_set_up_where_it_builds(ci: str, iac: str, network: str, render: harness.Render) -> None:
    project = render(harness.answers_for(ci=ci, iac=iac, network=network))
    texts = {path: path.read_text() for path in (project / HOMES[ci]).rglob("*") if path.is_file()}
    if iac != "terraform":
        assert not [path for path, text in texts.items() if "erraform" in text and path.name != "dependabot.yml"]
        return
    (setup,) = [
        text
        for path, text in texts.items()
        if path.name == "infra-tools.yml" or path.as_posix().endswith("set-up/action.yml")
    ]
    versions = re.findall(r"(?:terraform_version: |/terraform_)(\d+\.\d+\.\d+)", setup)
    own = (project / ".azuredevops/templates/set-up.yml") if ci == "azure_devops" else None
    if own:  # the owner of agents inside a network decides what they may download
        assert ("infra-tools.yml" in own.read_text()) == (network == "public")
    (version,) = set(versions)
    wanted = re.search(r'required_version = ">= (\d+)\.(\d+)', (project / "infra/versions.tf").read_text())
    assert wanted
    major, minor, _ = map(int, version.split("."))
    assert (major, minor) >= (int(wanted[1]), int(wanted[2]))
    if ci == "azure_devops":
        digest = (project / ".azuredevops/templates/terraform.sha256").read_text()
        assert re.fullmatch(r"[0-9a-f]{64}  terraform\.zip\n", digest)
        positions = [setup.index(word) for word in ("curl --fail", "sha256sum --check", "unzip ", "task.prependpath")]
        assert positions == sorted(positions)
