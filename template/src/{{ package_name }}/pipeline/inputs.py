"""The values of a run's inputs, and the key of each step: equal keys mean equal code, inputs and parameters."""

import difflib
import sys
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from ..errors import UserError
from ..paths import Project
from .digests import Digests, key_of
from .graph import FILES, FOLDERS, Graph, Port, Scalar, Step

LOCK = Path("requirements", "train.lock.txt")

Values = dict[str, Path | Scalar]


def resolve(project: Project, graph: Graph, inputs: Mapping[str, object]) -> Values:
    """Return the pipeline's inputs as absolute paths and literals: from `inputs` (None: not given), else the defaults.

    Raises:
        UserError: an input is unknown, missing, of another type or out of range, or its path does not exist.
    """
    for name in inputs:
        if name not in graph.inputs:
            close = difflib.get_close_matches(name, graph.inputs, 1)
            meant = f"did you mean {close[0]!r}?" if close else f"it has {', '.join(graph.inputs) or 'none'}"
            raise UserError(f"{graph.pipeline}: has no input {name!r}; {meant}")
    found: Values = {}
    for name, port in graph.inputs.items():
        where = f"{graph.pipeline}: input {name!r}"
        given = inputs.get(name)
        if given is None and port.default is None:
            if port.optional:
                continue
            raise UserError(f"{where}: has no local default; give a path or a value for it")
        if port.is_literal:
            found[name] = port.parse(port.default if given is None else given, where)
        else:
            path = project.root / str(port.default) if given is None else Path(str(given)).expanduser().absolute()
            found[name] = _existing(port, path, where)
    for step in graph.steps:
        for name, binding in step.bindings.items():
            value = found.get(binding.input) if binding.input else None
            if value is not None and not isinstance(value, Path):
                step.inputs[name].parse(value, f"{graph.pipeline}: input {binding.input!r}")
    return found


def external_input(step: Step, name: str, given: Values) -> Path | Scalar | None:
    """Return the value of an input that no other step feeds; None for an optional one that is absent."""
    binding = step.bindings.get(name)
    value = None if binding is None else given.get(binding.input) if binding.input else binding.value
    return step.inputs[name].default if value is None else value


def step_keys(project: Project, graph: Graph, given: Values, digests: Digests) -> dict[str, str]:
    """Return step -> key. The key of a step contains those of the steps it reads from, so nothing needs to run.

    Raises:
        UserError: a file of the code or of an input cannot be read.
    """
    environment = [".".join(map(str, sys.version_info[:2]))]
    if (project.root / LOCK).is_file():
        environment.append(digests.tree(project.root / LOCK))
    paths = {value: digests.tree(value) for value in given.values() if isinstance(value, Path)}
    code = {folder: digests.tree(project.root / folder) for folder in {step.code for step in graph.steps}}
    found: dict[str, str] = {}
    for step in graph.steps:
        inputs: dict[str, object] = {}
        for name in step.inputs:
            binding = step.bindings.get(name)
            if binding is not None and binding.step:
                inputs[name] = [found[binding.step], binding.output]
            else:
                value = external_input(step, name, given)
                inputs[name] = paths[value] if isinstance(value, Path) else value
        found[step.name] = key_of([asdict(step), code[step.code], environment, inputs])
    return found


def _existing(port: Port, path: Path, where: str) -> Path:
    if not path.exists():
        raise UserError(f"{where}: {path}: no such file or folder")
    if port.type in FILES and path.is_dir():
        raise UserError(f"{where}: {path}: is a folder; {port.type} needs a file")
    if port.type in FOLDERS and path.is_file():
        raise UserError(f"{where}: {path}: is a file; {port.type} needs a folder")
    return path
