"""The report: one page that says whether the model keeps its limits, whether the data moved, and what was done.

The page is made from records, wherever they come from: `local.collect` reads those under outputs/.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from markupsafe import Markup

from ..figures import plural
from ..records import Bias, Examples, Gate, Metrics, Monitor, Registration, Robustness, Slices, Split, Training
from . import classes, examples, sections
from .html import (
    ABSENT,
    NOTHING,
    apart,
    contents,
    details,
    grid,
    main_part,
    number,
    page,
    section,
    verdict,
    verdicts,
)
from .model_card import roles
from .monitor_page import DRIFT_INTRO, bias_block, drift_block, headline, performance_headline, slice_tables

COMPARED = 4  # runs whose champion and challenger are shown; those before are folded away
INTROS = {
    "Robustness": "How much worse the metric gets on inputs changed in a way that should not change the answer.",
    "Before and after retraining": "Both models on the same held-out rows, which the challenger has not learned from.",
    **examples.INTROS,
    "Drift": DRIFT_INTRO,
}


@dataclass(frozen=True)
class TrainingRun:
    """The outcomes of one training run; None for a step that did not end.

    Args:
        name: name of the run.
        split: outcome of the prep step.
        training: outcome of the train step.
        metrics: outcome of the evaluate step.
        predictions: path of predictions.parquet of the evaluate step.
        target: column that the model predicts.
        positive: the class to find, for a model of two classes; None for the last one in order.
        threshold: its probability from which on a row is taken for it; None if it is not known.
        slices: outcome of the responsible_ai step.
        bias: outcome of the responsible_ai step too.
        examples: rows of the holdout to look at, from the evaluate step.
        robustness: outcome of the robustness step.
        model_card: model_card.html of the responsible_ai step.
        gate: outcome of the gate step.
        registration: outcome of the register step.
    """

    name: str
    split: Split | None = None
    training: Training | None = None
    metrics: Metrics | None = None
    predictions: Path | None = None
    target: str = "target"
    positive: str | None = None
    threshold: float | None = None
    slices: Slices | None = None
    bias: Bias | None = None
    examples: Examples | None = None
    robustness: Robustness | None = None
    model_card: str | None = None
    gate: Gate | None = None
    registration: Registration | None = None


@dataclass(frozen=True)
class ReportInputs:
    """All that the report shows; runs and monitored windows from the oldest to the newest.

    Args:
        title: name of the project.
        runs: training runs.
        monitors: monitored windows.
        events: rows of the demo's table: mappings with `step`, `text`, `outcome` and `seconds`.
        further: title -> block: what followed a breach, shown after the monitors.
    """

    title: str
    runs: Sequence[TrainingRun] = ()
    monitors: Sequence[Monitor] = ()
    events: Sequence[Mapping[str, Any]] = ()
    further: Mapping[str, Markup] = field(default_factory=dict)


def report_page(inputs: ReportInputs) -> str:
    """Return the whole report as an HTML document; parts without input are left out."""
    run = inputs.runs[-1] if inputs.runs else TrainingRun("")
    version = run.registration.version if run.registration else None
    metrics, last = run.metrics, inputs.monitors[-1] if inputs.monitors else None
    compared = [
        sections.retraining(each.name, each.metrics, roles(each.training))
        for each in reversed(inputs.runs)
        if each.metrics and each.metrics.champion
    ]
    blocks = {
        "What happened": sections.events(inputs.events),
        "Training": sections.training(run.training, run.split, version) if run.training else NOTHING,
        "How good it is": sections.metrics_table(metrics, roles(run.training)) if metrics else NOTHING,
        "Predictions": _predictions(run),
        "Error by slice": grid(slice_tables(run.slices), "pair"),
        "Data bias": bias_block(run.bias),
        **(examples.sections(metrics, run.examples) if metrics else {}),
        "Robustness": sections.robustness(run.robustness) if run.robustness else NOTHING,
        "Gate": sections.gate(run.gate) if run.gate else NOTHING,
        "Before and after retraining": _newest(compared),
        "Monitoring": sections.windows(inputs.monitors),
        "Drift": drift_block(last) if last else NOTHING,
        **inputs.further,
    }
    shown = {title: block for title, block in blocks.items() if block}
    card = main_part(run.model_card) if run.model_card else NOTHING
    body = [
        verdicts(*_verdicts(inputs)),
        contents([*shown, *(["Model card"] if card else [])]),
        *(section(title, block, intro=INTROS.get(title, "")) for title, block in shown.items()),
        card,
    ]
    return page(inputs.title, _subtitle(run, version), body)


def _predictions(run: TrainingRun) -> Markup:
    if run.predictions is None or run.metrics is None:
        return NOTHING
    task, names = run.metrics.task, roles(run.training)
    return sections.predictions(run.predictions, task, run.target, names, run.positive, run.threshold)


def _newest(compared: Sequence[Markup]) -> Markup:
    older = details(plural(len(compared[COMPARED:]), "earlier run"), grid(compared[COMPARED:], "pair"))
    return grid(compared[:COMPARED], "pair") + older


def _subtitle(run: TrainingRun, version: str | None) -> str:
    if run.training is None:
        return "No model has been trained yet"
    return f"Training run {run.name}" + (f", registered as version {version}" if version else "")


def _verdicts(inputs: ReportInputs) -> list[Markup]:
    parts = [_model_verdict(inputs.runs[-1])] if inputs.runs else []
    if inputs.monitors:
        parts += [headline(inputs.monitors[-1]), performance_headline(inputs.monitors[-1])]
    if inputs.runs and inputs.runs[-1].metrics and inputs.runs[-1].metrics.champion:
        parts.append(_retraining_verdict(inputs.runs[-1].metrics, inputs.runs[-1].gate))
    return parts


def _model_verdict(run: TrainingRun) -> Markup:
    if run.metrics is None:
        return verdict("neutral", "The model has not been tested", f"Run {run.name} ended before its evaluation.")
    metric, value = run.metrics.metric, number(run.metrics.challenger.get(run.metrics.metric))
    text = f"Version {run.registration.version}: " if run.registration else ""
    text += f"{metric} {value if value != ABSENT else 'not defined'} on {plural(run.metrics.rows, 'held-out row')}"
    if run.training and run.training.kind == run.training.baseline:
        text += f"; the {run.training.baseline} model itself did best."
    else:
        text += f"; the {roles(run.training)['baseline']} reaches {number(run.metrics.baseline.get(metric))}."
    if run.metrics.task == "classification" and run.predictions is not None:
        text = f"{text} {classes.found(run.predictions, run.target, run.positive)}".rstrip()
    if run.gate is None:
        return verdict("neutral", "The model has not been judged", text)
    if not run.gate.passed:
        refused = "; ".join(sentence.removesuffix(": refused") for sentence in run.gate.refusals)
        return verdict("bad", "The gate refused the model", f"{text} Refused: {refused}.")
    if run.gate.override:
        return verdict("warn", "Let through by a person", f"{text} Reason: {run.gate.override}")
    limits = [number(check.limit) for check in run.gate.checks if check.name == "metric"]
    bound = "most" if run.metrics.direction == "minimize" else "least"
    text += "".join(f" At {bound} {metric} {limit} is asked." for limit in limits)
    if any(check.value is None for check in run.gate.checks):
        return verdict("warn", "The model passes the limits that could be measured", text)
    return verdict("good", "The model passes its limits", text)


def _retraining_verdict(metrics: Metrics, gate: Gate | None) -> Markup:
    metric = metrics.metric
    after, before = (metrics.models.get(role, {}).get(metric) for role in ("challenger", "champion"))
    if after is None or before is None:
        return verdict("neutral", "Retraining cannot be judged", f"{metric} is not defined on the held-out rows.")
    new, old = apart(after, before)
    text = f"{metric} {new} after, {old} before, on the same held-out rows."
    text += f" Beware: {metrics.caution}." if metrics.caution else ""
    better = after < before if metrics.direction == "minimize" else after > before
    if gate is None or not gate.passed:
        return verdict("neutral", "Retraining did not replace the model", text)
    if number(after) == number(before):
        return verdict("neutral", "Retraining made no visible difference", text)
    if not better:
        allowed = next((check.limit for check in gate.checks if check.name == "gain" and check.value is not None), None)
        if allowed is not None and allowed < 0 and gate.override is None:
            text += f" {number(-allowed)} worse is allowed (gate.minimum_gain)."
            return verdict("neutral", "The retrained model is within its limit of the one before", text)
        return verdict("warn", "The retrained model replaced a better one", text)
    return verdict("good", "Retraining helped", text)
