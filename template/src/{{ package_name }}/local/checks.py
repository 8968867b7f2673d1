"""The checks of `mlops check`: each problem that can be seen before a run, in words.

What they pass, `mlops run` does not refuse for configuration or data.
"""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from .. import data, models, suitability
from ..config.environment import ENVIRONMENTS
from ..config.environment import load as load_environment
from ..config.environment import load_all as load_environments
from ..config.project import ProjectConfig
from ..config.project import load as load_config
from ..errors import Finding, UserError
from ..figures import plural
from ..paths import Project
from ..pipeline import load
from ..records import Contract
from . import lifecycle

if TYPE_CHECKING:
    import pandas as pd

Result = TypeVar("Result")
IDS = "ids of training and production data, which `mlops retrain` reads together"


def all_checks(project: Project) -> Iterator[Finding]:
    """Yield the outcome of each check; one that depends on a failed one is left out."""
    config, problem = _attempt(lambda: load_config(project.config_path))
    yield Finding("config/project.yml", problem or (models.problem(config) if config else None))
    yield from _environments(project.root / "config")
    training, fault = _attempt(lambda: load.load(project, project.pipeline))
    yield Finding(project.relative(project.pipeline), fault)
    if config is None or training is None:
        return
    path = project.root / str(training.inputs["data"].default)
    findings = [_finding(project.relative(path), partial(_training_data, path, config))]
    yield findings[0]
    windows, problem = _attempt(partial(lifecycle.windows, project))
    champion, _ = _attempt(lambda: Contract.load(lifecycle.current(project).model))
    ignored = tuple(f"left out: {entry}" for entry in data.left_out(project.production))
    if problem or ignored:
        yield Finding(project.relative(project.production), problem, ignored)
    for file in windows or ():
        findings.append(_finding(project.relative(file), partial(_window, file, config, champion)))
        yield findings[-1]
    if windows and not any(found.problem for found in findings):
        yield Finding(IDS, _repeated_id(project, [*data.files(path), *windows], config))


def _environments(folder: Path) -> Iterator[Finding]:
    findings = []
    for name in ENVIRONMENTS:
        findings.append(Finding(f"config/{name}.yml", _attempt(partial(load_environment, folder / f"{name}.yml"))[1]))
        yield findings[-1]
    if not any(found.problem for found in findings):
        yield Finding("config/{dev,staging,prod}.yml agree", _attempt(partial(load_environments, folder))[1])


def _training_data(path: Path, config: ProjectConfig) -> tuple[str, ...]:
    """Do what the steps before the fit do, without writing anything."""
    from ..steps import prep, validate_data

    frame, quality = validate_data.inspect(path, config)
    if quality.errors:
        raise UserError("\n".join(quality.errors))
    train, holdout = prep.divide(frame, config)
    if problem := suitability.problem(config, train, holdout):
        raise UserError(problem)
    return (*quality.warnings, *_slices_without_rows(holdout, config))


def _slices_without_rows(holdout: "pd.DataFrame", config: ProjectConfig) -> Iterator[str]:
    for name in config.slices:
        counted = int((holdout[name].value_counts(dropna=False) >= config.gate.slice_rows).sum())
        if counted < 2:
            yield (
                f"slices: {name!r} has {plural(counted, 'value')} with at least {config.gate.slice_rows} held-out rows"
                " (gate.slice_rows): its gap cannot be measured"
            )


def _window(file: Path, config: ProjectConfig, champion: Contract | None) -> tuple[str, ...]:
    frame, target = data.read(file, config, require_target=False), config.columns.target
    if not len(frame):
        return ("holds no row",)
    if champion is None or champion.target != target or target not in frame:
        return ()
    from ..monitoring.quality import unknown_sentence

    strange = unknown_sentence(frame[target], champion.classes)
    return (
        (f"column {target!r}: {strange}; correct a misspelt label; `mlops retrain` learns a new class",)
        if strange
        else ()
    )


def _repeated_id(project: Project, files: list[Path], config: ProjectConfig) -> str | None:
    """Return the first id that two of the files share, None without one."""
    import pandas as pd

    column = config.columns.id
    if not column:
        return None
    known = pd.concat(
        {project.relative(file): data.read(file, config, require_target=False)[column] for file in files},
        names=["file", "row"],
    ).reset_index("file")
    again = known[known[column].duplicated()]
    if again.empty:
        return None
    identity, file = again.iloc[0][column], again.iloc[0]["file"]
    first = known.loc[known[column] == identity, "file"].iloc[0]
    return (
        f"columns.id: {column!r} is {identity!r} in {first} and in {file} ({len(again):,} such rows): each id must be"
        " unique, so a retraining would be refused; give later rows ids of their own, or leave columns.id out"
    )


def _attempt(action: Callable[[], Result]) -> tuple[Result | None, str | None]:
    try:
        return action(), None
    except UserError as error:
        return None, str(error)


def _finding(name: str, action: Callable[[], tuple[str, ...]]) -> Finding:
    warnings, problem = _attempt(action)
    return Finding(name, problem, warnings or ())
