"""The parts of the report: each turns records of steps into a block to look at, or into nothing."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
from markupsafe import Markup

from ..histogram import numeric_histogram
from ..predictions import PROBABILITY
from ..records import Gate, Metrics, Monitor, Split, Training
from . import charts
from .html import ABSENT, NOTHING, State, badge, bar, details, facts, figure, findings, grid, number, plural, table
from .model_card import candidates, rows_of
from .monitor_page import moved

CLASSES = 12
MISTAKES = 15
ERROR_BARS = 40


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
    rows = [
        (
            f"{name} (decides)" if name == metrics.metric else name,
            *(number(figures.get(name)) for figures in shown.values()),
        )
        for name in metrics.challenger
    ]
    caption = f"On {plural(metrics.rows, 'held-out row')} that this model has not learned from"
    problem, caution = metrics.champion_problem, metrics.caution
    notes = [f"The champion could not be compared: {problem}."] if problem else []
    notes += [f"Beware: {caution}."] if caution else []
    return table(caption, columns, rows, columns[1:]) + findings(notes)


def predictions(path: Path, task: str, target: str, names: Mapping[str, str]) -> Markup:
    """Return pictures of predicted against true values; `path` is predictions.parquet, see `model_card.roles`."""
    frame = pd.read_parquet(path)
    return _regression_pictures(frame, target, names) if task == "regression" else _class_pictures(frame, target)


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


def _class_pictures(frame: pd.DataFrame, target: str) -> Markup:
    from sklearn.calibration import calibration_curve
    from sklearn.metrics import roc_curve

    classes = [name.removeprefix(PROBABILITY) for name in map(str, frame) if name.startswith(PROBABILITY)]
    parts = []
    if len(classes) == 2 and frame[target].nunique() == 2:
        positive = (frame[target] == classes[1]).to_numpy()
        probability = frame[f"{PROBABILITY}{classes[1]}"].to_numpy()
        false, true, _ = roc_curve(positive, probability)
        keep = np.unique(np.linspace(0, len(false) - 1, 200).astype(int))
        roc = list(zip(false[keep].tolist(), true[keep].tolist(), strict=True))
        seen, given = calibration_curve(positive, probability, n_bins=10, strategy="quantile")
        calibration = list(zip(given.tolist(), seen.tolist(), strict=True))
        parts = [
            figure(
                charts.line(roc, f"share of others called {classes[1]!r}", f"share of {classes[1]!r} found"),
                "ROC: the further above the dashed line of chance, the better.",
            ),
            figure(
                charts.line(calibration, f"predicted probability of {classes[1]!r}", "observed share"),
                "Calibration: on the dashed line a predicted probability can be taken at its word.",
            ),
        ]
    return grid(parts, "pair") + _confusion(frame, target)


def _confusion(frame: pd.DataFrame, target: str) -> Markup:
    """Return all pairs of true and predicted class, or for many classes the most frequent mistakes."""
    counts = pd.crosstab(frame[target], frame["prediction"])
    if max(counts.shape) <= CLASSES:
        columns = ["true class", *(f"predicted {name}" for name in counts.columns)]
        rows = [
            (name, *(f"{count:,}" for count in row)) for name, row in zip(counts.index, counts.to_numpy(), strict=True)
        ]
        return table("Rows by true and predicted class", columns, rows, columns[1:])
    wrong = (
        frame[frame[target] != frame["prediction"]]
        .groupby([target, "prediction"], observed=True)
        .size()
        .reset_index(name="rows")
    )
    frequent = wrong.nlargest(MISTAKES, "rows")
    rows = [(row[target], row["prediction"], f"{row['rows']:,}") for row in frequent.to_dict("records")]
    return table("Most frequent mistakes", ["true class", "predicted class", "rows"], rows, ["rows"])


def gate(verdict: Gate) -> Markup:
    """Return each rule of the gate with its figure and limit."""
    names = {"metric": "the metric itself", "gain": "gain over the champion", "slice_gap": "gap between slices"}
    names["bias"] = "broken limits of data bias"
    outcomes = {
        "passed": badge("good", "passed"),
        "refused": badge("bad", "refused"),
        "not_measured": badge("neutral", "not measured"),
    }
    rows = [
        (
            names[check.name],
            number(check.value),
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
    """Return one row for each monitored window, and all findings of the last one."""
    if not results:
        return NOTHING
    outcome = {
        "ok": badge("good", "ok"),
        "breach": badge("bad", "breach"),
        "too_few_rows": badge("neutral", "too few rows"),
    }
    rows = []
    for result in results:
        measured, features = result.performance, result.features
        worst = max(features, key=lambda signal: signal.psi or 0.0, default=None)
        rows.append(
            (
                result.window,
                outcome[result.status],
                f"{result.rows['production']:,}",
                f"{len(moved(result))} of {len(features)}" if features else ABSENT,
                f"{number(worst.psi)} ({worst.name})" if worst else ABSENT,
                f"{number(measured.value)} (limit {number(measured.limit)})" if measured else ABSENT,
            )
        )
    latest = results[-1]
    metric = latest.thresholds["metric_name"]
    columns = ["window", "outcome", "rows", "features beyond a limit", "largest PSI", metric]
    found = findings([*latest.breaches, *latest.notes])
    return table("Monitored windows", columns, rows, ["rows"]) + details(f"Findings of {latest.window}", found)


def retraining(run: str, metrics: Metrics, names: Mapping[str, str]) -> Markup:
    """Return champion, challenger and baseline side by side on the holdout of a run; see `model_card.roles`."""
    metric = metrics.metric
    figures: list[tuple[str, str, Literal["", "muted"]]] = [
        ("before (champion)", "champion", "muted"),
        ("after (challenger)", "challenger", ""),
        (names["baseline"], "baseline", "muted"),
    ]
    values = {role: metrics.models[role].get(metric) for _, role, _ in figures}
    largest = max((abs(value) for value in values.values() if value is not None), default=0.0)
    rows = [(title, number(values[role]), bar(values[role], largest, style)) for title, role, style in figures]
    caption = f"{metric} on {plural(metrics.rows, 'held-out row')} of run {run}"
    return table(caption, ["model", metric, " "], rows, [metric])
