"""The checks of `mlops check`: each problem that can be seen before a run, in words.

What they pass, `mlops run` does not refuse for configuration or data.
"""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from .. import data, models, suitability
from ..config import environment
from ..config.project import ProjectConfig
from ..config.project import load as load_config
from ..errors import Finding, UserError
from ..infra import agreement
from ..paths import Project
from ..pipeline import load
from . import lifecycle

if TYPE_CHECKING:
    import pandas as pd

Result = TypeVar("Result")
IDS = "ids of training and production data, which `mlops retrain` reads together"


def all_checks(project: Project) -> Iterator[Finding]:
    """Yield the outcome of each check; one that depends on a failed one is left out."""
    config, problem = _attempt(lambda: load_config(project.config_path))
    yield Finding("config/project.yml", problem or (models.problem(config) if config else None))
    yield from _environments(project)
    training, fault = _attempt(lambda: load.load(project, project.pipeline))
    yield Finding(project.relative(project.pipeline), fault)
    if config is None or training is None:
        return
    path = project.root / str(training.inputs["data"].default)
    findings = [_finding(project.relative(path), partial(_training_data, path, config))]
    yield findings[0]
    windows, problem = _attempt(partial(lifecycle.windows, project))
    ignored = tuple(f"left out: {entry}" for entry in data.left_out(project.production))
    if problem or ignored:
        yield Finding(project.relative(project.production), problem, ignored)
    for file in windows or ():
        findings.append(_finding(project.relative(file), partial(_window, file, config)))
        yield findings[-1]
    if windows and not any(found.problem for found in findings):
        yield Finding(IDS, _repeated_id(project, [*data.files(path), *windows], config))


def _environments(project: Project) -> Iterator[Finding]:
    folder = project.root / "config"
    findings = []
    names = environment.names(folder)
    for name in names:
        findings.append(Finding(f"config/{name}.yml", _attempt(partial(environment.load, folder, name))[1]))
        yield findings[-1]
    if not any(found.problem for found in findings):
        configs, problem = _attempt(partial(environment.load_all, folder))
        yield Finding(f"{', '.join(names[:-1])} and {names[-1]} agree", problem)
        refused = [partial(agreement.refuse_disagreement, project, each) for each in (configs or {}).values()]
        lines = dict.fromkeys(line for each in refused for line in (_attempt(each)[1] or "").splitlines())
        yield Finding("config/ has what the tables of infra/ name", "\n".join(lines) or None)


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
                f"slices: {name!r} has {counted} values with at least {config.gate.slice_rows} held-out rows"
                " (gate.slice_rows): its gap cannot be measured"
            )


def _window(file: Path, config: ProjectConfig) -> tuple[str, ...]:
    frame = data.read(file, config, require_target=False)
    return () if len(frame) else ("holds no row",)


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
