"""The operations on this machine, each in one call: train, retrain, score, monitor, report."""

import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import UserError
from ..files import atomic_write, read_json, write_json
from ..paths import Project
from ..pipeline import load, runner, runs
from . import registry
from .registry import Champion

if TYPE_CHECKING:
    from ..records import Monitor
    from ..scoring.batch import Summary

OnEvent = Callable[[runner.Event], None]


@dataclass(frozen=True)
class Trained:
    """Outcome of a training run; `unchanged` if an earlier run of the same things had made the champion."""

    run: runner.RunResult
    champion: Champion
    unchanged: bool


def train(
    project: Project,
    *,
    data: Path | None = None,
    override: str | None = None,
    isolated: bool = False,
    force: bool = False,
    on_event: OnEvent | None = None,
) -> Trained:
    """Run azureml/pipelines/train.yml; a challenger that passes the gate becomes the champion.

    If code, data, configuration and champion are as a finished run left them, nothing is run again.

    Args:
        project: whose pipeline to run.
        data: file or folder to train on; default: as the pipeline says.
        override: reason for letting a refused challenger through.
        isolated: give every step a process of its own.
        force: run every step, whatever is known.
        on_event: receives the progress of the steps.

    Raises:
        UserError: something cannot be used, or the gate refused (its own class).
    """
    inputs: dict[str, object] = {}
    if data:
        inputs["data"] = _gather(project, [data], "run") if data.is_file() else data.resolve()
    if override:
        inputs["override_reason"] = override
    champion = registry.champion(project)
    if champion and not force and (earlier := _finished(project, inputs, champion)):
        return Trained(earlier, champion, unchanged=True)
    if champion:
        inputs["champion"] = champion.model
    result = runner.run(project, project.pipeline, inputs, isolated=isolated, force=force, on_event=on_event)
    promoted = registry.refresh(project)
    if promoted is None:
        raise UserError("outputs/mlflow: the registry has no champion although the run registered one; run again")
    _remember(project, result, inputs, promoted)
    return Trained(result, promoted, unchanged=False)


def _memory(project: Project) -> Path:
    return project.outputs / "runs" / "champion.json"


def _remember(project: Project, result: runner.RunResult, inputs: Mapping[str, object], champion: Champion) -> None:
    """Record which run, with which inputs, made the champion."""
    content = {
        "run": project.relative(result.folder),
        "inputs": {name: str(value) for name, value in inputs.items()},
        "version": champion.version,
        "digest": champion.digest,
    }
    write_json(_memory(project), content)


def _finished(project: Project, inputs: Mapping[str, object], champion: Champion) -> runner.RunResult | None:
    """Return the run that made the champion, if the same inputs would make it again and all its outputs are there."""
    try:
        memory = read_json(_memory(project))
        if (memory["version"], memory["digest"]) != (champion.version, champion.digest):
            return None
        result = runs.load(project, project.root / memory["run"] / "run.json")
    except (UserError, KeyError):
        return None
    asked = {name: str(value) for name, value in inputs.items()}
    if asked != {name: value for name, value in memory["inputs"].items() if name != "champion"}:
        return None
    if any(not path.exists() for step in result.steps for path in (step.outputs or {}).values()):
        return None
    same = runner.plan(project, project.pipeline, memory["inputs"]) == result.keys
    return result if same else None


def retrain(
    project: Project,
    arrived: Sequence[Path] = (),
    *,
    override: str | None = None,
    on_event: OnEvent | None = None,
) -> Trained:
    """Train on the original data and what arrived since, back through the same gate.

    Args:
        project: whose model to retrain.
        arrived: labelled data files; default: all of data/production.
        override: reason for letting a refused challenger through.
        on_event: receives the progress of the steps.
    """
    from ..data import files

    original = load.load(project, project.pipeline).inputs["data"].default
    folders = [project.root / str(original), *(arrived or [project.production])]
    sources = [file for folder in folders for file in files(folder)]
    return train(project, data=_gather(project, sources, "retrain"), override=override, on_event=on_event)


def _gather(project: Project, sources: Sequence[Path], name: str) -> Path:
    """Make one folder with all `sources`, as links where the disk can: the pipeline reads folders."""
    folder = project.outputs / "gathered" / name
    shutil.rmtree(folder, ignore_errors=True)
    try:
        folder.mkdir(parents=True)
        for number, source in enumerate(sources):
            target = folder / f"{number:03}-{source.name}"
            try:
                os.link(source, target)
            except OSError:  # another disk, or one without links
                shutil.copyfile(source, target)
    except OSError as error:
        raise UserError(f"{project.relative(folder)}: cannot be written: {error.strerror}") from None
    return folder


def current(project: Project) -> Champion:
    """Return the champion.

    Raises:
        UserError: there is none yet.
    """
    champion = registry.champion(project)
    if champion is None:
        raise UserError("no model has been registered yet; train one with `mlops run`")
    return champion


def newest(project: Project) -> Path:
    """Return the data file of data/production that is last by name.

    Raises:
        UserError: the folder is missing or holds none.
    """
    from .. import data

    return data.files(project.production)[-1]


def sample_request(project: Project, count: int) -> dict[str, Any]:
    """Return a scoring request made of the first rows of the newest production data."""
    from .. import data
    from ..config.project import load
    from ..records import Contract
    from ..scoring.smoke import rows_of

    contract = Contract.load(current(project).model)
    frame = data.read(newest(project), load(project.config_path), require_target=False)
    return {"data": rows_of(contract, frame.head(count))}


def score(project: Project, source: Path, output: Path, mini_batch_size: int = 1) -> "Summary":
    """Score files with the champion as the batch deployment does."""
    from ..scoring.batch import score_folder

    champion = current(project)
    return score_folder(
        project,
        champion.model,
        source,
        output,
        mini_batch_size=mini_batch_size,
        name=champion.name,
        version=champion.version,
    )


def monitor(project: Project, production: Path) -> "Monitor":
    """Compare a window of data with the data that the champion learned from; write outputs/monitor/<window>/."""
    from ..monitoring import monitor

    champion = current(project)
    window = production.name.split(".")[0]
    settings = monitor.Settings(
        config=project.config_path,
        evaluation=champion.evaluation,
        model=champion.model,
        production=production,
        out=project.outputs / "monitor" / window,
        window=window,
    )
    return monitor.monitor(settings)


def report(project: Project) -> Path:
    """Write outputs/report/index.html from the records under outputs/, and return its path.

    Raises:
        UserError: nothing to show yet, records of another version of this project, or the page cannot be written.
    """
    from ..reporting.report import report_page
    from .collect import collect

    inputs = collect(project)
    if not inputs.runs and not inputs.monitors:
        raise UserError(f"{project.relative(project.outputs)}: nothing to report yet; start with `mlops run`")
    path = project.outputs / "report" / "index.html"
    atomic_write(path, report_page(inputs))
    return path
