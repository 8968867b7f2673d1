"""The pipelines of .azuredevops/: which connections, environments, pools and repositories each one uses, and its start.

Azure DevOps makes a run wait until its pipeline is authorised for all of them. Names are fixed before a run starts, so
they can be read here: templates are filled in with their parameters, a runtime parameter with each of its `values`, and
of a condition all branches count.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path, PurePosixPath
from typing import Any

from ..config import yaml_file
from ..errors import UserError

FOLDER = ".azuredevops"
HOSTED = "Azure Pipelines"
_EXPRESSION = re.compile(r"\$\{\{\s*(.*?)\s*\}\}")
_EACH = re.compile(r"each (\w+) in ([\w.]+)")
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
        cron: its first schedule, in UTC.
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
    return [_read(root, path) for path in sorted((root / FOLDER).glob("*.yml"))]


def _read(root: Path, path: Path) -> PipelineFile:
    label = path.relative_to(root).as_posix()
    content = yaml_file.read(path, label)
    found = PipelineFile(path.stem, label, paths=_pull_requests(content.get("pr")), cron=_cron(content))
    for parameters in _runs(content.get("parameters") or []):
        _collect(found, _expanded(root, label, content, {"parameters": parameters}))
    found.hosted = not found.pools or HOSTED in found.pools  # of jobs that name none, too
    found.pools.discard(HOSTED)
    for kind, name in found.uses():
        if "$" in name:
            raise UserError(f"{label}: {kind} {name!r} is refused: its name must be known before the run starts")
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
    schedules = content.get("schedules") or []
    return str(schedules[0]["cron"]) if schedules else None


def _runs(parameters: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield the values of runtime parameters, for each combination that a person may choose."""
    choices = [(each["name"], each.get("values") or [each.get("default", "")]) for each in parameters]
    names = [name for name, _ in choices]
    return (dict(zip(names, run, strict=True)) for run in product(*(values for _, values in choices)))


def _expanded(root: Path, file: str, node: Any, scope: Mapping[str, Any]) -> Any:
    """Return a part of a file with its expressions and templates filled in."""
    if isinstance(node, str):
        return _filled(node, scope)
    if isinstance(node, list):
        return [each for item in node for each in _items(root, file, item, scope)]
    if not isinstance(node, dict):
        return node
    result: dict[Any, Any] = {}
    for key, value in node.items():
        if found := _EXPRESSION.fullmatch(str(key)):  # `if`, `elseif`, `else`, `each`, `insert`
            for inner in _scopes(found[1], scope):
                part = _expanded(root, file, value, inner)
                if isinstance(part, dict):
                    result |= part
        else:
            result[key] = _expanded(root, file, value, scope)
    return result


def _items(root: Path, file: str, item: Any, scope: Mapping[str, Any]) -> Iterator[Any]:
    if isinstance(item, dict) and len(item) == 1:
        (key, value) = next(iter(item.items()))
        if found := _EXPRESSION.fullmatch(str(key)):
            for inner in _scopes(found[1], scope):
                part = _expanded(root, file, value, inner)
                yield from part if isinstance(part, list) else [part]
            return
    if isinstance(item, dict) and "template" in item:
        given = _expanded(root, file, item.get("parameters") or {}, scope)
        yield _template(root, file, _filled(str(item["template"]), scope), given)
        return
    yield _expanded(root, file, item, scope)


def _template(root: Path, file: str, name: str, given: dict[str, Any]) -> Any:
    path = PurePosixPath(name.lstrip("/")) if name.startswith("/") else PurePosixPath(file).parent / name
    content = yaml_file.read(root / path, path.as_posix())
    parameters = {each["name"]: each.get("default", "") for each in content.get("parameters") or []}
    return _expanded(root, path.as_posix(), content, {"parameters": {**parameters, **given}})


def _scopes(expression: str, scope: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    each = _EACH.fullmatch(expression)
    if each is None:
        yield scope
        return
    items = _value(each[2], scope)
    pairs = [{"key": key, "value": value} for key, value in items.items()] if isinstance(items, dict) else items
    for item in pairs if isinstance(pairs, list) else []:
        yield {**scope, each[1]: item}


def _filled(text: str, scope: Mapping[str, Any]) -> Any:
    """Return a text with the values of its expressions; those that are no plain name stay.

    >>> _filled("a-${{ parameters.env }}", {"parameters": {"env": "dev"}})
    'a-dev'
    >>> _filled("${{ parameters.pool }}", {"parameters": {"pool": {"name": "p"}}})
    {'name': 'p'}
    """
    if whole := _EXPRESSION.fullmatch(text):
        found = _value(whole[1], scope)
        return text if found is None else found
    return _EXPRESSION.sub(lambda match: match[0] if (found := _value(match[1], scope)) is None else str(found), text)


def _value(name: str, scope: Mapping[str, Any]) -> Any:
    value: Any = scope
    for part in name.split("."):
        if not isinstance(value, Mapping) or part not in value:
            return None
        value = value[part]
    return value


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
