"""The parts of the report: each turns records of steps into a block to look at, or into nothing."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from markupsafe import Markup

from ..figures import plural
from ..histogram import numeric_histogram
from ..metrics import positive_class
from ..predictions import PREDICTION, PROBABILITY
from ..records import Gate, Metrics, Monitor, Robustness, Split, Training
from . import charts
from .html import (
    ABSENT,
    NOTHING,
    State,
    apart,
    badge,
    bar,
    details,
    facts,
    figure,
    findings,
    grid,
    name,
    number,
    percent,
    shorten,
    table,
)
from .model_card import candidates, rows_of
from .monitor_page import moved

CLASSES = 12
CLASS_NAME = 10  # letters; longer names of many classes are replaced by numbers above a table
MISTAKES = 15
ERROR_BARS = 40
POINTS = 200  # of a curve, at equal steps along it
CALIBRATION_BINS = 10


def events(rows: Sequence[Mapping[str, Any]]) -> Markup:
    """Return the demo step by step; `rows` are mappings with `step`, `text`, `outcome` and `seconds`."""
    states: dict[str, State] = {"ok": "good", "passed": "good", "promoted": "good", "skipped": "neutral"}
    cells = [
        (
            Markup("{} {}").format(row["step"], badge(states.get(row["outcome"], "bad"), row["outcome"].lower())),
            row["text"],
            f"{row['seconds']:.1f} s",
        )
        for row in rows
    ]
    return table("Steps of the demo", ["step", "what", "time"], cells, ["time"])


def training(record: Training, split: Split | None, version: str | None) -> Markup:
    """Return what was trained on what."""
    return facts(
        [
            ("Version", version),
            ("Model", f"{record.learner}, {plural(record.features, 'feature')}"),
            ("Chosen from", candidates(record)),
            ("Decides for", record.decision.summary if record.decision else None),
            ("Trained on", rows_of(split.train) if split else None),
            ("Held out", rows_of(split.holdout) if split else None),
            ("Data digest", _code(record.data_digest)),
            ("Code version", _code(record.code_version)),
            ("Seed", record.seed),
            ("Fit took", f"{record.fit_seconds:.1f} s"),
            ("Libraries", ", ".join(f"{name} {value}" for name, value in record.libraries.items())),
        ]
    )


def _code(text: str) -> Markup:
    return Markup("<code>{}</code>").format(text)


def metrics_table(metrics: Metrics, names: Mapping[str, str]) -> Markup:
    """Return all metrics of the model, of the baseline and of the champion, by the names of `model_card.roles`."""
    shown = metrics.models
    columns = ["metric", *(names[role] for role in shown)]
    measured = dict.fromkeys([*metrics.challenger, *(key for figures in shown.values() for key in figures)])
    rows = [
        (
            f"{metric} (decides)" if metric == metrics.metric else metric,
            *(number(figures.get(metric)) for figures in shown.values()),
        )
        for metric in measured | {metrics.metric: None}
    ]
    caption = f"On {plural(metrics.rows, 'held-out row')} that this model has not learned from"
    problem, caution = metrics.champion_problem, metrics.caution
    notes = [f"The champion could not be compared: {problem}."] if problem else []
    notes += [f"Beware: {caution}."] if caution else []
    notes += [f"{ABSENT} stands where these rows do not define a metric."] if any(ABSENT in row for row in rows) else []
    return table(caption, columns, rows, columns[1:]) + findings(notes)


def predictions(
    path: Path,
    task: str,
    target: str,
    names: Mapping[str, str],
    positive: str | None = None,
    threshold: float | None = None,
) -> Markup:
    """Return pictures of predicted against true values.

    Args:
        path: predictions.parquet.
        task: regression or classification.
        target: column with the true values.
        names: names of the compared models, see `model_card.roles`.
        positive: the class to find, if there are two; without it the last one in order.
        threshold: its probability from which on a row is taken for it.
    """
    frame = pd.read_parquet(path)
    if task == "regression":
        return _regression_pictures(frame, target, names)
    return _class_pictures(frame, target, positive, threshold) + _confusion(frame, target)


def found(path: Path, target: str, positive: str | None) -> str:
    """Return how many rows of the positive class a model of two classes found; nothing for other models."""
    frame = pd.read_parquet(path)
    classes = _classes(frame)
    label = positive_class(classes, positive)
    if label is None:
        return ""
    true, called = (frame[column].astype(str).to_numpy() == label for column in (target, PREDICTION))
    both = int((true & called).sum())
    recall = f" ({percent(both / true.sum())}, the recall)" if true.any() else ""
    precision = f" ({percent(both / called.sum())}, the precision)" if called.any() else ""
    return (
        f"Of {plural(int(true.sum()), 'row')} of class {shorten(label)!r} it found {both:,}{recall};"
        f" of {plural(int(called.sum()), 'row')} that it gave this class, {both:,} were right{precision}."
    )


def _classes(frame: pd.DataFrame) -> list[str]:
    return [key.removeprefix(PROBABILITY) for key in map(str, frame) if key.startswith(PROBABILITY)]


def _regression_pictures(frame: pd.DataFrame, target: str, names: Mapping[str, str]) -> Markup:
    truth, predicted = frame[target].to_numpy(), frame["prediction"].to_numpy()
    rival = "champion" if "champion_prediction" in frame else "baseline"
    errors, others = predicted - truth, frame[f"{rival}_prediction"].to_numpy() - truth
    pair = numeric_histogram(others, errors, ERROR_BARS)
    return grid(
        [
            figure(
                charts.density(truth, predicted, f"{target}, true", f"{target}, predicted"),
                "The rows of the holdout, stronger where there are more. On the dashed line a prediction is exact.",
            ),
            figure(
                charts.histogram_pair(pair, f"Distribution of errors of this model and of the {names[rival]}"),
                f"Error (predicted minus true {target}): the narrower around 0, the better.",
                (names["challenger"], names[rival]),
            ),
        ],
        "pair",
    )


def _class_pictures(frame: pd.DataFrame, target: str, positive: str | None, threshold: float | None) -> Markup:
    """Return curves of a model of two classes; nothing where the rows hold only one of them."""
    from sklearn.calibration import calibration_curve
    from sklearn.metrics import precision_recall_curve, roc_curve

    classes = _classes(frame)
    label = positive_class(classes, positive)
    if label is None or frame[target].nunique() != 2:
        return NOTHING
    true, called = (frame[column].astype(str).to_numpy() == label for column in (target, PREDICTION))
    probability = frame[f"{PROBABILITY}{label}"].to_numpy()
    share, shown = float(true.mean()), repr(shorten(label, 24))
    precision, recall, _ = precision_recall_curve(true, probability)
    wrong, right, _ = roc_curve(true, probability)
    seen, given = calibration_curve(true, probability, n_bins=CALIBRATION_BINS, strategy="quantile")
    both = float((true & called).sum())
    point = "as predicted" if threshold is None else f"threshold {number(threshold)}"
    return grid(
        [
            figure(
                charts.line(
                    _curve(recall, precision),
                    "recall",
                    "precision",
                    [(0, share), (1, share)],
                    ((both / true.sum(), both / called.sum()), point) if both else None,
                ),
                f"Precision and recall of class {shown}: the further above the dashed line, its share of the rows"
                f" ({percent(share)}), the better. The dot marks the predictions of this model.",
            ),
            figure(
                charts.line(
                    _curve(wrong, right),
                    "share of other rows given this class",
                    "share of this class found",
                    mark=((float((called & ~true).sum() / (~true).sum()), both / true.sum()), point),
                ),
                f"ROC of class {shown}: the further above the dashed line of chance, the better.",
            ),
            figure(
                charts.line(_curve(given, seen), "predicted probability", "observed share"),
                f"Calibration of class {shown}: on the dashed line a predicted probability can be taken at its word.",
            ),
        ]
    )


def _curve(x: npt.NDArray[np.float64], y: npt.NDArray[np.float64]) -> list[charts.Point]:
    """Return places of a curve, few enough for a small page and close to each other."""
    way = np.append(0.0, np.cumsum(np.abs(np.diff(x)) + np.abs(np.diff(y))))
    keep = np.unique(np.searchsorted(way, np.linspace(0, way[-1], POINTS)))
    return list(zip(x[keep].tolist(), y[keep].tolist(), strict=True))


def _confusion(frame: pd.DataFrame, target: str) -> Markup:
    """Return all pairs of true and predicted class, or for many classes the most frequent mistakes."""
    counts = pd.crosstab(frame[target].astype(str), frame[PREDICTION].astype(str))
    classes = sorted({*counts.index, *counts.columns})
    if len(classes) <= CLASSES:
        counts = counts.reindex(index=classes, columns=classes, fill_value=0)
        numbered = len(classes) > 2 and max(map(len, classes)) > CLASS_NAME
        order = range(1, len(classes) + 1)
        heads = [
            Markup('<abbr title="{}">{}</abbr>').format(label, place) if numbered else Markup("{}").format(name(label))
            for place, label in zip(order, classes, strict=True)
        ]
        rows = [
            (
                Markup("{} {}").format(f"{place}." if numbered else "", name(label)),
                *(f"{count:,}" for count in row),
            )
            for place, label, row in zip(order, classes, counts.to_numpy(), strict=True)
        ]
        columns = ["true class", *heads]
        return table("Rows by true class (down) and predicted class (across)", columns, rows, heads, dense=True)
    wrong = (
        frame[frame[target] != frame[PREDICTION]]
        .groupby([target, PREDICTION], observed=True)
        .size()
        .reset_index(name="rows")
    )
    frequent = wrong.nlargest(MISTAKES, "rows").itertuples(index=False)
    rows = [(name(str(true)), name(str(called)), f"{count:,}") for true, called, count in frequent]
    return table("Most frequent mistakes", ["true class", "predicted class", "rows"], rows, ["rows"])


def robustness(found: Robustness) -> Markup:
    """Return each perturbation with its cost and its limit."""
    rows = [
        (
            Markup("{} {}").format(each.name, badge("bad", "above its limit") if each.broken else NOTHING),
            number(each.value),
            number(each.loss),
            number(each.limit) if each.limit is not None else ABSENT,
            percent(each.changed),
        )
        for each in sorted(found.perturbations, key=lambda each: -each.loss)
    ]
    columns = ["change", found.metric, "worse by", "limit", "answers that change"]
    return table("The holdout with changed inputs", columns, rows, columns[1:])


def gate(verdict: Gate) -> Markup:
    """Return each rule of the gate with its figure and limit."""
    names = {"metric": "the metric itself", "gain": "gain over the champion", "slice_gap": "gap between slices"}
    names |= {"bias": "broken limits of data bias", "robustness": "perturbations above their limit"}
    outcomes = {
        "passed": badge("good", "passed"),
        "refused": badge("bad", "refused"),
        "not_measured": badge("neutral", "not measured"),
    }
    rows = [
        (
            names.get(check.name, check.name.replace("_", " ")),
            number(check.value) if check.value is not None else "not measured",
            number(check.limit),
            outcomes[check.outcome],
        )
        for check in verdict.checks
    ]
    override = verdict.override
    outcome = "refused" if not verdict.passed else "let through by a person" if override else "passed"
    notes = [f"Reason given: {override}"] if override else []
    notes += [f"{check.sentence[0].upper()}{check.sentence[1:]}." for check in verdict.checks if check.value is None]
    notes += [f"Beware: {note}." for note in verdict.notes]
    return table(f"Gate: {outcome}", ["check", "value", "limit", "outcome"], rows, ["value", "limit"]) + findings(notes)


def windows(results: Sequence[Monitor]) -> Markup:
    """Return one row for each monitored window, the last one first, and all findings of that one."""
    if not results:
        return NOTHING
    outcome = {
        "ok": badge("good", "ok"),
        "breach": badge("bad", "breach"),
        "too_few_rows": badge("neutral", "too few rows"),
    }
    rows = []
    for result in reversed(results):
        measured, features = result.performance, result.features
        worst = max(features, key=lambda signal: signal.psi or 0.0, default=None)
        rows.append(
            (
                Markup("{} {}").format(result.window, outcome[result.status]),
                f"{result.rows['production']:,}",
                Markup("{} of {}; {} in {}").format(
                    len(moved(result)), f"{len(features):,}", number(worst.psi), name(worst.name)
                )
                if worst
                else ABSENT,
                f"{number(measured.value)} (limit\N{NO-BREAK SPACE}{number(measured.limit)})" if measured else ABSENT,
            )
        )
    latest = results[-1]
    metric = latest.thresholds["metric_name"]
    columns = ["window", "rows", "features moved; largest PSI", metric]
    sentences = findings([*latest.breaches, *latest.notes])
    shown = table("Monitored windows", columns, rows, ["rows"], fold=True)
    return shown + details(f"Findings of {latest.window}", sentences)


def retraining(run: str, metrics: Metrics, names: Mapping[str, str]) -> Markup:
    """Return champion, challenger and baseline side by side on the holdout of a run; see `model_card.roles`."""
    metric = metrics.metric
    figures: list[tuple[str, str, Literal["", "muted"]]] = [
        ("before (champion)", "champion", "muted"),
        ("after (challenger)", "challenger", ""),
        (names["baseline"], "baseline", "muted"),
    ]
    values = {role: metrics.models.get(role, {}).get(metric) for _, role, _ in figures}
    texts = {role: number(value) for role, value in values.items()}
    before, after = values["champion"], values["challenger"]
    if before is not None and after is not None:
        texts["champion"], texts["challenger"] = apart(before, after)
    largest = max((abs(value) for value in values.values() if value is not None), default=0.0)
    rows = [(title, texts[role], bar(abs(values[role] or 0.0), largest, style)) for title, role, style in figures]
    caption = f"{metric} on {plural(metrics.rows, 'held-out row')} of run {run}"
    return table(caption, ["model", metric, " "], rows, [metric])
