"""Compare a production window with the data that the model learned from: quality, drift, predictions, performance.

One definition for the laptop (`mlops monitor`) and for an Azure ML component: `python -m <package>.monitoring.monitor`.
Outputs are monitor.json and monitor.html; a breach ends the run with exit code 4 after both are written.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import pandas as pd

from .. import bias, content, data, entry, models, predictions
from ..config.project import ProjectConfig, load
from ..errors import BreachError, UserError
from ..figures import plural
from ..files import atomic_write
from ..observation import observe
from ..records import Bias, BiasBreach, Feature, Metrics, Monitor, Performance, Signal, Slices
from ..reporting.html import number, percent
from ..reporting.monitor_page import monitor_page
from ..suitability import unknown_sentence
from . import chance, signals
from .chance import holm
from .drift import drift
from .performance import gap_exceeds, labelled, performance, slice_gaps
from .quality import column_quality, duplicate_ids

SHOWN = 10  # breaches in a message; the others are counted
BEFORE, NOW = "training", "production"
CONFIDENCE = "confidence"


@dataclass(frozen=True)
class Settings:
    """Inputs and outputs; without `window` the name of the data file or folder names the window."""

    config: Annotated[Path, "config/project.yml"]
    evaluation: Annotated[
        Path, "output folder of the evaluate step: reference.parquet, predictions.parquet, metrics.json"
    ]
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
    held_out: pd.DataFrame | None = None,
    answers: pd.DataFrame | None = None,
) -> Monitor:
    """Judge one window of production rows.

    A figure of a signal breaks its limit only if chance does not explain it: its p-value, corrected for the number of
    tests on the signals (`chance.holm`), is below `monitoring.p_value`, which is then the rate of windows in which any
    signal breaks a limit falsely. The metric and the gaps between slices have the tests of `performance`, data bias
    has those of `bias`.

    Args:
        reference: rows that the model learned from, as in reference.parquet: the features and `prediction`.
        production: later rows in canonical dtypes (see `data`): the features, the id, and the target where known.
        model: predicts the production rows; its contract knows the ranges and categories of all training rows.
        config: columns and limits.
        window: name of the window.
        holdout_metric: the project's metric on the holdout of the training run, shown beside the new one.
        held_out: the model's answers to that holdout, as in predictions.parquet, which its confidence is compared
            with: about rows that it learned from a model is too sure. Default: the reference.
        answers: the model's answers to the production rows (see `predictions`), where `production` has only what
            `observation` kept of them. Default: the model is asked.
    """
    limits = config.monitoring
    rows = {
        "reference": len(reference),
        "production": len(production),
        "repeated_ids": duplicate_ids(production, config.columns.id),
    }
    thresholds = {**limits.model_dump(), "metric_name": config.metric.name, "direction": config.metric.direction}
    if len(production) < limits.minimum_rows:
        missing = f"{plural(len(production), 'row')} arrived, {limits.minimum_rows:,} are needed for a judgement"
        return Monitor(window, "too_few_rows", rows, thresholds, notes=(missing,))
    judged = [
        _judge(name, kind, before, after, config, model.contract.feature(name))
        for name, kind, before, after in signals.signals(observe(model, reference), observe(model, production), config)
    ]
    # An infinite value counts as out of range above; a model takes it for a missing one or not at all.
    numbers = production.select_dtypes(np.floating).replace([np.inf, -np.inf], np.nan)
    production = production.assign(**{str(name): numbers[name] for name in numbers})
    if answers is None:
        answers = predictions.predict(model, production)
    kind = "numeric" if config.task == "regression" else "categorical"
    name = predictions.PREDICTION
    classes, target = model.contract.classes, config.columns.target
    if limits.unsure is not None and classes is not None:
        before = reference if held_out is None else held_out
        judged.append(_judge_confidence(before, answers, classes, limits.unsure, config))
    judged.append(_judge(name, kind, reference[name], answers[name], config))
    *features, prediction = _significant(judged, limits.p_value)
    table = labelled(production, answers, config)
    measured, gaps, notes = _performance(table, config, classes, holdout_metric)
    spread, new_bias, old_bias = _bias(reference, production.join(answers), config, classes)
    if len(table) and (strange := unknown_sentence(table[target], classes)):
        notes.append(f"{window}: {strange}; correct a misspelt label; `mlops retrain` learns a new class")
    if rows["repeated_ids"]:
        # Not a breach: the same row may rightly be asked about twice. It does weigh twice in every figure.
        repeated = plural(rows["repeated_ids"], "row repeats", "rows repeat")
        notes.append(f"{repeated} the {config.columns.id} of an earlier row")
    # A message shows the first few: what the model got wrong, then the columns that moved most.
    breaches = _performance_breaches(measured)
    if measured is not None and gaps is not None:
        found, unsure = _gap_breaches(table, gaps, config, classes)
        breaches += found
        notes += unsure
    moved = sorted(features, key=lambda signal: -(signal.psi or 0.0))
    breaches += [sentence for signal in (*moved, prediction) for sentence in signal.breaches]
    breaches += [breach.sentence for breach in new_bias]
    notes += [f"{breach.sentence}; so it was in training" for breach in old_bias]
    status: Literal["ok", "breach"] = "breach" if breaches else "ok"
    return Monitor(
        window,
        status,
        rows,
        thresholds,
        tuple(features),
        prediction,
        measured,
        gaps,
        spread,
        tuple(breaches),
        tuple(notes),
    )


def few(breaches: Sequence[str]) -> list[str]:
    """Return the first breaches for a message, and a sentence that counts the others."""
    left = len(breaches) - SHOWN
    return [*breaches[:SHOWN], *([f"and {left} more, all in monitor.json and monitor.html"] if left > 0 else [])]


def monitor(settings: Settings) -> Monitor:
    """Read the inputs, judge the window, write monitor.json and monitor.html to `settings.out`.

    Raises:
        UserError: a file is missing or does not fit.
    """
    config = load(settings.config)
    try:
        reference = pd.read_parquet(settings.evaluation / "reference.parquet")
        watched = config.monitoring.unsure is not None
        held_out = pd.read_parquet(settings.evaluation / "predictions.parquet") if watched else None
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
    production = content.derive(data.read(settings.production, config, require_target=False), config)
    result = evaluate_window(
        reference,
        production,
        model,
        config,
        window=settings.window or settings.production.name.split(".")[0],
        holdout_metric=metrics.challenger.get(config.metric.name),
        held_out=held_out,
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
            f"{result.window}: {plural(len(result.breaches), 'limit')} broken: {'; '.join(few(result.breaches))}"
        )


def _judge(
    name: str, kind: str, before: pd.Series, after: pd.Series, config: ProjectConfig, known: Feature | None = None
) -> tuple[Signal, list[tuple[float, str | None]]]:
    """Judge one signal of both windows; without `known` (a prediction) only its distribution can break a limit.

    Returns:
        The signal without breaches, and its tests: the p-value, and the breach if chance does not explain it
        (None within the limit).
    """
    limits = config.monitoring
    moved = drift(before, after, kind)
    quality = column_quality(before, after, kind, known)
    tests: list[tuple[float, str | None]] = []
    if moved.psi is not None and moved.p_value is not None:
        chance = moved.chance_psi or 0.0
        sentence = f"{name}: PSI {number(moved.psi)} is above {number(limits.psi)}"
        if chance >= limits.psi / 10:
            sentence += f" by more than the {number(chance)} that chance explains in so few rows"
        tests.append((moved.p_value, sentence if moved.psi - chance > limits.psi else None))
    sentence = (
        f"{name}: {percent(quality.missing_production)} of rows have no value,"
        f" {percent(quality.missing_reference)} in training (a rise of {percent(limits.missing)} is allowed)"
    )
    rise = quality.missing_production - quality.missing_reference
    tests.append((quality.missing_p, sentence if rise > limits.missing else None))
    if known is not None and quality.unseen is not None:
        examples = ", ".join(repr(value) for value in quality.unseen_examples)
        sentence = (
            f"{name}: {percent(quality.unseen)} of rows hold a category never seen in training, such as {examples} "
            f"({percent(limits.unseen)} is allowed)"
        )
        tests.append((quality.unseen_p, sentence if quality.unseen > limits.unseen else None))
    if known is not None and quality.out_of_range is not None:
        sentence = (
            f"{name}: {percent(quality.out_of_range)} of rows lie outside the range seen in training "
            f"({percent(limits.out_of_range)} is allowed)"
        )
        tests.append((quality.out_of_range_p, sentence if quality.out_of_range > limits.out_of_range else None))
    return Signal(name=name, kind=kind, **vars(moved), **vars(quality), breaches=()), tests


def _judge_confidence(
    known: pd.DataFrame, answers: pd.DataFrame, classes: Sequence[str], rise: float, config: ProjectConfig
) -> tuple[Signal, list[tuple[float, str | None]]]:
    """Judge how often the probability of the predicted class is below `monitoring.confident`.

    Its distribution is shown and breaks no limit: of classes with few rows, the holdout leaves so few to learn from
    that the model is surer of any later rows.
    """
    before, after = (
        pd.Series(predictions.confidence(table, classes), table.index, dtype="float64") for table in (known, answers)
    )
    signal, _ = _judge(CONFIDENCE, "numeric", before, after, config)
    limit = config.monitoring.confident
    unsure, unsure_before = int((after < limit).sum()), int((before < limit).sum())
    share, share_before = unsure / len(after), unsure_before / len(before)
    sentence = (
        f"{CONFIDENCE}: {percent(share)} of rows are predicted with a probability below {number(limit)},"
        f" {percent(share_before)} in the holdout (a rise of {percent(rise)} is allowed)"
    )
    p_value = chance.rise(unsure, len(after), unsure_before, len(before))
    return signal, [(p_value, sentence if share - share_before > rise else None)]


def _significant(judged: Sequence[tuple[Signal, list[tuple[float, str | None]]]], level: float) -> list[Signal]:
    """Return the signals with those breaches that chance does not explain, over all tests of the window together."""
    corrected = iter(holm([p_value for _, tests in judged for p_value, _ in tests]))
    found = []
    for signal, tests in judged:
        sentences = [sentence for (_, sentence), p_value in zip(tests, corrected, strict=False) if p_value < level]
        found.append(replace(signal, breaches=tuple(sentence for sentence in sentences if sentence)))
    return found


def _bias(
    reference: pd.DataFrame, production: pd.DataFrame, config: ProjectConfig, classes: Sequence[str] | None
) -> tuple[Bias | None, list[BiasBreach], list[BiasBreach]]:
    """Return bias of both windows, and the limits that production breaks: those that training kept, and the others."""
    if not config.slices:
        return None, [], []
    target = config.columns.target
    if target in production and production[target].isna().all():
        production = production.drop(columns=target)
    windows, positive = {BEFORE: reference, NOW: production}, config.decision.positive
    found = bias.measure(windows, config.slices, target, classes, config.bias_limits, positive)
    before = {(breach.column, breach.kind) for breach in found.breaches if breach.part == BEFORE}
    now = [breach for breach in found.breaches if breach.part == NOW]
    return (
        found,
        [breach for breach in now if (breach.column, breach.kind) not in before],
        [breach for breach in now if (breach.column, breach.kind) in before],
    )


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


def _performance_breaches(measured: Performance | None) -> list[str]:
    if measured is None or not measured.breach:
        return []
    side = "above" if measured.value > measured.limit else "below"
    rows = plural(measured.rows, "labelled row")
    return [f"{measured.metric}: {number(measured.value)} on {rows} is {side} {number(measured.limit)}"]


def _gap_breaches(
    table: pd.DataFrame, gaps: Slices, config: ProjectConfig, classes: Sequence[str] | None
) -> tuple[list[str], list[str]]:
    """Return slice columns whose gap breaks the limit, and notes on gaps that chance explains or nothing measured."""
    found, notes = [], []
    for name, column in gaps.columns.items():
        if column.gap is None or column.gap <= gaps.limit:
            continue
        text = f"{gaps.metric} by {name}: the gap between slices of {number(column.gap)} is above {number(gaps.limit)}"
        if gap_exceeds(table, name, column, gaps.limit, config, classes):
            found.append(text)
        else:
            notes.append(f"{text}, but so few rows show that by chance")
    if gaps.caution:
        text = f"gap between slices not measured: {gaps.caution}"
        (found if config.gate.unmeasured == "refuse" else notes).append(text)
    return found, notes


if __name__ == "__main__":
    entry.run(main)
