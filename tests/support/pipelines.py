"""Pipelines of both CI systems, read into one form: trigger, ordered stages, commands, environment, identity.

Everything is a pure function of parsed files, so that a test can change a file and read it again in milliseconds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

Files = dict[str, Any]  # parsed, by path

FOLDERS = {"github": ".github", "azure_devops": ".azuredevops"}
NAMES = ("ci", "infrastructure", "train", "promote", "deploy", "rollback", "retrain", "watch", "cleanup")
# The contract of the environments: which ask a person, and as which identity a job of each acts.
APPROVED = {"promote", "prod", "staging-infra", "prod-infra"}
MAIN = "main"

# Where the systems differ, and why. What is not listed here is equal.
DIFFERENCES = {
    "until Azure trusts it, GitHub's jobs are held back by the variable AZURE_TENANT_ID": "its workflows run from the"
    " first push; Azure DevOps has no pipeline before bootstrap makes it",
    "GitHub's plan leaves pull requests of forks out": "a fork's run has no token there; of Azure Repos it is a setting"
    " of the project which builds forks get",
    "ci of GitHub cannot be started by hand": "Azure DevOps starts every pipeline by hand",
    "GitHub runs a matrix where Azure DevOps has a stage an environment": "names of environments and connections are"
    " fixed before a run there, and approvals hold a whole stage",
    "copies and judgements of promote name no environment of Azure DevOps": "conditions of later stages read outputs of"
    " plain jobs; dev and staging ask no person",
    "a rollback of Azure DevOps waits for a running deployment": "the lock is the environment's; the run that is in the"
    " way can be cancelled at any time",
    "watch of GitHub has an environment of its own": "an environment there stands for a subject and an approval; a"
    " service connection of Azure DevOps is used without its environment",
    "Azure DevOps signs in once a step": "azure/login once a job; both renew the token by themselves",
    "GitHub installs Terraform by an action": "Azure DevOps has none among its built-in tasks: download, hash, PATH",
}


class NotUnderstoodError(Exception):
    """Something that no reader here knows: it may do anything."""


@dataclass(frozen=True)
class Stage:
    """What one job does."""

    name: str
    after: tuple[str, ...]
    when: frozenset[str]
    asks: tuple[str, ...]  # environments that ask a person first
    identity: str | None  # environment whose identity acts, by which role
    hosted: bool
    commands: tuple[str, ...]
    variables: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Pipeline:
    """One pipeline."""

    name: str
    push: tuple[str, ...] | None  # paths, all where empty
    pull_request: tuple[str, ...] | None
    schedules: frozenset[str]
    inputs: tuple[tuple[str, tuple[str, ...], str | None], ...]  # name, values, default
    run_name: str | None
    stages: tuple[Stage, ...]


def read(project: Path, ci: str) -> Files:
    """Return the parsed files of a project's pipelines."""
    folder = project / FOLDERS[ci]
    return {
        path.relative_to(folder).as_posix(): yaml.load(path.read_text(), Loader=yaml.BaseLoader)
        for path in sorted(folder.rglob("*.yml"))
        if path.name != "dependabot.yml"
    }


def pipelines(files: Files, ci: str, slug: str, env: str = "dev") -> dict[str, Pipeline]:
    """Return each pipeline, with `env` as the input of that name where stages depend on it.

    Raises:
        NotUnderstoodError: a file holds something unknown.
    """
    reader = _github if ci == "github" else _azure
    try:
        return {name: reader(files, name, slug, env) for name in NAMES}
    except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
        raise NotUnderstoodError(f"{type(error).__name__}: {error}") from error


# ---------------------------------------------------------------- GitHub Actions

_GITHUB_CONDITIONS = {
    "vars.AZURE_TENANT_ID != ''": None,
    "!cancelled()": None,
    "github.event.pull_request.head.repo.full_name == github.repository": None,
    "(inputs.env == 'registry' || needs.copy.result == 'success')": None,
    "needs.staging.result == 'success'": "staging succeeded",
    "github.ref == 'refs/heads/main'": MAIN,
    "github.event_name != 'schedule'": "not by schedule",
    "github.event_name == 'schedule'": "by schedule",
    "github.event_name == 'pull_request'": "by pull request",
    "inputs.env != 'registry'": "not registry",
    "needs.stage.outputs.model != ''": "verdict",
}
SET_UP = {"set-up", "set-up-operations"}


def _github(files: Files, name: str, slug: str, env: str) -> Pipeline:
    content = files[f"workflows/{name}.yml"]
    on = {key: value or {} for key, value in content["on"].items()}
    given = (on.get("workflow_dispatch") or {}).get("inputs", {})
    inputs = tuple(
        (key, tuple(each.get("options", ())), each.get("default") or None) for key, each in sorted(given.items())
    )
    stages: list[Stage] = []
    for key, job in content["jobs"].items():
        if name == "promote":
            job = _chosen(job, env)
        for expanded_key, expanded in _expanded(files, key, job):
            stages.append(_github_stage(files, name, expanded_key, expanded, content["jobs"], env))
    kept = [stage for stage in stages if not (env == "registry" and "not registry" in stage.when)]
    names = {stage.name for stage in kept}
    kept = [stage for stage in kept if env != "registry" or stage.name != "copy"]  # it follows the approval
    names = {stage.name for stage in kept}
    return Pipeline(
        name=name,
        push=_paths(on["push"]) if "push" in on else None,
        pull_request=_paths(on["pull_request"]) if "pull_request" in on else None,
        schedules=frozenset(each["cron"] for each in on.get("schedule", [])),
        inputs=inputs,
        run_name=_source(content["run-name"]) if "run-name" in content else None,
        stages=_settled(kept, names),
    )


def _paths(trigger: Mapping[str, Any]) -> tuple[str, ...]:
    if trigger.get("branches", ["main"]) != ["main"]:
        raise NotUnderstoodError(f"branches {trigger['branches']}")
    return tuple(sorted(path.removesuffix("/**") for path in trigger.get("paths", ())))


def _expanded(files: Files, key: str, job: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield a job as often as it runs: a matrix, and the job of a called workflow."""
    if "uses" in job:
        called = files[job["uses"].removeprefix("$/.github/")]
        known = called["on"]["workflow_call"]["inputs"]
        if known.keys() != job["with"].keys():
            raise NotUnderstoodError(f"inputs of {job['uses']}")
        ((_, inner),) = called["jobs"].items()
        filled = _filled(inner, "inputs", job["with"])
        yield key, {**filled, **{word: job[word] for word in ("needs", "if") if word in job}}
        return
    values = job.get("strategy", {}).get("matrix", {"": [""]})
    ((word, rows),) = values.items()
    for row in rows:
        yield (f"{key}_{row}" if row else key), _filled(job, "matrix", {word: row}) if row else dict(job)


def _chosen(value: Any, env: str) -> Any:
    """Return a job with the input `env` filled in."""
    if isinstance(value, dict):
        return {key: _chosen(inner, env) for key, inner in value.items()}
    return value.replace("${{ inputs.env }}", env) if isinstance(value, str) else value


def _filled(value: Any, scope: str, given: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _filled(inner, scope, given) for key, inner in value.items()}
    if isinstance(value, list):
        return [_filled(inner, scope, given) for inner in value]
    return re.sub(rf"\$\{{\{{ {scope}\.(\w+) \}}\}}", lambda found: str(given[found[1]]), value)


def _github_stage(
    files: Files, pipeline: str, key: str, job: Mapping[str, Any], jobs: Mapping[str, Any], env: str
) -> Stage:
    needs = job.get("needs", [])
    environment = job.get("environment")
    identity = None
    if "AZURE_CLIENT_ID" in job.get("env", {}):
        identity = _source(str(environment)).removesuffix("-watch") if environment else None
        signed = (
            job["env"].get("AZURE_CLIENT_ID"),
            job["env"].get("AZURE_TENANT_ID"),
            job["env"].get("ARM_SUBSCRIPTION_ID"),
        )
        if signed != tuple(f"${{{{ vars.AZURE_{what}_ID }}}}" for what in ("CLIENT", "TENANT", "SUBSCRIPTION")):
            raise NotUnderstoodError(f"{pipeline}/{key}: signs in by {signed}")
    variables = {
        name: _github_value(value, jobs, env)
        for name, value in job.get("env", {}).items()
        if not name.startswith(("AZURE_", "ARM_"))
    }
    commands: list[str] = []
    for step in job["steps"]:
        if step.get("uses", "").startswith("$/"):
            folder = step["uses"].removeprefix("$/.github/actions/")
            if folder not in SET_UP:
                raise NotUnderstoodError(step["uses"])
            inner = files[f"actions/{folder}/action.yml"]["runs"]["steps"]
            commands += [each["run"] for each in inner if "run" in each]
        elif "run" in step:
            commands.append(step["run"])
    return Stage(
        name=key,
        after=tuple(needs if isinstance(needs, list) else [needs]),
        when=frozenset(_conditions(job.get("if", ""), " && ", _GITHUB_CONDITIONS)),
        asks=_asking(environment and _source(str(environment)), pipeline),
        identity=identity,
        hosted=job["runs-on"] == "ubuntu-24.04",
        commands=_canonical(commands, variables),
        variables=tuple(sorted(variables.items())),
    )


def _github_value(value: str, jobs: Mapping[str, Any], env: str) -> str:
    value = value.removeprefix("${{ ").removesuffix(" }}")
    if " || " in value:
        first, second = value.split(" || ")
        value = second if env == "registry" else first
    found = re.fullmatch(r"needs\.(\w+)\.outputs\.(\w+)", value)
    if found:
        job = jobs[found[1]]
        step = re.fullmatch(r"\$\{\{ steps\.(\w+)\.outputs\.(\w+) \}\}", job["outputs"][found[2]])
        if step is None or step[1] not in [each.get("id") for each in job["steps"]]:
            raise NotUnderstoodError(value)
        return f"{found[1]}.{step[1]}.{step[2]}"
    return value


# ---------------------------------------------------------------- Azure Pipelines

_AZURE_CONDITIONS = {
    "succeeded()": None,
    "succeeded('staging')": "staging succeeded",
    "eq(variables['Build.SourceBranch'], 'refs/heads/main')": MAIN,
    "ne(variables['Build.Reason'], 'Schedule')": "not by schedule",
    "eq(variables['Build.Reason'], 'Schedule')": "by schedule",
    "eq(variables['Build.Reason'], 'PullRequest')": "by pull request",
    "ne(dependencies.stage.outputs['stage.stage.model'], '')": "verdict",
}


def _azure(files: Files, name: str, slug: str, env: str) -> Pipeline:
    content = files[f"{name}.yml"]
    declared = content.get("parameters", [])
    given = {each["name"]: f"parameters.{each['name']}" for each in declared}
    stages = list(_stages(files, content, {**given, "env": env} if name == "promote" else given, slug))
    schedules = {each["displayName"]: each for each in content.get("schedules", [])}
    for each in schedules.values():
        if each["always"] != "true" or each["branches"] != {"include": ["main"]}:
            raise NotUnderstoodError(f"{name}: schedule {each}")
    names = {stage["stage"] for stage in stages}
    kept = [_azure_stage(files, name, stage, slug, schedules) for stage in stages]
    if name == "promote" and env != "registry":
        kept = [_with(stage, "not registry") if stage.name == "approve" else stage for stage in kept]
    return Pipeline(
        name=name,
        push=_azure_paths(content["trigger"]),
        pull_request=() if name == "ci" and "pr" not in content else _azure_paths(content["pr"]),
        schedules=frozenset(each["cron"] for each in schedules.values()),
        inputs=tuple(
            (each["name"], tuple(each.get("values", ())), each.get("default") or None)
            for each in sorted(declared, key=lambda each: str(each["name"]))
        ),
        run_name=_source(content["name"].removesuffix("-$(Rev:r)")) if "parameters" in content["name"] else None,
        stages=_settled(kept, names),
    )


def _azure_paths(trigger: Any) -> tuple[str, ...] | None:
    if trigger == "none":
        return None
    if trigger["branches"] != {"include": ["main"]}:
        raise NotUnderstoodError(f"branches {trigger['branches']}")
    return tuple(sorted(trigger.get("paths", {"include": []})["include"]))


def _stages(files: Files, content: Mapping[str, Any], given: Mapping[str, Any], slug: str) -> Iterator[dict[str, Any]]:
    """Yield the stages of a file with its templates filled in; a file of jobs alone is one stage."""
    stages = content.get("stages", [{"stage": "", "jobs": content.get("jobs")}])
    for stage in expand(stages, given):
        if "template" not in stage:
            yield stage
            continue
        template = files[stage["template"]]
        declared = {each["name"]: each for each in template["parameters"]}
        missing = [key for key, each in declared.items() if "default" not in each and key not in stage["parameters"]]
        unknown = [key for key in stage["parameters"] if key not in declared]
        if missing or unknown:
            raise NotUnderstoodError(f"{stage['template']}: missing {missing}, unknown {unknown}")
        defaults = {key: each["default"] for key, each in declared.items() if "default" in each}
        yield from expand(template["stages"], {**defaults, **stage["parameters"]})


_IF = re.compile(r"\$\{\{ if (eq|ne)\(parameters\.(\w+), '?([\w-]+)'?\) \}\}")
_EACH = re.compile(r"\$\{\{ each (\w+) in parameters\.(\w+) \}\}")
_VALUE = re.compile(r"\$\{\{ ([\w.]+) \}\}")


def expand(value: Any, given: Mapping[str, Any]) -> Any:
    """Return what Azure Pipelines makes of a template's content: parameters, `if`, `else` and `each`."""
    if isinstance(value, list):
        found: list[Any] = []
        chosen = False
        for item in value:
            key = next(iter(item)) if isinstance(item, dict) else ""
            if match := _EACH.fullmatch(key):
                for element in given[match[2]]:
                    found += expand(item[key], {**given, f".{match[1]}": element})
            elif key.startswith("${{ if") or key == "${{ else }}":
                chosen = not chosen if key == "${{ else }}" else _holds(key, given)
                if chosen:
                    found += expand(item[key], given)
            else:
                found.append(expand(item, given))
        return found
    if isinstance(value, dict):
        filled: dict[str, Any] = {}
        chosen = False
        for key, inner in value.items():
            if key.startswith("${{ if") or key == "${{ else }}":
                chosen = not chosen if key == "${{ else }}" else _holds(key, given)
                if chosen:
                    filled |= expand(inner, given)
            else:
                filled[key] = expand(inner, given)
        return filled
    if not isinstance(value, str):
        return value
    whole = _VALUE.fullmatch(value)
    if whole:
        return _looked_up(whole[1], given)
    return _VALUE.sub(lambda found: str(_looked_up(found[1], given)), value)


def _looked_up(path: str, given: Mapping[str, Any]) -> Any:
    first, _, rest = path.partition(".")
    return given[rest] if first == "parameters" else given[f".{first}"][rest]


def _holds(key: str, given: Mapping[str, Any]) -> bool:
    match = _IF.fullmatch(key)
    if match is None:
        raise NotUnderstoodError(key)
    return (str(given[match[2]]) == match[3]) == (match[1] == "eq")


def _azure_stage(
    files: Files, pipeline: str, stage: Mapping[str, Any], slug: str, schedules: Mapping[str, Any]
) -> Stage:
    (job,) = stage["jobs"]
    steps = job["strategy"]["runOnce"]["deploy"]["steps"] if "deployment" in job else job["steps"]
    commands: list[str] = []
    connections = set()
    for step in _azure_steps(files, steps):
        if "script" in step:
            commands.append(step["script"])
        elif step.get("task") == "AzureCLI@2":
            commands.append(step["inputs"]["inlineScript"])
            connections.add(step["inputs"]["azureSubscription"])
    if len(connections) > 1:
        raise NotUnderstoodError(f"{pipeline}: {sorted(connections)}")
    identity = _without(connections.pop(), slug) if connections else None
    environment = _without(job["environment"], slug) if "deployment" in job else None
    variables = {name: _azure_value(value) for name, value in (stage.get("variables") or {}).items()}
    condition = str(stage.get("condition", "succeeded()"))
    for shown, each in schedules.items():
        condition = condition.replace(
            f"ne(variables['Build.CronSchedule.DisplayName'], '{shown}')", f"not by {each['cron']}"
        )
    pool = job["pool"]
    if pool != {"vmImage": "ubuntu-24.04"} and pool != {"name": slug}:
        raise NotUnderstoodError(f"pool {pool}")
    after = stage.get("dependsOn") or ()
    return Stage(
        name=stage["stage"] or job["job"],
        after=tuple([after] if isinstance(after, str) else after),
        when=frozenset(_conditions(_flat(condition), ", and_, ", _AZURE_CONDITIONS)),
        asks=_asking(environment, pipeline),
        identity=identity,
        hosted="vmImage" in pool,
        commands=_canonical(commands, variables),
        variables=tuple(sorted(variables.items())),
    )


def _azure_steps(files: Files, steps: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for step in steps:
        if "template" in step:
            path = step["template"] if step["template"].startswith("templates/") else f"templates/{step['template']}"
            yield from _azure_steps(files, files[path]["steps"])
        else:
            yield step


def _azure_value(value: str) -> str:
    found = re.fullmatch(r"\$\[ stageDependencies\.(\w+)\.(\w+)\.outputs\['(\w+)\.(\w+)'\] \]", value)
    if found:
        if found[1] != found[2]:
            raise NotUnderstoodError(value)
        return f"{found[1]}.{found[3]}.{found[4]}"
    return _source(value)


def _without(name: str, slug: str) -> str:
    if not name.startswith(f"{slug}-"):
        raise NotUnderstoodError(f"{name} is no name of this project")
    return _source(name.removeprefix(f"{slug}-"))


def _flat(condition: str) -> str:
    """Return the parts of `and(...)`, which holds calls without calls inside but one."""
    inner = re.fullmatch(r"and\((.*)\)", condition)
    parts = re.findall(r"not by [^,)]+|\w+\((?:[^()]|\[[^]]*\])*\)", inner[1] if inner else condition)
    if ", ".join(parts) != (inner[1] if inner else condition):
        raise NotUnderstoodError(condition)
    return ", and_, ".join(parts)


# ---------------------------------------------------------------- both


def _source(value: str) -> str:
    """Return an expression's source in the words of both: `inputs.env`."""
    return re.sub(r"(?:\$\{\{ )?(?:parameters|inputs)\.(\w+)(?: \}\})?", r"inputs.\1", value)


def _conditions(text: str, separator: str, known: Mapping[str, str | None]) -> Iterator[str]:
    text = text.removeprefix("${{ ").removesuffix(" }}")
    for part in filter(None, text.split(separator)):
        if by := re.fullmatch(r"github\.event\.schedule != '([^']+)'|not by (.+)", part):
            yield f"not by {by[1] or by[2]}"
            continue
        word = known[part]  # KeyError: unknown
        if word is not None:
            yield word


def _asking(environment: str | None, pipeline: str) -> tuple[str, ...]:
    """Return the environments that ask a person, of those that an input may name."""
    if environment is None:
        return ()
    if not environment.startswith("inputs.env"):
        return (environment,) if environment in APPROVED else ()
    values = ["dev", "staging"] if pipeline == "promote" else ["dev", "staging", "prod"]
    return tuple(each for each in values if environment.replace("inputs.env", each) in APPROVED)


# Each system brings the tools of infra/ in its own way.
_TOOLS = ("curl --fail", "sha256sum --check", "unzip -q", 'echo "##vso[task.prependpath]')


def _canonical(commands: list[str], variables: Mapping[str, str]) -> tuple[str, ...]:
    found = []
    for command in commands:
        if command.startswith(_TOOLS):
            continue
        line = " ".join(command.removeprefix("exec ").split())
        for name, value in variables.items():
            if not value.startswith("inputs.") and "." not in value:
                line = line.replace(f'"${name}"', value)
        found.append(line)
    return tuple(found)


def _with(stage: Stage, word: str) -> Stage:
    return Stage(**{**vars(stage), "when": stage.when | {word}})


def _settled(stages: list[Stage], names: set[str]) -> tuple[Stage, ...]:
    """Return stages with what follows from those before them, and variables that decide."""
    found: dict[str, Stage] = {}
    for stage in stages:
        after = tuple(each for each in stage.after if each in names)
        when = set(stage.when) - {MAIN}
        if MAIN in stage.when or any(MAIN in found[each].when for each in after):
            when.add(MAIN)
        variables = tuple((name, value) for name, value in stage.variables if "." in value)
        found[stage.name] = Stage(**{**vars(stage), "after": after, "when": frozenset(when), "variables": variables})
    return tuple(found.values())
