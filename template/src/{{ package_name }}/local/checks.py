"""The checks of `mlops check`: each problem that can be seen before a run, in words."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TypeVar

from .. import data
from ..config.environment import ENVIRONMENTS
from ..config.environment import load as load_environment
from ..config.environment import load_all as load_environments
from ..config.project import ProjectConfig
from ..config.project import load as load_config
from ..errors import UserError
from ..paths import Project
from ..pipeline import load

Result = TypeVar("Result")


def all_checks(project: Project) -> Iterator[tuple[str, str | None]]:
    """Yield the name and the problem (None without one) of each check; one that depends on a failed one is left out."""
    config, problem = _attempt(lambda: load_config(project.config_path))
    yield "config/project.yml", problem
    folder = project.root / "config"
    refused = False
    for name in ENVIRONMENTS:
        path = folder / f"{name}.yml"
        problem = _problem(partial(load_environment, path))
        refused = refused or problem is not None
        yield f"config/{name}.yml", problem
    if not refused:
        yield "config/{dev,staging,prod}.yml agree", _problem(partial(load_environments, folder))
    training, problem = _attempt(lambda: load.load(project, project.pipeline))
    yield project.relative(project.pipeline), problem
    if config and training:
        path = project.root / str(training.inputs["data"].default)
        yield project.relative(path), _problem(lambda: _check_data(path, config))
    if config and project.production.is_dir():
        for file in data.files(project.production):
            yield project.relative(file), _problem(partial(data.read, file, config, require_target=False))


def _check_data(path: Path, config: ProjectConfig) -> None:
    from ..steps.validate_data import inspect

    quality = inspect(path, config)
    if quality.errors:
        raise UserError("\n".join(quality.errors))


def _attempt(action: Callable[[], Result]) -> tuple[Result | None, str | None]:
    try:
        return action(), None
    except UserError as error:
        return None, str(error)


def _problem(action: Callable[[], object]) -> str | None:
    return _attempt(action)[1]
