"""The pipelines of both CI systems do the same, under the same approvals, as the same identities."""

from __future__ import annotations

import copy
import json
import re
import shlex
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support import harness
from tests.support import pipelines as reading
from tests.support.environments import Environments
from tests.support.pipeline_rules import ENVIRONMENTS, faults

SYSTEMS = ("github", "azure_devops")
systems = pytest.mark.parametrize("ci", SYSTEMS)
EVERYTHING = harness.offered("serving")
# Each way in which pipelines differ: the language of infra/, the machines, the kinds of endpoints, who retrains.
PROJECTS: dict[str, tuple[str, dict[str, Any]]] = {
    "plain": ("classical", {"iac": "terraform"}),
    "closed": ("classical", {"iac": "terraform", "network": "isolated", "serving": EVERYTHING}),
    "bicep": ("nlp", {"iac": "bicep", "network": "managed"}),
    "arm": ("cv", {"iac": "arm", "serving": ["batch"]}),
}
projects = pytest.mark.parametrize("project", PROJECTS)


def answers(project: str, ci: str) -> dict[str, Any]:
    scenario, changed = PROJECTS[project]
    return harness.answers_for(scenario, ci=ci, **changed)


def slug(project: str) -> str:
    return str(answers(project, "github")["project_slug"])


READ: dict[tuple[str, str], reading.Files] = {}


def files(render: harness.Render, project: str, ci: str) -> reading.Files:
    """Return the parsed files, which no test changes."""
    if (project, ci) not in READ:
        READ[project, ci] = reading.read(render(answers(project, ci)), ci)
    return READ[project, ci]


@projects
@pytest.mark.parametrize("env", ["dev", "registry"])
def test_both_systems_do_the_same(env: str, project: str, render: harness.Render) -> None:
    """`reading.DIFFERENCES` lists the rest, each with its reason."""
    one, other = (reading.pipelines(files(render, project, ci), ci, slug(project), env) for ci in SYSTEMS)
    for name in reading.NAMES:
        assert one[name] == other[name]


@projects
@systems
def test_every_rule_is_kept(ci: str, project: str, render: harness.Render) -> None:
    own, other = (files(render, project, each) for each in (ci, *(each for each in SYSTEMS if each != ci)))
    assert faults(own, other, ci, slug(project)) == []


@projects
def test_story_has_its_stages(project: str, render: harness.Render) -> None:
    found = reading.pipelines(files(render, project, "github"), "github", slug(project))
    kinds = answers(project, "github")["serving"]
    chain = {stage.name: (stage.after, stage.asks, stage.identity) for stage in found["promote"].stages}
    assert chain == {
        "approve": ((), ("promote",), None),
        "copy": (("approve",), (), "dev"),
        "stage": (("copy",), (), "staging"),
        "staging": (("stage",), (), "staging"),
        "prod": (("stage", "staging"), ("prod",), "prod"),
    }
    ran = {stage.name: [line for line in stage.commands if "mlops azure" in line] for stage in found["promote"].stages}
    deployed = [f'uv run mlops azure deploy "$MODEL" --env {{}} --kind {kind}' for kind in kinds]
    assert ran["prod"] == [*(line.format("prod") for line in deployed), "uv run mlops azure monitors --env prod"]
    tests = [f"uv run mlops azure test-endpoint --env staging --kind {kind}" for kind in kinds]
    before = [*(line.format("staging") for line in deployed), "uv run mlops azure monitors --env staging"]
    assert ran["staging"] == [*before, *tests]
    (train,) = found["train"].stages
    assert (train.identity, train.asks) == ("dev", ())
    automatic = harness.MANIFESTS[PROJECTS[project][0]]["retraining"] == "automatic"
    assert bool(found["train"].schedules) == automatic
    (retrain,) = found["retrain"].stages
    assert (retrain.identity, retrain.asks) == ("inputs.env", ())
    assert [stage.identity for stage in found["watch"].stages] == list(ENVIRONMENTS)
    assert not any(stage.asks for stage in found["watch"].stages)


def test_second_half_begins_with_the_verdict(render: harness.Render) -> None:
    found = reading.pipelines(files(render, "plain", "github"), "github", slug("plain"), "registry")["promote"]
    assert [stage.name for stage in found.stages] == ["stage", "staging", "prod"]
    assert dict(found.stages[0].variables) == {"MODEL": "inputs.model"}
    assert [dict(stage.variables)["MODEL"] for stage in found.stages[1:]] == ["stage.stage.model"] * 2


@systems
@projects
def test_machines_are_inside_where_they_must(project: str, ci: str, render: harness.Render) -> None:
    """What reads only what can be reached from everywhere, or has no rights, stays on hosted machines."""
    found = reading.pipelines(files(render, project, ci), ci, slug(project))
    closed = answers(project, ci).get("network", "public") != "public"
    for pipeline in found.values():
        for stage in pipeline.stages:
            acts = stage.identity is not None and not stage.identity.endswith("-plan")
            assert stage.hosted == (not (acts and closed)), (pipeline.name, stage.name)


@systems
@projects
def test_paths_of_triggers_exist(project: str, ci: str, render: harness.Render) -> None:
    folder = render(answers(project, ci))
    for pipeline in reading.pipelines(files(render, project, ci), ci, slug(project)).values():
        for path in {*(pipeline.push or ()), *(pipeline.pull_request or ())}:
            assert (folder / path).exists(), (pipeline.name, path)


def lines(render: harness.Render, project: str, ci: str) -> Iterator[str]:
    """Yield every `mlops` command line, with values in the place of variables."""
    kinds = answers(project, ci)["serving"]
    values = {"MODEL": ["flights:3"], "ENVIRONMENT": list(ENVIRONMENTS), "KIND": kinds, "KEY": ["a-1"], "REASON": ["x"]}
    for env in ("dev", "registry"):
        for pipeline in reading.pipelines(files(render, project, ci), ci, slug(project), env).values():
            for stage in pipeline.stages:
                for command in stage.commands:
                    if not command.startswith("uv run mlops "):
                        continue
                    used = re.findall(r'"\$(\w+)"', command)
                    for number in range(max([1, *(len(values[name]) for name in used)])):
                        line = command
                        for name in used:
                            line = line.replace(f'"${name}"', values[name][number % len(values[name])])
                        yield line


def parsed(environment: Path, project: Path, package: str, words: str) -> subprocess.CompletedProcess[str]:
    """Let the real CLI of a shared render parse lines of words."""
    return subprocess.run(
        [environment / "bin/python", harness.ROOT / "tests/support/parse_commands.py", package],
        input=words,
        text=True,
        capture_output=True,
        cwd=project / "src",
    )


@systems
@projects
def test_every_command_line_parses(project: str, ci: str, environments: Environments, render: harness.Render) -> None:
    folder = render(answers(project, ci))
    package = answers(project, ci).get("package_name") or slug(project).replace("-", "_")
    words = sorted({json.dumps(shlex.split(line)[3:]) for line in lines(render, project, ci)})
    assert len(words) > 10
    done = parsed(environments.of(folder), folder, package, "\n".join(words))
    assert done.returncode == 0, done.stdout + done.stderr


# ---------------------------------------------------------------- seeded mistakes


def at(content: Any, path: str) -> Any:
    for word in path.split("/"):
        content = content[int(word)] if isinstance(content, list) else content[word]
    return content


def put(file: str, path: str, value: Any) -> Callable[[reading.Files], None]:
    def change(found: reading.Files) -> None:
        folder, _, last = path.rpartition("/")
        holder = at(found[file], folder) if folder else found[file]
        key: Any = int(last) if isinstance(holder, list) else last
        assert not isinstance(holder, dict) or holder.get(key) != value
        holder[key] = value

    return change


def drop(file: str, path: str) -> Callable[[reading.Files], None]:
    def change(found: reading.Files) -> None:
        folder, _, last = path.rpartition("/")
        holder = at(found[file], folder) if folder else found[file]
        del holder[int(last) if isinstance(holder, list) else last]

    return change


def replace(file: str, before: str, after: str) -> Callable[[reading.Files], None]:
    """Change every text that holds another one."""

    def changed(value: Any) -> Any:
        if isinstance(value, dict):
            return {key.replace(before, after): changed(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [changed(inner) for inner in value]
        return value.replace(before, after) if isinstance(value, str) else value

    def change(found: reading.Files) -> None:
        content = changed(found[file])
        assert content != found[file], before
        found[file] = content

    return change


def add(file: str, path: str, value: Any) -> Callable[[reading.Files], None]:
    return lambda found: at(found[file], path).append(value)


W = "workflows/"
STEPS = "jobs/prod/steps"
GITHUB = {
    "approval dropped": drop(f"{W}promote.yml", "jobs/approve/environment"),
    "approval of another environment": put(f"{W}promote.yml", "jobs/approve/environment", "dev"),
    "approval not waited for": drop(f"{W}promote.yml", "jobs/copy/needs"),
    "production without approval": put(f"{W}promote.yml", "jobs/prod/environment", "staging"),
    "production before staging": put(f"{W}promote.yml", "jobs/prod/needs", "stage"),
    "production after failed tests": put(f"{W}promote.yml", "jobs/prod/if", "${{ !cancelled() }}"),
    "staging without verdict": put(f"{W}promote.yml", "jobs/staging/if", "${{ !cancelled() }}"),
    "model of the candidate in production": put(f"{W}promote.yml", "jobs/prod/env/MODEL", "${{ inputs.model }}"),
    "output of no step": put(f"{W}promote.yml", "jobs/stage/outputs/model", "${{ steps.judge.outputs.model }}"),
    "production in the wrong environment": replace(f"{W}promote.yml", "--env prod", "--env staging"),
    "tests left out": replace(f"{W}promote.yml", "test-endpoint", "status"),
    "override in a pipeline": replace(f"{W}promote.yml", "--env prod --kind", "--override yes --env prod --kind"),
    "run that watch cannot find": drop(f"{W}promote.yml", "run-name"),
    "input missing": drop(f"{W}promote.yml", "on/workflow_dispatch/inputs/reason"),
    "input that takes any text": put(f"{W}rollback.yml", "on/workflow_dispatch/inputs/env/options", []),
    "deployments overlap": drop(f"{W}deploy.yml", "jobs/rollout/concurrency"),
    "deployment cancelled in the middle": put(f"{W}deploy.yml", "jobs/rollout/concurrency/cancel-in-progress", "true"),
    "waiting deployment lost": drop(f"{W}deploy.yml", "jobs/rollout/concurrency/queue"),
    "lock of another environment": put(f"{W}promote.yml", "jobs/prod/concurrency/group", "staging"),
    "rollback behind the deployment": put(f"{W}rollback.yml", "jobs/rollback/concurrency/group", "${{ inputs.env }}"),
    "rollback that builds": replace(f"{W}rollback.yml", "azure rollback", "azure deploy"),
    "secret added": put(f"{W}deploy.yml", "jobs/rollout/env/PASSWORD", "${{ secrets.PASSWORD }}"),
    "rights missing": drop(f"{W}train.yml", "jobs/train/permissions/id-token"),
    "rights too many": put(f"{W}train.yml", "jobs/train/permissions/contents", "write"),
    "rights for all jobs": put(f"{W}deploy.yml", "permissions", "write-all"),
    "watch cannot start runs": drop(f"{W}watch.yml", "jobs/prod/permissions/actions"),
    "watch asks a person": put(f"{W}watch.yml", "jobs/prod/environment", "prod"),
    "watch too seldom": put(f"{W}watch.yml", "on/schedule/0/cron", "17 3 * * *"),
    "watch at minute 0": replace(f"{W}watch.yml", "17 * * * *", "0 * * * *"),
    "watch looks elsewhere": replace(f"{W}watch.yml", "--env prod", "--env dev"),
    "watch of other branches": replace(f"{W}watch.yml", " && github.ref == 'refs/heads/main'", ""),
    "identity that builds trains": put(f"{W}train.yml", "jobs/train/environment", "dev-infra"),
    "identity that trains builds": replace(f"{W}infrastructure-environment.yml", "-infra", ""),
    "plan with rights to build": replace(f"{W}infrastructure.yml", "}}-plan", "}}-infra"),
    "pull request applies": replace(f"{W}infrastructure.yml", "infra plan --env", "infra apply --yes --env"),
    "stages swapped": put(f"{W}infrastructure.yml", "jobs/dev/needs", "staging"),
    "wrong environment built": put(f"{W}infrastructure.yml", "jobs/prod/with/environment", "staging"),
    "called with an unknown input": put(f"{W}infrastructure.yml", "jobs/prod/with/name", "prod"),
    "drift that does not fail": replace(f"{W}infrastructure.yml", "infra drift", "infra plan"),
    "apply that asks": replace(f"{W}infrastructure-environment.yml", " --yes", ""),
    "apply before Azure trusts it": replace(f"{W}infrastructure.yml", "vars.AZURE_TENANT_ID != '' && ", ""),
    "training before Azure trusts it": replace(f"{W}train.yml", "vars.AZURE_TENANT_ID != '' && ", ""),
    "foreign action": put(f"{W}promote.yml", f"{STEPS}/0/uses", "actions/checkout@v7"),
    "token left in the checkout": drop(f"{W}promote.yml", f"{STEPS}/0/with"),
    "no time limit": put(f"{W}promote.yml", "jobs/prod/timeout-minutes", "0"),
    "untrusted text in a command": replace(f"{W}deploy.yml", '"$MODEL"', "${{ inputs.model }}"),
    "rights for pull requests of anybody": put(f"{W}ci.yml", "on/pull_request_target", {}),
    "mistake ignored": put(f"{W}promote.yml", f"{STEPS}/3/continue-on-error", "true"),
    "cache with rights": add(f"{W}train.yml", "jobs/train/steps", {"name": "c", "uses": f"actions/cache@{'0' * 40}"}),
    "logic in a step": replace(f"{W}train.yml", "azure submit", "azure status || uv run mlops azure submit"),
    "check left out": replace(f"{W}ci.yml", "uv run mypy", "uv run ruff check"),
    "pipelines that are not checked": replace(f"{W}ci.yml", "uv run mlops ci lint", "uv run ruff check"),
    "infrastructure that is not scanned": replace(f"{W}ci.yml", "infra scan", "infra lint"),
    "interrupt lost in the shell": replace(f"{W}infrastructure-environment.yml", "exec uv run", "uv run"),
    "update without a time limit": put(f"{W}template-update.yml", "jobs/propose/timeout-minutes", "0"),
    "token left in the update's checkout": drop(f"{W}template-update.yml", "jobs/update/steps/0/with"),
    "update with another secret": put(f"{W}template-update.yml", "jobs/propose/env", {"A": "${{ secrets.OTHER }}"}),
    "update for pull requests of anybody": put(f"{W}template-update.yml", "on/pull_request_target", {}),
    "changes that are not checked": drop(f"{W}ci.yml", "on/pull_request"),
    "variable that no one makes": replace(f"{W}train.yml", "vars.AZURE_SUBSCRIPTION_ID", "vars.SUBSCRIPTION"),
    "packages without hashes": replace("actions/set-up/action.yml", "uv pip sync --require-hashes", "uv pip sync"),
    "whole project for a look": replace(f"{W}watch.yml", "set-up-operations", "set-up"),
}
T = "templates/"
AZURE = {
    "approval dropped": drop("promote.yml", "stages/0/${{ if ne(parameters.env, 'registry') }}/0"),
    "approval of another environment": replace("promote.yml", "-promote", "-dev"),
    "approval not waited for": replace("promote.yml", "approve", "approval"),
    "production without approval": put("promote.yml", "stages/3/parameters/environment", "staging"),
    "production before staging": put("promote.yml", "stages/3/parameters/dependsOn", ["stage"]),
    "production after failed tests": put("promote.yml", "stages/3/parameters/condition", "always()"),
    "staging without verdict": put("promote.yml", "stages/2/parameters/condition", "succeeded()"),
    "model from another stage": replace("promote.yml", "outputs['stage.model']", "outputs['judge.model']"),
    "production in the wrong environment": replace("promote.yml", "--env prod", "--env staging"),
    "run that watch cannot find": put("promote.yml", "name", "$(Rev:r)"),
    "input that takes any text": drop("rollback.yml", "parameters/0/values"),
    "waiting run cancelled": put(f"{T}stage.yml", "stages/0/lockBehavior", "runLatest"),
    "secret added": put(f"{T}stage.yml", "stages/0/variables", {"PASSWORD": "$(password)"}),
    "watch asks a person": replace("watch.yml", "templates/job.yml", "templates/stage.yml"),
    "watch rests while the code does": put("watch.yml", "schedules/0/always", "false"),
    "watch of the wrong schedule": replace("watch.yml", "'dev and staging'", "'prod'"),
    "identity that builds trains": put("train.yml", "stages/0/parameters/environment", "dev-infra"),
    "plan with rights to build": replace("infrastructure.yml", "-plan", "-infra"),
    "drift that does not fail": replace("infrastructure.yml", "infra drift", "infra plan"),
    "template without what it needs": drop("deploy.yml", "stages/0/parameters/environment"),
    "template with what it does not know": put("deploy.yml", "stages/0/parameters/approver", "me"),
    "mistake ignored": replace(f"{T}stage.yml", "displayName", "continueOnError"),
    "token for scripts": put("ci.yml", "jobs/0/steps/4/env", {"SYSTEM_ACCESSTOKEN": "$(System.AccessToken)"}),
    "token left in the checkout": replace(f"{T}stage.yml", "persistCredentials", "clean"),
    "no time limit": put(f"{T}job.yml", "stages/0/jobs/0/timeoutInMinutes", "0"),
    "pipelines that are not checked": replace("ci.yml", "uv run mlops ci lint", "uv run ruff check"),
    "infrastructure that is not scanned": replace("ci.yml", "infra scan", "infra lint"),
    "interrupt lost in the shell": replace(
        "infrastructure.yml", "exec uv run mlops infra apply", "uv run mlops infra apply"
    ),
    "token left in the update's checkout": replace("template-update.yml", "persistCredentials", "clean"),
    "pull requests deploy": put("deploy.yml", "pr", {"branches": {"include": ["main"]}}),
    "every push deploys": put("deploy.yml", "trigger", {"branches": {"include": ["main"]}}),
    "agents of others": replace(f"{T}stage.yml", "ubuntu-24.04", "ubuntu-latest"),
    "connection of another project": replace(f"{T}stage.yml", "azureSubscription", "connectedServiceName"),
}


@pytest.mark.parametrize(
    ("ci", "mistake"),
    [*(("github", name) for name in GITHUB), *(("azure_devops", name) for name in AZURE)],
    ids=lambda value: value.replace(" ", "-"),
)
def test_mistake_is_found(ci: str, mistake: str, render: harness.Render) -> None:
    own, other = (files(render, "plain", each) for each in (ci, *(each for each in SYSTEMS if each != ci)))
    changed = copy.deepcopy(own)
    (GITHUB if ci == "github" else AZURE)[mistake](changed)
    assert faults(changed, other, ci, slug("plain"))


def test_mistakes_are_many() -> None:
    assert len(GITHUB) + len(AZURE) >= 40


def test_interrupt_reaches_the_command(render: harness.Render, tmp_path: Path) -> None:
    """GitHub interrupts the one process that it started: bash, whose place uv takes, which hands signals on."""
    content = files(render, "plain", "github")["workflows/infrastructure-environment.yml"]
    (line,) = [step["run"] for step in content["jobs"]["apply"]["steps"] if "infra apply" in step.get("run", "")]
    before, command, _ = line.partition("mlops infra apply")
    assert command
    (tmp_path / "wait.py").write_text(WAITING)
    (tmp_path / "step.sh").write_text(f"{before} --no-project python wait.py")
    process = subprocess.Popen(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "step.sh"],
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdout
    try:
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGINT)
        assert process.stdout.readline() == "interrupted\n"
        assert process.wait(timeout=30) == 0
    finally:
        process.kill()


WAITING = """
import signal, sys, time
def interrupted(number, frame):
    print("interrupted", flush=True)
    sys.exit(0)
signal.signal(signal.SIGINT, interrupted)
print("ready", flush=True)
time.sleep(30)
"""


@pytest.mark.parametrize(
    "line",
    ["azure deploy flights:3 --env prod", "azure deploi flights:3", "infra apply --env dev --ye", "azure watch"],
)
def test_wrong_command_line_is_found(line: str, environments: Environments, render: harness.Render) -> None:
    folder = render(harness.answers_for())
    done = parsed(environments.of(folder), folder, "flight_time", json.dumps(line.split()))
    assert done.returncode == 1, done.stdout + done.stderr
    assert done.stdout.startswith(json.dumps(line.split())), done.stderr


def test_readers_say_what_is_different() -> None:
    for what, why in reading.DIFFERENCES.items():
        assert 10 < len(what) < 140
        assert len(why) > 20
