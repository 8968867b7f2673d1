"""The files of this project's workflows: which event starts which, and the jobs, steps and inputs that they have."""

import fnmatch
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from ..azure.transport import Reply
from .expressions import Context, filled
from .pipeline import Event, NotUnderstoodError, Step

HERE = "$/.github/"  # of this repository
# They set a machine up, as the tests' own is; commands of the project sign in by themselves.
REPLACED = {"actions/checkout", "actions/setup-python", "azure/login"}


@cache
def _parsed(text: str) -> Any:
    """Return the content of a file, to read only: a walk asks for each some twenty times."""
    return yaml.load(text, Loader=yaml.BaseLoader)


class Workflows:
    """The folder .github of a project."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def workflow(self, name: str) -> Any:
        """Return the content of a workflow."""
        return self._read(f"workflows/{name}.yml")

    def started_by(self, event: Event) -> Iterator[str]:
        """Yield the workflows that an event on main starts."""
        for path in sorted((self._folder / "workflows").glob("*.yml")):
            on: Any = self.workflow(path.stem)["on"]
            if event.reason not in on:
                continue
            trigger = on[event.reason] or {}
            if event.reason == "schedule":
                starts = event.cron in [each["cron"] for each in trigger]
            else:
                if trigger.get("branches", ["main"]) != ["main"]:
                    raise NotUnderstoodError(f"{path.name}: branches {trigger['branches']}")
                patterns = trigger.get("paths", ["**"])
                starts = any(fnmatch.fnmatch(each, pattern) for each in event.paths for pattern in patterns)
            if starts:
                yield path.stem

    def variants(self, name: str, job: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any], Context]]:
        """Yield a job as often as it runs, with a name and the values that only it has."""
        if "uses" in job:
            called = self._read(job["uses"].removeprefix(HERE))
            declared, given = called["on"]["workflow_call"]["inputs"], job.get("with", {})
            if declared.keys() != given.keys():
                raise NotUnderstoodError(f"{name}: inputs {sorted(given)} of {job['uses']}")
            ((_, inner),) = called["jobs"].items()
            # A called workflow has no more rights than its caller gives.
            yield name, {**inner, "permissions": job.get("permissions", {})}, {"inputs": given}
            return
        rows = job.get("strategy", {}).get("matrix", {"": [""]})
        ((key, values),) = rows.items()
        for each in values:
            yield f"{name}_{each}".rstrip("_"), job, {"matrix": {key: each}}

    def steps(self, steps: list[Mapping[str, Any]], context: Context, variables: dict[str, str]) -> Iterator[Step]:
        """Yield the scripts of a job with their variables, those of its actions too."""
        for step in steps:
            if "uses" in step:
                action = step["uses"].partition("@")[0]
                if action.startswith(HERE):
                    inner = self._read(f"{action.removeprefix(HERE)}/action.yml")["runs"]["steps"]
                    yield from self.steps(inner, context, variables)
                elif action in REPLACED or action.startswith("hashicorp/setup-"):
                    for text in step.get("with", {}).values():
                        filled(str(text), context)
                else:
                    raise NotUnderstoodError(f"action {action}")
                continue
            if "if" in step or "continue-on-error" in step:
                raise NotUnderstoodError(f"step {step}")
            own = {key: filled(text, context) for key, text in step.get("env", {}).items()}
            if "${{" in step["run"]:
                raise NotUnderstoodError(f"script {step['run']!r}: it takes values from its environment only")
            yield Step(step.get("id", ""), step["run"], {**variables, **own})

    def _read(self, name: str) -> Any:
        return _parsed((self._folder / name).read_text(encoding="utf-8"))


def ordered(jobs: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Return jobs after those that they need."""
    found: list[tuple[str, Any]] = []
    left = dict(jobs)
    while left:
        done = {name for name, _ in found}
        ready = [
            name
            for name, job in left.items()
            if done >= {*([needs] if isinstance(needs := job.get("needs", []), str) else needs)}
        ]
        if not ready:
            raise NotUnderstoodError(f"jobs {sorted(left)} wait for each other")
        found.append((ready[0], left.pop(ready[0])))
    return found


def status_of(results: list[str]) -> dict[str, Callable[[], bool]]:
    """Return the functions by which a job's condition asks for those before it."""
    return {
        "success": lambda: set(results) <= {"success"},
        "cancelled": lambda: False,
        "always": lambda: True,
    }


def inputs_of(content: Mapping[str, Any], file: str, chosen: Mapping[str, str]) -> dict[str, str]:
    """Return the inputs of a run that is dispatched; GitHub refuses what the file does not declare."""
    declared = (content["on"]["workflow_dispatch"] or {}).get("inputs", {})
    given = {key: each.get("default", "") for key, each in declared.items()} | dict(chosen)
    missing = [key for key, each in declared.items() if each.get("required") == "true" and not given[key]]
    other = [key for key, text in given.items() if key not in declared or _other(declared[key], text)]
    if missing or other:
        raise Reply(422, {"message": f"{file}: missing {missing}, refused {other}"})
    return given


def _other(declared: Mapping[str, Any], text: str) -> bool:
    return declared["type"] == "choice" and text not in declared["options"]
