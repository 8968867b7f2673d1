"""The operations on this machine, each in one call: train, retrain, score, monitor, report."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import UserError
from ..files import atomic_write, read_json, write_json
from ..paths import Project
from ..pipeline import runner, runs
from . import registry, training_data, turn
from .gathered import Gathered, clear, gather
from .registry import Champion
from .windows import arrived_windows

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
    from ..data_folder import files

    given = files(data) if data else []  # names the user's own path if it cannot be used
    with turn.hold(project):
        gathered = gather(project, given) if data and data.is_file() else None
        folder = gathered.folder if gathered else data.resolve() if data else None
        return _train(project, folder, gathered, override, isolated, force, on_event)


def _train(
    project: Project,
    data: Path | None,
    gathered: Gathered | None,
    override: str | None,
    isolated: bool = False,
    force: bool = False,
    on_event: OnEvent | None = None,
) -> Trained:
    """Do the work of `train` while no other command does; its messages name the user's files, not the gathered ones."""
    clear(project, keep=gathered)
    inputs: dict[str, object] = {}
    if data:
        inputs["data"] = data
    if override:
        inputs["override_reason"] = override
    try:
        return _run(project, inputs, isolated, force, on_event)
    except UserError as error:
        if gathered:
            error.args = (gathered.in_users_words(project, str(error)),)
        raise


def _run(project: Project, inputs: dict[str, object], isolated: bool, force: bool, on_event: OnEvent | None) -> Trained:
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
        "inputs": _recorded(project, inputs),
        "version": champion.version,
        "digest": champion.digest,
    }
    write_json(_memory(project), content)


def _recorded(project: Project, inputs: Mapping[str, object]) -> dict[str, str]:
    """Return inputs as text that holds in any place that the project is moved to."""
    return {name: project.relative(value) if isinstance(value, Path) else str(value) for name, value in inputs.items()}


def _finished(project: Project, inputs: Mapping[str, object], champion: Champion) -> runner.RunResult | None:
    """Return the run that made the champion, if the same inputs would make it again and all its outputs are there."""
    try:
        memory = read_json(_memory(project))
        if (memory["version"], memory["digest"]) != (champion.version, champion.digest):
            return None
        result = runs.load(project, project.root / memory["run"] / "run.json")
        recorded = dict(memory["inputs"])
    except (UserError, KeyError):
        return None
    given = dict(inputs)
    if former := recorded.pop("champion", None):  # the one that this run was compared with
        given["champion"] = project.root / former
    if recorded != _recorded(project, inputs) or (former and not (project.root / former).exists()):
        return None
    if any(not path.exists() for step in result.steps for path in (step.outputs or {}).values()):
        return None
    return result if runner.plan(project, project.pipeline, given) == result.keys else None


def retrain(
    project: Project,
    arrived: Sequence[Path] = (),
    *,
    override: str | None = None,
    on_event: OnEvent | None = None,
) -> Trained:
    """Train again, with more data than the champion knows, back through the same gate.

    Args:
        project: whose model to retrain.
        arrived: labelled data files; default: as `training_data` chooses.
        override: reason for letting a refused challenger through.
        on_event: receives the progress of the steps.
    """
    sources = training_data.sources(project, arrived)
    with turn.hold(project):
        gathered = gather(project, sources)
        return _train(project, gathered.folder, gathered, override, on_event=on_event)


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
        UserError: there is none.
    """
    return arrived_windows(project, "or name one with --data")[-1]


def sample_request(project: Project, count: int) -> dict[str, Any]:
    """Return a scoring request made of the first rows of the newest production file that has rows.

    Raises:
        UserError: no file has rows.
    """
    from .. import data
    from ..config.project import load
    from ..records import Contract
    from ..scoring.samples import sendable
    from ..scoring.smoke import rows_of

    contract = Contract.load(current(project).model)
    config = load(project.config_path)
    for file in reversed(arrived_windows(project, "or give a request with --file")):
        frame = sendable(contract, data.read(file, config, require_target=False))
        if not frame.empty:
            return {"data": rows_of(contract, frame.head(count))}
    raise UserError(f"{project.relative(project.production)}: no file has rows to send; give a request with --file")


def score(project: Project, source: Path, output: Path, mini_batch_size: int | None = None) -> "Summary":
    """Score files with the champion as the batch deployment does; `mini_batch_size` by default as `batch` has it."""
    from ..scoring.batch import MINI_BATCH, score_folder

    champion = current(project)
    return score_folder(
        project,
        champion.model,
        source,
        output,
        mini_batch_size=MINI_BATCH if mini_batch_size is None else mini_batch_size,
        name=champion.name,
        version=champion.version,
    )


def monitor(project: Project, production: Path) -> "Monitor":
    """Compare a window of data with the data that the champion learned from; write outputs/monitor/<window>/."""
    from ..monitoring import monitor

    champion = current(project)
    window = Path(os.path.normpath(production.absolute())).name.split(".")[0]
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
