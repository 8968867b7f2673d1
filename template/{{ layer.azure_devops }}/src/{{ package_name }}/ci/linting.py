"""Mistakes in .azuredevops/, by the schema of Azure Pipelines, which Microsoft publishes and check-jsonschema ships.

Each pipeline is looked at as Azure DevOps would run it: with its templates filled in, once for each value that a person
may choose. The schema alone knows no expression and takes every value for a text; so does this module.
"""

import json
from collections.abc import Iterator, Mapping
from importlib import resources
from typing import Any

from jsonschema import Draft7Validator
from jsonschema.exceptions import ValidationError

from ..bootstrap import pipeline_files
from ..errors import StepFailedError
from ..paths import Project
from .tasks import Tasks

_SCHEMA = "builtin_schemas/vendor/azure-pipelines.json"
_LISTS = ("stages", "jobs", "steps")
_RUNS = ("script", "bash", "pwsh", "powershell", "task", "checkout", "template", "job", "deployment", "stage")


def lines(project: Project) -> Iterator[str]:
    """Yield what was checked, without network.

    Raises:
        StepFailedError: pipelines hold mistakes; one line each, with file, place and reason.
        UserError: a file is missing or not YAML.
    """
    schema = json.loads(resources.files("check_jsonschema").joinpath(_SCHEMA).read_text("utf-8"))
    tasks = Tasks(schema["definitions"]["task"])
    schema["definitions"]["task"] = {"type": "object", "required": ["task"]}  # by its own rules: `tasks`
    validator = Draft7Validator(schema)
    # Each mistake once, however many choices show it.
    found = dict.fromkeys(pipeline_files.wrong_parameters(project.root))
    checked = set()
    for label, content in pipeline_files.filled(project.root):
        checked.add(label)
        pipeline = _text(_flat(content))
        for error in validator.iter_errors(pipeline):
            reason = _reason(error)
            if "${{" not in json.dumps(reason.instance):  # known to a run only
                found[f"{label}: {_place(pipeline, reason.absolute_path)}{reason.message}"] = None
        for path, step in _steps(pipeline, ()):
            for fault in tasks.faults(step):
                found[f"{label}: {_place(pipeline, path)}{fault}"] = None
    if found:
        raise StepFailedError("\n".join(found))
    yield f"{pipeline_files.FOLDER}: {len(checked)} pipelines fit the schema of Azure Pipelines"


def _flat(node: Any) -> Any:
    """Return a filled-in pipeline with the stages, jobs and steps of templates in the place of their use."""
    if isinstance(node, list):
        return [_flat(item) for item in node]
    if not isinstance(node, dict):
        return node
    flat = {}
    for key, value in node.items():
        flat[key] = _flat(value)
        if key in _LISTS and isinstance(value, list):
            flat[key] = [item for each in flat[key] for item in _items(each, key)]
    return flat


def _items(node: Any, key: str) -> list[Any]:
    template = isinstance(node, dict) and key in node and not any(word in node for word in _RUNS)
    return node[key] if template else [node]


def _text(node: Any) -> Any:
    """Return a pipeline with every value as the text that Azure DevOps reads.

    >>> _text({"always": True, True: {"failure": None}, "fetchDepth": 0})
    {'always': 'true', 'on': {'failure': ''}, 'fetchDepth': '0'}
    """
    if isinstance(node, dict):
        # YAML 1.1 reads the key `on` as true.
        return {"on" if key is True else str(key): _text(value) for key, value in node.items()}
    if isinstance(node, list):
        return [_text(item) for item in node]
    return "" if node is None else str(node).lower() if isinstance(node, bool) else str(node)


def _reason(error: ValidationError) -> ValidationError:
    """Return the mistake in the alternative that is meant: of those with the keys that are there, the nearest."""
    while error.context:
        alternatives: dict[Any, list[ValidationError]] = {}
        for inner in error.context:
            alternatives.setdefault(inner.schema_path[0], []).append(inner)
        if len(alternatives) > 1 and all(_text_of_choice(inner) for inner in error.context):
            values = [str(inner.validator_value).strip("^$") for inner in error.context]
            error.message = f"{error.instance!r} is refused: one of {', '.join(values)}"
            return error
        meant = [each for each in alternatives.values() if not any(_other(inner) for inner in each)]
        error = min(meant or alternatives.values(), key=len)[0]
    return error


def _text_of_choice(error: ValidationError) -> bool:
    return not error.path and error.validator == "pattern"


def _other(error: ValidationError) -> bool:
    """Return whether an alternative is not meant: another form of value, or its first key is missing."""
    return not error.path and error.validator in ("type", "required", "pattern", "enum")


def _place(pipeline: Any, path: Any) -> str:
    """Return the names of the stage, job and step that a path leads through, and the key at its end."""
    words, node, key = [], pipeline, ""
    for part in path:
        node = node[part]
        key = f"{part}: " if isinstance(part, str) else ""
        if isinstance(node, Mapping):
            kind = next((word for word in ("stage", "job", "deployment") if word in node), None)
            if kind:
                words.append(f"{kind} {node[kind]}")
            elif isinstance(part, int):
                name = node.get("displayName") or next(iter(node.values()), "")
                words += [repr(name)] if isinstance(name, str) else []
    return f"{', '.join(words)}: {key}" if words else key


def _steps(node: Any, path: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], dict[str, Any]]]:
    """Yield every step that is a task, with its path."""
    if isinstance(node, dict):
        if "task" in node and path[-2:-1] == ("steps",):
            yield path, node
        for key, value in node.items():
            yield from _steps(value, (*path, key))
    elif isinstance(node, list):
        for number, item in enumerate(node):
            yield from _steps(item, (*path, number))
