"""Tasks of Azure Pipelines: their versions and inputs, of its schema. Tasks of the marketplace are not in it."""

import difflib
import re
from collections.abc import Iterator, Mapping
from typing import Any

_PATTERN = re.compile(r"\^([\w-]+)@(\d+)\$")
_OPEN = ("$(", "${{", "$[")  # known to a run only


class Tasks:
    """The tasks that are built in."""

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self._keys = set(schema["properties"])
        self._inputs: dict[str, dict[str, Any]] = {}
        self._required: dict[str, set[str]] = {}
        self._versions: dict[str, set[str]] = {}
        for each in schema["anyOf"]:
            match = _PATTERN.fullmatch(each["properties"]["task"].get("pattern", ""))
            if match:  # some are there twice, from two publishers: either may be meant
                name, inputs = f"{match[1]}@{match[2]}".lower(), each["properties"].get("inputs", {})
                required = set(inputs.get("required", ()))
                self._inputs.setdefault(name, {}).update(inputs.get("properties", {}))
                self._required[name] = self._required.get(name, required) & required
                self._versions.setdefault(match[1].lower(), set()).add(match[2])

    def faults(self, step: Mapping[str, Any]) -> Iterator[str]:
        """Yield what is wrong with a step that runs a task."""
        task = str(step["task"])
        yield from (f"{key!r} is no key of a task" for key in step if key not in self._keys)
        if task.lower() not in self._inputs:
            yield from self._unknown(task)
            return
        known = self._inputs[task.lower()]
        # Letter case does not matter, and an input may have older names.
        names = {name.lower(): key for key, rule in known.items() for name in (key, *rule.get("aliases", ()))}
        given = step.get("inputs") or {}
        found = set()
        for name, value in given.items():
            key = names.get(name.lower())
            if key is None:
                yield f"{name!r} is no input of {task}"
                continue
            found.add(key)
            allowed = _allowed(known[key])
            if allowed and not str(value).startswith(_OPEN) and str(value).lower() not in map(str.lower, allowed):
                yield f"{name}: {value!r} is refused: one of {', '.join(allowed)}"
        missing = sorted(self._required[task.lower()] - found)
        yield from (f"input {key!r} of {task} is missing" for key in missing)

    def _unknown(self, task: str) -> Iterator[str]:
        name, _, version = task.partition("@")
        if versions := self._versions.get(name.lower()):
            yield f"task {name} has the versions {', '.join(sorted(versions, key=int))}, not {version or 'none'}"
        elif "." not in name and (near := difflib.get_close_matches(name.lower(), self._versions, 1, 0.85)):
            yield f"unknown task {name}: probably {near[0]} is meant"


def _allowed(rule: Mapping[str, Any]) -> list[str]:
    return ["true", "false"] if rule.get("type") == "boolean" else [str(value) for value in rule.get("enum", ())]
