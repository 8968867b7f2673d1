"""Compare a production window with the data that the model learned from: quality, drift, predictions, performance.

One definition for the laptop (`mlops monitor`) and for an Azure ML component: `python -m <package>.monitoring.monitor`.
Outputs are monitor.json and monitor.html; a breach ends the run with exit code 4 after both are written.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import pandas as pd

from .. import data, entry, models, predictions
from ..config.project import ProjectConfig, load
from ..errors import BreachError, UserError
from ..files import atomic_write
from ..records import Feature, Metrics, Monitor, Performance, Signal, Slices
from ..reporting.html import number, percent, plural
from ..reporting.monitor_page import monitor_page
from . import signals
from .drift import drift
from .performance import labelled, performance, slice_gaps
from .quality import column_quality, duplicate_ids


@dataclass(frozen=True)
class Settings:
    """Inputs and outputs; without `window` the name of the data file or folder names the window."""

    config: Annotated[Path, "config/project.yml"]
    evaluation: Annotated[Path, "output folder of the evaluate step: reference.parquet and metrics.json"]
    model: Annotated[Path, "the model's folder"]
    production: Annotated[Path, "data that arrived later; the target may be absent or partly filled"]
    out: Annotated[Path, "folder for monitor.json and monitor.html"]
    window: Annotated[str | None, "name of the window, such as 2013-07"] = None


def evaluate_window(
    reference: pd.DataFrame,
    production: pd.DataFrame,
    model: models.Model,
    config: ProjectConfig,
    *,
    window: str = "production",
    holdout_metric: float | None = None,
) -> Monitor:
    """Judge one window of production rows.

    Args:
        reference: rows that the model learned from, as in reference.parquet: the features and `prediction`.
        production: later rows in canonical dtypes (see `data`): the features, the id, and the target where known.
        model: predicts the production rows; its contract knows the ranges and categories of all training rows.
        config: columns and limits.
        window: name of the window.
        holdout_metric: the project's metric on the holdout of the training run, shown beside the new one.
    """
    limits = config.monitoring
    rows = {
        "reference": len(reference),
        "production": len(production),
        "repeated_ids": duplicate_ids(production, config.columns.id) if config.columns.id else 0,
    }
    thresholds = {**limits.model_dump(), "metric_name": config.metric.name, "direction": config.metric.direction}
    if len(production) < limits.minimum_rows:
        missing = f"{plural(len(production), 'row')} arrived, {limits.minimum_rows:,} are needed for a judgement"
        return Monitor(window, "too_few_rows", rows, thresholds, notes=(missing,))
    features = tuple(
        _judge(name, kind, before, after, config, model.contract.feature(name))
        for name, kind, before, after in signals.signals(reference, production, config)
    )
    # An infinite value counts as out of range above; a model takes it for a missing one or not at all.
    production = production.replace([np.inf, -np.inf], np.nan)
    answers = predictions.predict(model, production)
    kind = "numeric" if config.task == "regression" else "categorical"
    name = predictions.PREDICTION
    prediction = _judge(name, kind, reference[name], answers[name], config)
    table = labelled(production, answers, config)
    measured, gaps, notes = _performance(table, config, model.contract.classes, holdout_metric)
    if rows["repeated_ids"]:
        # Not a breach: the same row may rightly be asked about twice. It does weigh twice in every figure.
        repeated = plural(rows["repeated_ids"], "row repeats", "rows repeat")
        notes.append(f"{repeated} the {config.columns.id} of an earlier row")
    breaches = [sentence for signal in (*features, prediction) for sentence in signal.breaches]
    breaches += _performance_breaches(measured, gaps)
    status: Literal["ok", "breach"] = "breach" if breaches else "ok"
    return Monitor(
        window, status, rows, thresholds, features, prediction, measured, gaps, tuple(breaches), tuple(notes)
    )


def monitor(settings: Settings) -> Monitor:
    """Read the inputs, judge the window, write monitor.json and monitor.html to `settings.out`.

    Raises:
        UserError: a file is missing or does not fit.
    """
    config = load(settings.config)
    try:
        reference = pd.read_parquet(settings.evaluation / "reference.parquet")
    except FileNotFoundError as error:
        raise UserError(
            f"{error.filename}: no such file; --evaluation is the output folder of the evaluate step"
        ) from None
    metrics = Metrics.load(settings.evaluation)
    model = models.load(settings.model)
    known = model.contract.names
    new = [f"it has not learned from column {name!r}" for name in config.columns.features if name not in known]
    if problem := config.mismatch(model.contract) or next(iter(new), None):
        raise UserError(f"config/project.yml has changed since the model was trained: {problem}; train it again first")
    production = data.read(settings.production, config, require_target=False)
    result = evaluate_window(
        reference,
        production,
        model,
        config,
        window=settings.window or settings.production.name.split(".")[0],
        holdout_metric=metrics.challenger.get(config.metric.name),
    )
    result.save(settings.out)
    atomic_write(settings.out / "monitor.html", monitor_page(result))
    return result


def main(argv: Sequence[str] | None = None) -> None:
    """Run as a component.

    Raises:
        BreachError: a limit is broken; outputs are written before.
        UserError: an input is missing or does not fit.
    """
    result = monitor(entry.settings(Settings, argv))
    if result.status == "breach":
        raise BreachError(
            f"{result.window}: {plural(len(result.breaches), 'limit')} broken: {'; '.join(result.breaches)}"
        )


def _judge(
    name: str, kind: str, before: pd.Series, after: pd.Series, config: ProjectConfig, known: Feature | None = None
) -> Signal:
    """Judge one signal of both windows; without `known` (a prediction) only its distribution can break a limit."""
    limits = config.monitoring
    moved = drift(before, after, kind)
    quality = column_quality(before, after, kind, known)
    breaches = []
    if (
        moved.psi is not None
        and moved.p_value is not None
        and moved.psi > limits.psi
        and moved.p_value < limits.p_value
    ):
        breaches.append(f"{name}: PSI {number(moved.psi)} is above {number(limits.psi)}")
    if quality.missing_production - quality.missing_reference > limits.missing:
        breaches.append(
            f"{name}: {percent(quality.missing_production)} of rows have no value,"
            f" {percent(quality.missing_reference)} in training (a rise of {percent(limits.missing)} is allowed)"
        )
    if known is not None and quality.unseen is not None and quality.unseen > limits.unseen:
        examples = ", ".join(repr(value) for value in quality.unseen_examples)
        breaches.append(
            f"{name}: {percent(quality.unseen)} of rows hold a category never seen in training, such as {examples} "
            f"({percent(limits.unseen)} is allowed)"
        )
    if known is not None and quality.out_of_range is not None and quality.out_of_range > limits.out_of_range:
        breaches.append(
            f"{name}: {percent(quality.out_of_range)} of rows lie outside the range seen in training "
            f"({percent(limits.out_of_range)} is allowed)"
        )
    return Signal(name=name, kind=kind, **asdict(moved), **asdict(quality), breaches=tuple(breaches))


def _performance(
    table: pd.DataFrame, config: ProjectConfig, classes: Sequence[str] | None, holdout_metric: float | None
) -> tuple[Performance | None, Slices | None, list[str]]:
    """Return metric and slices of the labelled rows, or a note why there are none."""
    needed = config.monitoring.minimum_rows
    if len(table) < needed:
        have = plural(len(table), "row has", "rows have")
        return None, None, [f"{have} a true value; {needed:,} are needed to judge performance"]
    measured = performance(table, config, classes, holdout_metric)
    if measured is None:
        problem = f"{config.metric.name} is not defined on these rows, for example because all are of one class"
        return None, None, [problem]
    return measured, slice_gaps(table, config, classes), []


def _performance_breaches(measured: Performance | None, gaps: Slices | None) -> list[str]:
    found = []
    if measured is not None and measured.breach:
        side = "above" if measured.value > measured.limit else "below"
        rows = plural(measured.rows, "labelled row")
        found.append(f"{measured.metric}: {number(measured.value)} on {rows} is {side} {number(measured.limit)}")
    if gaps is not None:
        for name, column in gaps.columns.items():
            if column.gap > gaps.limit:
                gap, limit = number(column.gap), number(gaps.limit)
                found.append(f"{gaps.metric} by {name}: the gap between slices of {gap} is above {limit}")
    return found


if __name__ == "__main__":
    entry.run(main)
