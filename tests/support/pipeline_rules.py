"""What every pipeline must keep, in both systems: pure functions of parsed files that name each fault."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from tests.support.pipelines import NAMES, Files, NotUnderstoodError, pipelines

ENVIRONMENTS = ("dev", "staging", "prod")
# What bootstrap makes: environments with an identity, and the one that only asks; variables on GitHub.
PLACES = {*ENVIRONMENTS, *(f"{env}-{end}" for env in ENVIRONMENTS for end in ("infra", "plan", "watch"))}
VARIABLES = {"AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_SUBSCRIPTION_ID"}
LONGEST = 240  # minutes
UPDATE = "template-update.yml"

# Rights of a GitHub job beside reading the code and signing in.
RIGHTS = {"ci": {"actions": "read"}, "watch": {"actions": "write", "issues": "write"}}


def faults(files: Files, other: Files, ci: str, slug: str) -> list[str]:
    """Return everything that is wrong with one system's pipelines, compared with the other's too."""
    other_ci = "azure_devops" if ci == "github" else "github"
    try:
        found = list(_rules(files, ci, slug))
        for env in ("dev", "registry"):
            own, expected = pipelines(files, ci, slug, env), pipelines(other, other_ci, slug, env)
            found += [f"{name}: differs from {other_ci}" for name in NAMES if own[name] != expected[name]]
        found += _contract(own)
    except NotUnderstoodError as error:
        return [f"not understood: {error}"]
    except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
        return [f"not understood: {type(error).__name__}: {error}"]
    return found


def _contract(found: Mapping[str, Any]) -> Iterator[str]:
    """Yield what the contract of identities and approvals forbids, whatever both systems do."""
    for pipeline in found.values():
        for stage in pipeline.stages:
            text = " ".join(stage.commands)
            if "infra apply" in text and not str(stage.identity).endswith("-infra"):
                yield f"{pipeline.name}/{stage.name}: applies as {stage.identity}"
            if re.search(r"azure (submit|retrain|deploy|rollback|stage|promote|cleanup)\b", text) and str(
                stage.identity
            ).endswith(("-infra", "-plan")):
                yield f"{pipeline.name}/{stage.name}: acts as {stage.identity}"
            if ("--env prod" in text or "inputs.env" in str(stage.identity)) and pipeline.name != "watch":
                writes = re.search(r"azure (deploy|monitors|rollback|cleanup)\b|infra apply", text)
                if writes and not stage.asks:
                    yield f"{pipeline.name}/{stage.name}: changes prod and asks no person"
            if stage.identity and "-plan" not in stage.identity and "main" not in stage.when:
                yield f"{pipeline.name}/{stage.name}: runs from other branches than main"
            if "by pull request" in stage.when and stage.identity and not stage.identity.endswith("-plan"):
                yield f"{pipeline.name}/{stage.name}: a pull request acts as {stage.identity}"
    promote = {stage.name: stage for stage in found["promote"].stages}
    if promote["prod"].after != ("stage", "staging"):
        yield "promote: production does not wait for staging"
    if [stage.name for stage in found["infrastructure"].stages if "infra apply" in " ".join(stage.commands)] != list(
        ENVIRONMENTS
    ):
        yield "infrastructure: environments in another order"
    for cron in (cron for pipeline in found.values() for cron in pipeline.schedules):
        if cron.split()[0] in ("0", "*"):
            yield f"schedule {cron!r}: minute 0 is when GitHub drops runs"
    if found["ci"].push is None or found["ci"].pull_request is None:
        yield "ci: does not check every change"


def _rules(files: Files, ci: str, slug: str) -> Iterator[str]:
    if ci == "github":
        for name in NAMES:
            yield from _workflow(name, files[f"workflows/{name}.yml"])
        yield from _workflow("infrastructure", files["workflows/infrastructure-environment.yml"])
        for key, job in files[f"workflows/{UPDATE}"]["jobs"].items():
            yield from _bounded(f"{UPDATE}/{key}", job["timeout-minutes"])
            for step in job["steps"]:
                yield from _step(f"{UPDATE}/{key}", step, signs_in=False)
        yield from _texts(files, _FORBIDDEN_ON_GITHUB)
    else:
        for name in NAMES:
            yield from _azure_pipeline(name, files, slug)
        for job in _found(files[UPDATE], "job"):
            yield from _bounded(f"{UPDATE}/{job['job']}", job["timeoutInMinutes"])
            yield from _checkouts(f"{UPDATE}/{job['job']}", job["steps"])
        yield from _texts(files, _FORBIDDEN_ON_AZURE)


_FORBIDDEN_ON_GITHUB = ("secrets.", "pull_request_target", "continue-on-error", "write-all", "workflow_run", "inherit")
_FORBIDDEN_ON_AZURE = ("continueOnError", "addSpnToEnvironment", "variables['secret", "isSecret", "runLatest")


def _texts(files: Files, words: tuple[str, ...]) -> Iterator[str]:
    for path, value in files.items():
        for text in _strings(value):
            # The optional token of the job that pushes an update is the one secret.
            text = text.replace("secrets.TEMPLATE_TOKEN", "") if path.endswith(UPDATE) else text
            yield from (f"{path}: {word}" for word in words if word in text)
            if re.match(r"uv run mlops infra (apply|plan)\b", text):
                yield f"{path}: {text!r} does not begin with exec: the signal of a cancelled run ends in the shell"


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from _strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _strings(inner)
    elif isinstance(value, str):
        yield value


def _workflow(name: str, content: Mapping[str, Any]) -> Iterator[str]:
    if content["permissions"] != {}:
        yield f"{name}: rights for all jobs"
    if name in ("promote", "retrain") and content.get("run-name") != "${{ inputs.key }}":
        yield f"{name}: watch finds its runs by run-name"
    for key, job in content["jobs"].items():
        where = f"{name}/{key}"
        signs_in = "AZURE_CLIENT_ID" in job.get("env", {})
        if "uses" in job:
            if "needs" not in job and "vars.AZURE_TENANT_ID != ''" not in job.get("if", ""):
                yield f"{where}: begins before Azure trusts it"
            if job["permissions"] != {"contents": "read", "id-token": "write"}:
                yield f"{where}: rights {job['permissions']}"
            continue
        checks_out = any(step.get("uses", "").startswith("actions/checkout@") for step in job["steps"])
        rights = {"contents": "read"} if checks_out else {}
        rights |= {"id-token": "write"} if signs_in else {}
        rights |= RIGHTS.get(name, {})
        if job["permissions"] != rights:
            yield f"{where}: rights {job['permissions']}, not {rights}"
        yield from _bounded(where, job["timeout-minutes"])
        yield from _alone(name, key, job, signs_in)
        if "cancelled()" in job.get("if", "") and "needs." not in job["if"]:
            yield f"{where}: runs whatever came before"
        if ("environment" in job) != (signs_in or key == "approve"):
            yield f"{where}: environment"
        environment = job.get("environment", "promote")
        if environment not in {*PLACES, "promote"} and not re.fullmatch(_CHOSEN, environment):
            yield f"{where}: environment {environment} is not made by bootstrap"
        if signs_in and "needs" not in job and "vars.AZURE_TENANT_ID != ''" not in _first_condition(job):
            yield f"{where}: begins before Azure trusts it"
        for step in job["steps"]:
            yield from _step(where, step, signs_in)
        for variable in re.findall(r"vars\.(\w+)", str(job)):
            if variable not in VARIABLES:
                yield f"{where}: variable {variable} is not made by bootstrap"


def _bounded(where: str, minutes: str) -> Iterator[str]:
    if not 0 < int(minutes) <= LONGEST:
        yield f"{where}: timeout {minutes}"


_CHOSEN = r"\$\{\{ (inputs\.env|(inputs|matrix)\.environment) \}\}(-infra|-plan|-watch)?"


def _first_condition(job: Mapping[str, Any]) -> str:
    # The job of a called workflow is held back where it is called.
    called = "inputs.environment" in str(job.get("environment"))
    return "vars.AZURE_TENANT_ID != ''" if called else str(job.get("if", ""))


def _alone(name: str, key: str, job: Mapping[str, Any], signs_in: bool) -> Iterator[str]:
    where, alone = f"{name}/{key}", job.get("concurrency", {})
    if not signs_in:
        return
    group = job["environment"]
    if key in ("rollback", "retrain"):  # waits for none of the environment's other jobs
        group = f"{group.removesuffix('-watch')}-{key}"
    if alone.get("group") != group or alone.get("cancel-in-progress") != "false":
        yield f"{where}: concurrency {alone}"
    if name != "watch" and alone.get("queue") != "max":
        yield f"{where}: a waiting run may be lost"


_PIN = re.compile(r"[\w.-]+/[\w./-]+@[0-9a-f]{40}")


def _step(where: str, step: Mapping[str, Any], signs_in: bool) -> Iterator[str]:
    used = step.get("uses", "")
    if used and not used.startswith("$/") and not _PIN.fullmatch(used):
        yield f"{where}: {used} is not pinned"
    if used.startswith("actions/checkout@") and step["with"].get("persist-credentials") != "false":
        yield f"{where}: the checkout keeps its token"
    if used.startswith("azure/login@"):
        wanted = {
            "client-id": "AZURE_CLIENT_ID",
            "tenant-id": "AZURE_TENANT_ID",
            "subscription-id": "ARM_SUBSCRIPTION_ID",
        }
        if step["with"] != {key: f"${{{{ env.{value} }}}}" for key, value in wanted.items()}:
            yield f"{where}: signs in by {step['with']}"
    if signs_in and "cache" in used:
        yield f"{where}: a cache in a job with rights"
    yield from _command(where, step.get("run", ""))


def _command(where: str, command: str) -> Iterator[str]:
    if "${{" in command or "$(" in command.replace('"v$(cat infra/.bicep-version)"', ""):
        yield f"{where}: {command!r} has text that is not quoted"
    if re.search(r"&&|\|\||;|\bif\b|\bfor\b|\bwhile\b|\bsleep\b", command):
        yield f"{where}: {command!r} is more than one command"


def _azure_pipeline(name: str, files: Files, slug: str) -> Iterator[str]:
    content = files[f"{name}.yml"]
    if name not in ("ci", "train", "infrastructure") and content["trigger"] != "none":
        yield f"{name}: is triggered by pushes"
    if name not in ("ci", "infrastructure") and content["pr"] != "none":
        yield f"{name}: is triggered by pull requests"
    for parameter in content.get("parameters", []):
        if parameter["type"] != "string":
            yield f"{name}: parameter {parameter['name']}"
        if parameter["name"] in ("env", "kind") and not parameter.get("values"):
            yield f"{name}: {parameter['name']} takes any text"
    if name in ("promote", "retrain") and content["name"] != "${{ parameters.key }}-$(Rev:r)":
        yield f"{name}: watch finds its runs by their number"
    stages = content.get("stages", [{"stage": "check", "jobs": content.get("jobs"), "lockBehavior": "sequential"}])
    for path in [each["template"] for each in _found(stages, "template") if "parameters" in each]:
        for stage in files[path]["stages"]:
            yield from _azure_job(f"{path}", stage)
    for stage in _found(stages, "jobs"):
        yield from _azure_job(f"{name}/{stage['stage']}", stage)


_TASKS = ("AzureCLI@2", "Cache@2", "PublishPipelineArtifact@1", "PublishTestResults@2", "UsePythonVersion@0")


def _azure_job(where: str, stage: Mapping[str, Any]) -> Iterator[str]:
    (job,) = stage["jobs"]
    steps = job["strategy"]["runOnce"]["deploy"]["steps"] if "deployment" in job else job["steps"]
    acts = [step for step in _found(steps, "task") if step["task"] == "AzureCLI@2"]
    if (acts or "deployment" in job) and stage.get("lockBehavior") != "sequential":
        yield f"{where}: a waiting run is cancelled"
    if job.get("deployment") == "deploy":
        yield f"{where}: a deployment job must not be named deploy"
    minutes = job["timeoutInMinutes"]
    if minutes != "${{ parameters.timeoutInMinutes }}":
        yield from _bounded(where, minutes)
    yield from _checkouts(where, steps)
    for step in acts:
        if step.get("env") != {"SYSTEM_ACCESSTOKEN": "$(System.AccessToken)"}:
            yield f"{where}: {step.get('env')} is given to the command"
        if {key: step["inputs"][key] for key in ("scriptType", "scriptLocation")} != {
            "scriptType": "bash",
            "scriptLocation": "inlineScript",
        }:
            yield f"{where}: {step['inputs']}"
        if acts and any("Cache@" in each["task"] for each in _found(steps, "task")):
            yield f"{where}: a cache in a job with rights"
    for step in _found(steps, "task"):
        if step["task"] not in _TASKS:
            yield f"{where}: {step['task']}"
    for step in _found(steps, "script"):
        yield from _command(where, step["script"])
        extra = set(step.get("env", {})) - {"SYSTEM_ACCESSTOKEN"}
        if extra or ("SYSTEM_ACCESSTOKEN" in step.get("env", {}) and "last-watch" not in step["script"]):
            yield f"{where}: {step['env']} is given to a script"


def _checkouts(where: str, steps: Any) -> Iterator[str]:
    for step in _found(steps, "checkout"):
        if step["checkout"] == "self" and step.get("persistCredentials") != "false":
            yield f"{where}: the checkout keeps its token"


def _found(value: Any, key: str) -> Iterator[dict[str, Any]]:
    """Yield every mapping with a key, however deep, also below `if` and `each`."""
    if isinstance(value, dict):
        if key in value:
            yield value
        for inner in value.values():
            yield from _found(inner, key)
    elif isinstance(value, list):
        for inner in value:
            yield from _found(inner, key)
