"""The parts of the report: each turns records of steps into a block to look at, or into nothing."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import pandas as pd
from markupsafe import Markup

from ..figures import plural
from ..histogram import numeric_histogram
from ..records import Gate, Metrics, Monitor, Robustness, Split, Training
from . import charts, classes, curves
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
    table,
)
from .model_card import candidates, rows_of
from .monitor_page import moved
from .tables import robustness_grid, robustness_sentences

ERROR_BARS = 40


def events(rows: Sequence[Mapping[str, Any]]) -> Markup:
    """Return the demo step by step; `rows` are mappings with `step`, `text`, `outcome` and `seconds`."""
    states: dict[str, State] = {"ok": "good", "passed": "good", "promoted": "good"}
    states |= {"skipped": "neutral", "simulated": "neutral"}
    cells = [
        (
            Markup("{} {}").format(row["step"], badge(states.get(row["outcome"], "bad"), row["outcome"].lower())),
            row["text"].replace("`", ""),
            f"{row['seconds']:.1f}\N{NO-BREAK SPACE}s",
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
    return table(caption, columns, rows, columns[1:]) + findings(notes) + classes.figures_table(metrics.classes)


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
    return classes.pictures(frame, target, positive, threshold) + classes.confusion(frame, target)


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


def robustness(found: Robustness) -> Markup:
    """Return each perturbation with its cost and its limit, the broken limits first of all, and curves of strengths."""
    grid = robustness_grid(found)
    shown = table(grid.caption, grid.columns, grid.rows, grid.columns[1:], dense=grid.dense)
    return findings(robustness_sentences(found)) + curves.curves(found) + shown


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
