"""The checks of `mlops check`: each problem that can be seen before a run, in words.

`mlops run` does not refuse configuration or data that they pass.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from .. import content, data, data_folder, dataset, models, suitability
from ..azure.checking import checks as azure
from ..config import environment
from ..config.project import ProjectConfig
from ..config.project import load as load_config
from ..dataset import Dataset
from ..errors import Finding, UserError
from ..figures import plural
from ..infra import agreement
from ..paths import Project
from ..pipeline import load
from ..records import Contract
from . import disks, followed, lifecycle, template_edits, traffic
from . import windows as arrived

if TYPE_CHECKING:
    import pandas as pd

Result = TypeVar("Result")
IDS = f"ids of training and production data, which `{followed.READER}` reads together"


def all_checks(project: Project) -> Iterator[Finding]:
    """Yield the outcome of each check; one that depends on a failed one is left out."""
    if marked := template_edits.unsettled(project.root):
        advice = "keep what is right, delete the marks, commit"
        yield Finding("conflicts of an update", f"{', '.join(marked)}: both versions stand between marks: {advice}")
    config, problem = _attempt(lambda: load_config(project.config_path))
    yield Finding("config/project.yml", problem or (models.problem(config) if config else None))
    yield from _environments(project)
    training, fault = _attempt(lambda: load.load(project, project.pipeline))
    yield Finding(project.relative(project.pipeline), fault)
    if config is None or training is None:
        return
    path = project.root / str(training.inputs["data"].default)
    found, problem = _attempt(partial(_training_data, path, config))
    known, warnings = found or (None, ())
    yield Finding(project.relative(path), problem, warnings)
    if known and (narrow := tuple(disks.warnings(project, _amounts(path, known, config)))):
        yield Finding(f"{project.relative(path)} on the machines of jobs", None, narrow)
    datasets = [_ids(known, config)]
    windows, problem = _attempt(partial(arrived.windows, project))
    champion, _ = _attempt(lambda: Contract.load(lifecycle.current(project).model))
    ignored = tuple(f"left out: {entry}" for entry in data_folder.left_out(project.production))
    if problem or ignored:
        yield Finding(project.relative(project.production), problem, ignored)
    newest: pd.DataFrame | None = None
    for file in windows or ():
        window, problem = _attempt(partial(data.read_dataset, file, config, require_target=False))
        notes = () if window is None else _about_window(window, config, champion)
        yield Finding(project.relative(file), problem, notes)
        datasets.append(_ids(window, config))
        newest = None if window is None else window.frame
    if (rate := config.serving.requests_per_second) is not None:
        yield traffic.finding(rate, champion, newest)
    read = [each for each in datasets if each is not None]
    if windows and len(read) == len(datasets):
        yield Finding(IDS, _repeated_ids(project, read, config))
    yield from followed.findings(project, config)


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
        if configs is not None and not lines:
            yield from azure.findings(project)


def _training_data(path: Path, config: ProjectConfig) -> tuple[Dataset, tuple[str, ...]]:
    """Do what the steps before the fit do, without writing anything; return the data and the warnings."""
    from ..steps import prep, validate_data

    found, quality = validate_data.inspect(path, config)
    if quality.errors:
        raise UserError("\n".join(quality.errors))
    train, holdout = prep.divide(found.frame, config)
    if problem := suitability.problem(config, train, holdout):
        raise UserError(problem)
    return found, (*quality.warnings, *_slices_without_rows(content.derive(holdout, config), config))


def _amounts(path: Path, found: Dataset, config: ProjectConfig) -> disks.Amounts:
    size = sum(file.stat().st_size for file in data_folder.files(path))
    return disks.Amounts(size, content.packed_bytes(found.frame, config))


def _slices_without_rows(holdout: "pd.DataFrame", config: ProjectConfig) -> Iterator[str]:
    for name in config.slices:
        counted = int((holdout[name].value_counts(dropna=False) >= config.gate.slice_rows).sum())
        if counted < 2:
            yield (
                f"slices: {name!r} has {plural(counted, 'value')} with at least {config.gate.slice_rows} held-out rows"
                " (gate.slice_rows): its gap cannot be measured"
            )


def _ids(found: Dataset | None, config: ProjectConfig) -> Dataset | None:
    """Return data without all columns but the id, so that those of many files fit into memory."""
    names = [name for name in (config.columns.id,) if name]
    return found and replace(found, frame=found.frame[names])


def _about_window(window: Dataset, config: ProjectConfig, champion: Contract | None) -> tuple[str, ...]:
    """Return warnings about the rows of a window: none there, or labels that the champion has never seen."""
    frame, target = window.frame, config.columns.target
    if frame.empty:
        return ("holds no row",)
    if champion is None or champion.target != target or target not in frame:
        return ()
    strange = suitability.unknown_sentence(frame[target], champion.classes)
    return (
        (f"column {target!r}: {strange}; correct a misspelt label; `mlops retrain` learns a new class",)
        if strange
        else ()
    )


def _repeated_ids(project: Project, datasets: Sequence[Dataset], config: ProjectConfig) -> str | None:
    column = config.columns.id
    found = column and dataset.repeated_ids(datasets, column, project.relative)
    if not found:
        return None
    return (
        f"columns.id: {column!r}: each id must be unique; {found}: `{followed.READER}` would refuse them; give later"
        " rows ids of their own, or leave columns.id out"
    )


def _attempt(action: Callable[[], Result]) -> tuple[Result | None, str | None]:
    try:
        return action(), None
    except UserError as error:
        return None, str(error)
