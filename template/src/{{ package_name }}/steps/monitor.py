"""Scheduled step: compare what the model in service answered lately with the data that it learned from.

The outcome is a tag of the job, set last: ok, breach, too_few_rows or no_data. A job without it did not finish. A
breach is no failure of the job, nor are days without a row.
"""

import logging
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import pandas as pd

from .. import content, data, entry, models, tracking
from ..config.project import ProjectConfig, load
from ..errors import RowsError, UserError
from ..figures import plural
from ..files import atomic_write
from ..monitoring import arrived, kept
from ..monitoring.arrived import Arrived
from ..monitoring.monitor import CONFIDENCE, evaluate_window
from ..monitoring.tags import FIRST, MONITOR, OUTCOME, SIGNALS, WINDOW
from ..records import Metrics, Monitor, Outcome
from ..reporting.monitor_page import monitor_page

log = logging.getLogger(__name__)

NO_DATA = "no_data"
LONGEST = 250  # characters of a tag's value


@dataclass(frozen=True)
class Settings:
    """Inputs and outputs."""

    config: Annotated[Path, "config/project.yml"]
    model: Annotated[Path, "folder of the model in service"]
    production: Annotated[Path, "container with the rows that were asked about"]
    folder: Annotated[str, "its folder with collected requests, or with one folder of files a day"]
    ground_truth: Annotated[Path, "folder with true values by the id of the row"]
    window_days: Annotated[int, "days before this one whose rows are judged"]
    monitor: Annotated[str, "name of the monitor"]
    deployment: Annotated[str | None, "only requests to this deployment count"]
    report: Annotated[Path, "folder for monitor.json and monitor.html"]


def gather(settings: Settings, model: models.Model, end: datetime) -> Arrived | None:
    """Return the rows of the window that ends before `end`; None if nothing arrived.

    Raises:
        UserError: a file is damaged.
    """
    start, folder = end - timedelta(days=settings.window_days), settings.production / settings.folder
    if any((folder / name).is_dir() for name in arrived.COLLECTIONS):
        return arrived.collected(folder, start, end, model.contract, settings.deployment)
    return arrived.dated(folder, start.date(), end.date() - timedelta(days=1), model.contract)


def judge(found: Arrived, settings: Settings, config: ProjectConfig, model: models.Model, window: str) -> Monitor:
    """Compare the rows of a window with what the model carries of its training data.

    Raises:
        UserError: the model carries nothing, because an older version of this project registered it.
    """
    folder = settings.model / kept.FOLDER
    if not (folder / kept.REFERENCE).is_file():
        raise UserError(f"{folder / kept.REFERENCE}: no such file; register the model again with this version")
    rows, answers = found.rows, found.answers
    notes: list[str] = []
    if set(model.contract.names) <= set(rows):  # the inputs themselves: the model is asked again, for every probability
        answers = None
        with tempfile.TemporaryDirectory() as scratch:
            if found.answers is not None:
                rows = _canonical(rows, Path(scratch), model)
            rows = content.derive(rows, config)
        rows, notes = arrived.with_labels(rows, settings.ground_truth, config)
    try:
        result = _evaluated(rows, answers, folder, config, model, window)
    except RowsError as error:  # as in batch scoring, a row that cannot be used stops no other
        notes.append(f"{plural(len(error.rows), 'row')} left out: {error}")
        rows = rows.drop(index=rows.index[list(error.rows)])
        result = _evaluated(rows, answers, folder, config, model, window)
    if found.apart:
        notes.append(f"{found.apart} events left out: Azure stored their rows apart")
    return replace(result, notes=(*result.notes, *notes))


def _evaluated(
    rows: pd.DataFrame,
    answers: pd.DataFrame | None,
    folder: Path,
    config: ProjectConfig,
    model: models.Model,
    window: str,
) -> Monitor:
    """Compare rows with what `folder` holds of a model's training data.

    Raises:
        RowsError: the model is asked, and cannot use some of them.
    """
    present = [name for name in config.slices if name in rows]
    return evaluate_window(
        pd.read_parquet(folder / kept.REFERENCE),
        rows,
        model,
        config.model_copy(update={"slices": type(config.slices)(present)}),
        window=window,
        holdout_metric=Metrics.load(folder).challenger.get(config.metric.name),
        held_out=pd.read_parquet(folder / kept.HELD_OUT),
        answers=answers,
    )


def broken_signals(result: Monitor) -> list[str]:
    """Return the kinds of signals that broke a limit: quality, drift, predictions, performance, slices, bias."""
    found = set()
    for signal in result.features:
        for sentence in signal.breaches:
            found.add("predictions" if signal.name == CONFIDENCE else "drift" if ": PSI " in sentence else "quality")
    known = {sentence for signal in result.features for sentence in signal.breaches}
    if result.prediction and result.prediction.breaches:
        found.add("predictions")
        known |= set(result.prediction.breaches)
    for sentence in set(result.breaches) - known:
        if result.performance and sentence.startswith(f"{result.performance.metric}: "):
            found.add("performance")
        else:
            found.add("slices" if "between slices" in sentence else "bias")
    return sorted(found)


def main(argv: Sequence[str] | None = None) -> None:
    """Judge the window, write the report and set the tags of the job.

    Raises:
        UserError: an input is damaged or does not fit the model; the job fails then, without an outcome.
    """
    settings = entry.settings(Settings, argv)
    config, model = load(settings.config), models.load(settings.model)
    if problem := config.mismatch(model.contract):
        raise UserError(f"config/project.yml has changed since the model was trained: {problem}; train it again first")
    end = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    window = f"{end - timedelta(days=settings.window_days):%Y-%m-%d}_{end - timedelta(days=1):%Y-%m-%d}"
    tags = {MONITOR: settings.monitor, WINDOW: window}
    found = gather(settings, model, end)
    if found is None:
        sentence = f"{window}: no row arrived; the monitor begins with the first one"
        Outcome(sentence).save(settings.report)
        log.warning(sentence)
        tracking.tag_root({**tags, OUTCOME: NO_DATA})
        return
    result = judge(found, settings, config, model, window)
    result.save(settings.report)
    atomic_write(settings.report / "monitor.html", monitor_page(result))
    if result.breaches:
        tags |= {SIGNALS: ",".join(broken_signals(result)), FIRST: result.breaches[0][:LONGEST]}
    for sentence in (*result.breaches, *result.notes):
        log.warning(sentence)
    log.info("%s: %s", window, result.status)
    tracking.tag_root({**tags, OUTCOME: result.status})


def _canonical(rows: pd.DataFrame, scratch: Path, model: models.Model) -> pd.DataFrame:
    """Return collected rows in the dtypes that files have, so that one reader decides what a value means."""
    contract = model.contract
    names = [*contract.names, *([contract.id] if contract.id and contract.id in rows else [])]
    path = scratch / "rows.parquet"
    texts = rows[names].astype({name: str for name in names if name == contract.id})
    texts.to_parquet(path, index=False)
    return data.read_inputs(path, contract)


if __name__ == "__main__":
    entry.run(main)
