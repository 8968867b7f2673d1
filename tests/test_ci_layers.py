"""The pipelines of both CI systems: the same commands, no needless rights, only packages that a lock pins."""

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

from tests.support import harness

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
            case ["uv", "run", "mlops", subcommand]:
                assert subcommand in _subcommands(project), command
            case ["uv", "run", tool, *_]:
                assert tool in locked, command
            case _:
                pytest.fail(f"unknown command: {command}")


def _subcommands(project: Path, group: str | None = None) -> dict[str, str]:
    """Return commands of `mlops`, or of one of its groups, by name, with the source of their module."""
    pyproject = tomllib.loads((project / "pyproject.toml").read_text())
    package = project / "src" / pyproject["project"]["scripts"]["mlops"].split(":")[0].replace(".", "/")
    found = {}
    for call in ast.walk(ast.parse((package / "__init__.py").read_text())):
        if isinstance(call, ast.Call) and ast.unparse(call.func) == "app.add_typer":
            names = [ast.literal_eval(keyword.value) for keyword in call.keywords if keyword.arg == "name"]
            if names == ([group] if group else []):
                source = (package / f"{ast.unparse(call.args[0]).removesuffix('.app')}.py").read_text()
                for node in ast.parse(source).body:
                    decorators = getattr(node, "decorator_list", ())
                    if any(ast.unparse(decorator).startswith("app.command") for decorator in decorators):
                        assert isinstance(node, ast.FunctionDef)
                        found[node.name] = source
    return found


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
            "uv run mypy",
            "uv run pytest",
            "uv run mlops check",
            "uv run mlops demo",
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
        assert job["permissions"] == {"contents": "read"}
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


@systems
def test_report_is_kept(ci: str, render: harness.Render) -> None:
    (job,) = jobs(render(harness.answers_for(ci=ci)), ci)
    last = job["steps"][-1]
    inputs = last.get("with", last.get("inputs", {}))
    assert "outputs/report" in inputs.values()


def test_actions_have_commit_and_version(render: harness.Render) -> None:
    project = render(harness.answers_for(ci="github"))
    lines = [
        line.strip()
        for path in (project / ".github").rglob("*.yml")
        for line in path.read_text().splitlines()
        if "uses:" in line and "uses: $/" not in line  # those of this repository are taken from the same commit
    ]
    assert lines
    for line in lines:
        assert PIN.fullmatch(line.removeprefix("- ")), line


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
def test_workflows_pass_linters(command: list[str], render: harness.Render, tmp_path: Path) -> None:
    if not shutil.which(command[0]):
        pytest.skip(f"{command[0]} is not installed")
    project = render(harness.answers_for(ci="github"))
    shutil.copytree(project / ".github", tmp_path / ".github")
    harness.git("init", "--quiet", cwd=tmp_path)  # actionlint looks for a repository
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


# ---------------------------------------------------------------- the pipelines that build infrastructure

ENVIRONMENTS = ["dev", "staging", "prod"]
HOMES = {"github": ".github", "azure_devops": ".azuredevops"}
iacs = pytest.mark.parametrize("iac", harness.offered("iac"))
networks = pytest.mark.parametrize("network", harness.offered("network"))


def read(path: Path) -> Any:
    return yaml.load(path.read_text(), Loader=yaml.BaseLoader)


def filled(value: Any, parameters: dict[str, Any]) -> Any:
    """Return a template of Azure Pipelines or a called workflow with its parameters filled in."""
    if isinstance(value, dict):
        return {key: filled(inner, parameters) for key, inner in value.items()}
    if isinstance(value, list):
        return [filled(inner, parameters) for inner in value]
    whole = re.fullmatch(r"\$\{\{ (?:parameters|inputs)\.(\w+) \}\}", value)
    if whole:
        return parameters[whole[1]]
    return re.sub(r"\$\{\{ (?:parameters|inputs)\.(\w+) \}\}", lambda found: str(parameters[found[1]]), value)


def building(project: Path, ci: str) -> dict[str, dict[str, Any]]:
    """Return the job that builds each environment, in order, with the steps of local templates filled in."""
    found: dict[str, dict[str, Any]] = {}
    if ci == "github":
        workflow = read(project / ".github/workflows/infrastructure.yml")
        for name, caller in workflow["jobs"].items():
            called = read(project / caller["uses"].removeprefix("$/"))
            (job,) = filled(called["jobs"], caller["with"]).values()
            steps = []
            for step in job["steps"]:
                if step.get("uses", "").startswith("$/"):
                    steps += read(project / step["uses"].removeprefix("$/") / "action.yml")["runs"]["steps"]
                else:
                    steps.append(step)
            found[name] = {**job, "steps": steps, "caller": caller}
        return found
    folder = project / ".azuredevops"
    for included in read(folder / "infrastructure.yml")["stages"]:
        template = read(folder / included["template"])
        defaults = {each["name"]: each["default"] for each in template["parameters"] if "default" in each}
        (stage,) = filled(template["stages"], {**defaults, **included["parameters"]})
        (job,) = stage["jobs"]
        steps = []
        for step in job["strategy"]["runOnce"]["deploy"]["steps"]:
            steps += read(folder / "templates" / step["template"])["steps"] if "template" in step else [step]
        found[stage["stage"]] = {**job, "steps": steps, "stage": stage}
    return found


def building_commands(job: dict[str, Any], ci: str, environment: str) -> list[str]:
    """Return the job's shell commands, except the download of Terraform, for which GitHub has an action."""
    if ci == "github":
        return [step["run"].replace('"$ENVIRONMENT"', environment) for step in job["steps"] if "run" in step]
    scripts = [step.get("script") or step.get("inputs", {}).get("inlineScript") for step in job["steps"]]
    return [script for script in scripts if script and "erraform" not in script and "task.prependpath" not in script]


@iacs
def test_both_systems_build_by_the_same_commands(iac: str, render: harness.Render) -> None:
    for environment in ENVIRONMENTS:
        one, other = (
            building_commands(building(render(harness.answers_for(ci=ci, iac=iac)), ci)[environment], ci, environment)
            for ci in FILES
        )
        assert one == other
        assert one[-2:] == [
            f"uv run mlops infra plan --env {environment}",
            f"uv run mlops infra apply --env {environment} --yes",
        ]
        compiler = ['az bicep install --version "v$(cat infra/.bicep-version)"'] if iac == "bicep" else []
        assert one[:-2] == [
            *compiler,
            "python -m pip install --require-hashes --requirement requirements/ci.lock.txt",
            "uv venv",
            "uv export --frozen --quiet --no-emit-project --output-file .venv/locked.txt",
            "uv pip sync --require-hashes .venv/locked.txt",
            "uv pip install --no-deps --no-build-isolation --editable .",
        ]


@systems
def test_building_commands_exist(ci: str, render: harness.Render) -> None:
    project = render(harness.answers_for(ci=ci))
    sources = _subcommands(project, "infra")
    for environment, job in building(project, ci).items():
        built = [command.split() for command in building_commands(job, ci, environment) if "mlops infra" in command]
        assert [words[4:7:2] for words in built] == [[name, environment] for name in ("plan", "apply")]
        for words in built:
            for option in (word for word in words if word.startswith("--")):
                assert f'"{option}"' in sources[words[4]], words


@systems
def test_environments_are_built_in_order(ci: str, render: harness.Render) -> None:
    project = render(harness.answers_for(ci=ci))
    built = building(project, ci)
    assert list(built) == ENVIRONMENTS
    for environment, job in built.items():
        if ci == "github":
            before = ENVIRONMENTS[: ENVIRONMENTS.index(environment)]
            assert job["caller"].get("needs") == (before[-1] if before else None)
            assert job["caller"]["with"] == {"environment": environment}
            assert job["environment"] == f"{environment}-infra"
            assert job["concurrency"] == {"group": f"infrastructure-{environment}", "cancel-in-progress": "false"}
        else:  # stages of Azure Pipelines wait for the one before
            assert job["environment"].endswith(f"-{environment}-infra")
            assert "dependsOn" not in job["stage"]
            assert job["stage"]["lockBehavior"] == "sequential"
    assert len({job["environment"] for job in built.values()}) == 3


@systems
def test_only_the_main_branch_is_built(ci: str, render: harness.Render) -> None:
    project = render(harness.answers_for(ci=ci))
    paths = ["config/common.yml", "config/dev.yml", "config/staging.yml", "config/prod.yml"]
    if ci == "github":
        workflow = read(project / ".github/workflows/infrastructure.yml")
        assert workflow["on"] == {
            "push": {"branches": ["main"], "paths": ["infra/**", *paths]},
            "workflow_dispatch": "",
        }
        assert "github.ref == 'refs/heads/main'" in workflow["jobs"]["dev"]["if"]
    else:
        content = read(project / ".azuredevops/infrastructure.yml")
        assert content["trigger"]["branches"] == {"include": ["main"]}
        assert content["trigger"]["paths"] == {"include": ["infra", *paths]}
        assert content["pr"] == "none"
    for path in ("infra", *paths):
        assert (project / path).exists()


def test_github_builds_once_azure_trusts_it(render: harness.Render) -> None:
    workflow = read(render(harness.answers_for(ci="github")) / ".github/workflows/infrastructure.yml")
    assert workflow["jobs"]["dev"]["if"].startswith("vars.AZURE_TENANT_ID != ''")


@systems
def test_ci_signs_in_without_a_secret(ci: str, render: harness.Render) -> None:
    project = render(harness.answers_for(ci=ci))
    built = building(project, ci)
    for path in (project / HOMES[ci]).rglob("*.yml"):
        text = path.read_text()
        if path.name == "template-update.yml":  # pushes workflows, which GitHub's token of a job may not
            text = text.replace("${{ secrets.TEMPLATE_TOKEN }}", "", 1)
        for forbidden in ("secrets.", "secrets:", "addSpnToEnvironment", "continueOnError", "continue-on-error"):
            assert forbidden not in text, path
    for environment, job in built.items():
        checkout = job["steps"][0]
        if ci == "github":
            assert job["permissions"] == job["caller"]["permissions"] == {"contents": "read", "id-token": "write"}
            assert checkout["with"] == {"persist-credentials": "false"}
            (login,) = [step for step in job["steps"] if step.get("uses", "").startswith("azure/login@")]
            assert login["with"].keys() == {"client-id", "tenant-id", "subscription-id"}
            values = [
                job["env"][value.removeprefix("${{ env.").removesuffix(" }}")] for value in login["with"].values()
            ]
            assert values == [f"${{{{ vars.AZURE_{name}_ID }}}}" for name in ("CLIENT", "TENANT", "SUBSCRIPTION")]
        else:
            assert checkout["checkout"] == "self"
            assert checkout["persistCredentials"] == "false"
            azure = [step for step in job["steps"] if step.get("task", "").startswith("AzureCLI@2")]
            assert len(azure) == 2
            assert all(step["inputs"]["azureSubscription"].endswith(f"-{environment}-infra") for step in azure)


@systems
@networks
def test_closed_network_is_built_from_inside(ci: str, network: str, render: harness.Render) -> None:
    for job in building(render(harness.answers_for(ci=ci, network=network)), ci).values():
        place = job["runs-on"] if ci == "github" else job["pool"]
        if network == "public":
            assert place in (*IMAGES, *({"vmImage": image} for image in IMAGES))
        else:
            assert "self-hosted" in place if ci == "github" else place.keys() == {"name"}
        assert 0 < int(job["timeout-minutes" if ci == "github" else "timeoutInMinutes"]) <= 180


@systems
@iacs
@networks
def test_terraform_is_set_up_where_it_builds(ci: str, iac: str, network: str, render: harness.Render) -> None:
    project = render(harness.answers_for(ci=ci, iac=iac, network=network))
    texts = {path: path.read_text() for path in (project / HOMES[ci]).rglob("*") if path.is_file()}
    mentioned = [path.name for path, text in texts.items() if "erraform" in text and path.name != "dependabot.yml"]
    if iac != "terraform":
        assert mentioned == []
        return
    (setup,) = [text for path, text in texts.items() if path.name in ("action.yml", "set-up.yml")]
    versions = re.findall(r"(?:terraform_version: |/terraform_)(\d+\.\d+\.\d+)", setup)
    if ci == "azure_devops" and network != "public":
        assert not versions  # the owner of agents inside a network decides what they may download
        assert not list(project.rglob("terraform.sha256"))
        return
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


@iacs
def test_only_terraform_gets_the_token_of_the_job(iac: str, render: harness.Render) -> None:
    project = render(harness.answers_for(ci="azure_devops", iac=iac))
    for job in building(project, "azure_devops").values():
        given = {name for step in job["steps"] for name in step.get("env", {})}
        assert given == ({"SYSTEM_ACCESSTOKEN"} if iac == "terraform" else set())


@systems
def test_jobs_with_rights_use_no_cache(ci: str, render: harness.Render) -> None:
    for job in building(render(harness.answers_for(ci=ci)), ci).values():
        assert not [step for step in job["steps"] if "cache" in str(step.get("uses") or step.get("task")).lower()]
