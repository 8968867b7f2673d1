"""The report: one page that says whether the model is good, whether the data moved, and what was done about it.

The page is made from records, wherever they come from: `local.collect` reads those under outputs/.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from markupsafe import Markup

from ..records import Bias, Gate, Metrics, Monitor, Registration, Slices, Split, Training
from . import examples, sections
from .html import NOTHING, contents, grid, main_part, number, page, plural, section, verdict, verdicts
from .model_card import roles
from .monitor_page import DRIFT_INTRO, bias_block, drift_block, headline, performance_headline, slice_tables

INTROS = {
    **examples.INTROS,
    "Drift": DRIFT_INTRO,
    "Before and after retraining": "Both models on the same held-out rows, which the challenger has not learned from.",
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
        slices: outcome of the responsible_ai step.
        bias: outcome of the responsible_ai step too.
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
    slices: Slices | None = None
    bias: Bias | None = None
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
    """

    title: str
    runs: Sequence[TrainingRun] = ()
    monitors: Sequence[Monitor] = ()
    events: Sequence[Mapping[str, Any]] = ()


def report_page(inputs: ReportInputs) -> str:
    """Return the whole report as an HTML document; parts without input are left out."""
    run = inputs.runs[-1] if inputs.runs else TrainingRun("")
    version = run.registration.version if run.registration else None
    metrics, last = run.metrics, inputs.monitors[-1] if inputs.monitors else None
    compared = [
        sections.retraining(each.name, each.metrics, roles(each.training))
        for each in inputs.runs
        if each.metrics and each.metrics.champion
    ]
    blocks = {
        "What happened": sections.events(inputs.events),
        "Training": sections.training(run.training, run.split, version) if run.training else NOTHING,
        "How good it is": sections.metrics_table(metrics, roles(run.training)) if metrics else NOTHING,
        "Predictions": _predictions(run),
        "Error by slice": grid(slice_tables(run.slices), "pair"),
        "Data bias": bias_block(run.bias),
        **(examples.sections(metrics) if metrics else {}),
        "Gate": sections.gate(run.gate) if run.gate else NOTHING,
        "Before and after retraining": grid(compared, "pair"),
        "Monitoring": sections.windows(inputs.monitors),
        "Drift": drift_block(last) if last else NOTHING,
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
    return sections.predictions(run.predictions, run.metrics.task, run.target, roles(run.training))


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
    metric = run.metrics.metric
    text = f"Version {run.registration.version}: " if run.registration else ""
    text += f"{metric} {number(run.metrics.challenger.get(metric))} on {plural(run.metrics.rows, 'held-out row')}"
    if run.training and run.training.kind == run.training.baseline:
        text += f"; the {run.training.baseline} model itself did best."
    else:
        text += f"; the {roles(run.training)['baseline']} reaches {number(run.metrics.baseline.get(metric))}."
    if run.gate is None:
        return verdict("neutral", "The model has not been judged", text)
    if not run.gate.passed:
        refused = "; ".join(run.gate.refusals)
        return verdict("bad", "The gate refused the model", f"{text} {refused}.")
    if run.gate.override:
        return verdict("warn", "Let through by a person", f"{text} Reason: {run.gate.override}")
    limit = next(check.limit for check in run.gate.checks if check.name == "metric")
    bound = "most" if run.metrics.direction == "minimize" else "least"
    return verdict("good", "The model is good", f"{text} At {bound} {number(limit)} is asked.")


def _retraining_verdict(metrics: Metrics, gate: Gate | None) -> Markup:
    metric = metrics.metric
    new, old = (number(metrics.models[role].get(metric)) for role in ("challenger", "champion"))
    text = f"{metric} {new} after, {old} before, on the same held-out rows."
    text += f" Beware: {metrics.caution}." if metrics.caution else ""
    if gate is not None and gate.passed:
        return verdict("good", "Retraining helped", text)
    return verdict("neutral", "Retraining did not replace the model", text)
