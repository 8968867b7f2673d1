"""The pipelines of .azuredevops/: which connections, environments, pools and repositories each one uses, and its start.

Azure DevOps makes a run wait until its pipeline is authorised for all of them. Names are fixed before a run starts, so
they can be read here: templates are filled in with their parameters, a runtime parameter with each of its `values`, and
branches count whose condition is true or unknown.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path, PurePosixPath
from typing import Any

from ..config import yaml_file
from ..errors import UserError
from . import expressions

FOLDER = ".azuredevops"
HOSTED = "Azure Pipelines"
_EACH = re.compile(r"each (\w+) in ([\w.]+)")
Scope = Mapping[str, Any]
_CONNECTIONS = ("azureSubscription", "connectedServiceName", "ConnectedServiceNameARM", "backendServiceArm")


@dataclass
class PipelineFile:
    """One pipeline.

    Attributes:
        name: of the file and of the pipeline.
        path: of the file in the repository.
        connections: service connections.
        environments: Azure DevOps environments.
        pools: agent pools by name; those of Microsoft are in `hosted`.
        repositories: other repositories of the project.
        hosted: whether a job runs on Microsoft's agents.
        paths: of a pull request that start it; None: pull requests do not start it.
        cron: its schedule, in UTC.
    """

    name: str
    path: str
    connections: set[str] = field(default_factory=set)
    environments: set[str] = field(default_factory=set)
    pools: set[str] = field(default_factory=set)
    repositories: set[str] = field(default_factory=set)
    hosted: bool = False
    paths: tuple[str, ...] | None = None
    cron: str | None = None

    def uses(self) -> set[tuple[str, str]]:
        """Return (kind, name) of all that it must be authorised for, by the API's words for kinds."""
        kinds = {
            "endpoint": self.connections,
            "environment": self.environments,
            "queue": self.pools,
            "repository": self.repositories,
        }
        return {(kind, name) for kind, names in kinds.items() for name in names}


def read(root: Path) -> list[PipelineFile]:
    """Return the project's pipelines, by name.

    Raises:
        UserError: a file is missing or not YAML, or a name is known at run time only.
    """
    reader = _Reader(root)
    return [
        _read(reader, path.stem, path.relative_to(root).as_posix()) for path in sorted((root / FOLDER).glob("*.yml"))
    ]


def filled(root: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield file and content of each pipeline with its templates filled in, for each value that a person may choose.

    Raises:
        UserError: a file is missing or not YAML.
    """
    reader = _Reader(root)
    for path in sorted((root / FOLDER).glob("*.yml")):
        label = path.relative_to(root).as_posix()
        content = reader.content(label)
        asked = {"parameters": content["parameters"]} if "parameters" in content else {}
        for parameters in _runs(content.get("parameters") or []):
            yield label, {**reader.expanded(label, content, {"parameters": parameters}), **asked}


def wrong_parameters(root: Path) -> Iterator[str]:
    """Yield each use of a template with parameters that it does not have, or without one that it needs.

    Raises:
        UserError: a file is missing or not YAML.
    """
    reader = _Reader(root)
    for path in sorted((root / FOLDER).rglob("*.yml")):
        label = path.relative_to(root).as_posix()
        for use in _uses(reader.content(label)):
            declared = reader.content(_template_path(label, use)).get("parameters") or []
            needed = {each["name"] for each in declared if "default" not in each}
            given = set(_keys(use.get("parameters") or {}))
            where = f"{label}: template {use['template']}"
            yield from (f"{where}: has no parameter {name!r}" for name in sorted(given - {e["name"] for e in declared}))
            yield from (f"{where}: parameter {name!r} is missing" for name in sorted(needed - given))


def _uses(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        if isinstance(node.get("template"), str):
            yield node
        node = list(node.values())
    if isinstance(node, list):
        for item in node:
            yield from _uses(item)


def _keys(parameters: Mapping[str, Any]) -> Iterator[str]:
    """Yield the names that are given, also below `if` and `else`."""
    for key, value in parameters.items():
        if expressions.EXPRESSION.fullmatch(key):
            yield from _keys(value)
        else:
            yield key


def _template_path(file: str, use: Mapping[str, Any]) -> str:
    name = str(use["template"])
    path = PurePosixPath(name.lstrip("/")) if name.startswith("/") else PurePosixPath(file).parent / name
    return path.as_posix()


def _read(reader: "_Reader", name: str, label: str) -> PipelineFile:
    content = reader.content(label)
    found = PipelineFile(name, label, paths=_pull_requests(content.get("pr")), cron=_cron(content))
    for parameters in _runs(content.get("parameters") or []):
        _collect(found, reader.expanded(label, content, {"parameters": parameters}))
    found.hosted = not found.pools or HOSTED in found.pools  # of jobs that name none, too
    found.pools.discard(HOSTED)
    for kind, used in found.uses():
        if "$" in used:
            raise UserError(f"{label}: {kind} {used!r} is refused: its name must be known before the run starts")
    return found


def _pull_requests(pr: Any) -> tuple[str, ...] | None:
    """Return the paths that `pr:` names; Azure Repos ignores it, a policy takes its place.

    >>> _pull_requests({"branches": {"include": ["main"]}, "paths": {"include": ["infra", "config/dev.yml"]}})
    ('/infra/*', '/config/dev.yml')
    >>> _pull_requests("none") is None
    True
    """
    if pr == "none":
        return None
    paths = (pr.get("paths") or {}).get("include") or [] if isinstance(pr, Mapping) else []
    return tuple(f"/{path}" if PurePosixPath(path).suffix or path.endswith("*") else f"/{path}/*" for path in paths)


def _cron(content: Mapping[str, Any]) -> str | None:
    """Return the schedule that starts most often: each hour rather than each day."""
    crons = [str(each["cron"]) for each in content.get("schedules") or []]
    return min(crons, key=lambda cron: cron.split()[1] != "*", default=None)


def _runs(parameters: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield the values of runtime parameters, for each combination that a person may choose."""
    choices = [(each["name"], each.get("values") or [each.get("default", "")]) for each in parameters]
    names = [name for name, _ in choices]
    return (dict(zip(names, run, strict=True)) for run in product(*(values for _, values in choices)))


class _Reader:
    """Reads files and fills in their templates; keeps what it has read."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._read: dict[str, dict[str, Any]] = {}

    def content(self, file: str) -> dict[str, Any]:
        """Return a file of the project."""
        if file not in self._read:
            self._read[file] = yaml_file.read(self._root / file, file)
        return self._read[file]

    def expanded(self, file: str, node: Any, scope: Scope) -> Any:
        """Return a part of a file with its expressions and templates filled in."""
        if isinstance(node, str):
            return expressions.filled(node, scope)
        if isinstance(node, list):
            return self._list(file, node, scope)
        if not isinstance(node, dict):
            return node
        result: dict[Any, Any] = {}
        open_: Any = True
        for key, value in node.items():
            if found := expressions.EXPRESSION.fullmatch(str(key)):
                scopes, open_ = _scopes(found[1], scope, open_)
                for inner in scopes:
                    part = self.expanded(file, value, inner)
                    result |= part if isinstance(part, dict) else {}
            else:
                result[key] = self.expanded(file, value, scope)
        return result

    def _list(self, file: str, items: list[Any], scope: Scope) -> list[Any]:
        result: list[Any] = []
        open_: Any = True
        for item in items:
            key = next(iter(item)) if isinstance(item, dict) and len(item) == 1 else ""
            if found := expressions.EXPRESSION.fullmatch(str(key)):
                scopes, open_ = _scopes(found[1], scope, open_)
                for inner in scopes:
                    part = self.expanded(file, item[key], inner)
                    result += part if isinstance(part, list) else [part]
            elif isinstance(item, dict) and "template" in item:
                result.append(self._template(file, self.expanded(file, item, scope)))
            else:
                result.append(self.expanded(file, item, scope))
        return result

    def _template(self, file: str, use: dict[str, Any]) -> Any:
        path = _template_path(file, use)
        content = self.content(path)
        parameters = {each["name"]: each.get("default", "") for each in content.get("parameters") or []}
        return self.expanded(path, content, {"parameters": {**parameters, **(use.get("parameters") or {})}})


def _scopes(expression: str, scope: Scope, open_: Any) -> tuple[list[Scope], Any]:
    """Return with which names a part counts, none if it does not, and whether an `else` after it would count."""
    word, _, rest = expression.partition(" ")
    if each := _EACH.fullmatch(expression):
        items = expressions.value(each[2], scope)
        pairs = [{"key": key, "value": value} for key, value in items.items()] if isinstance(items, dict) else items
        return [{**scope, each[1]: item} for item in pairs] if isinstance(pairs, list) else [], True
    if word not in ("if", "elseif", "else"):  # insert
        return [scope], True
    if word != "if" and open_ is False:
        return [], False
    condition = True if word == "else" else expressions.value(rest, scope)
    if condition is expressions.UNKNOWN:
        return [scope], open_ if word != "if" else True
    return ([scope], False) if condition else ([], True)


def _collect(found: PipelineFile, node: Any) -> None:
    if isinstance(node, list):
        for item in node:
            _collect(found, item)
    if not isinstance(node, dict):
        return
    if "deployment" in node and (environment := node.get("environment")):
        name = environment["name"] if isinstance(environment, dict) else environment
        found.environments.add(str(name).partition(".")[0])
    if pool := node.get("pool"):
        name = pool.get("name", HOSTED) if isinstance(pool, dict) else pool
        found.pools.add(str(name))
    inputs = node.get("inputs")
    if isinstance(inputs, dict):
        found.connections |= {str(inputs[key]) for key in _CONNECTIONS if inputs.get(key)}
    resources = node.get("resources")
    if isinstance(resources, dict):
        others = resources.get("repositories") or []
        found.repositories |= {str(each["name"]).rpartition("/")[2] for each in others if each.get("type") == "git"}
    for value in node.values():
        _collect(found, value)
