"""The report: one page that says whether the model is good, whether the data moved, and what was done about it."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from markupsafe import Markup

from ..errors import UserError
from ..files import atomic_write, read_json
from ..paths import Project
from ..pipeline.runs import RunResult, load
from . import sections
from .html import NOTHING, contents, grid, main_part, number, page, plural, section, verdict, verdicts
from .monitor_page import DRIFT_INTRO, drift_block, headline, performance_headline, slice_tables

INTROS = {
    "What matters most": "How much worse the metric becomes when one column is shuffled.",
    "Drift": DRIFT_INTRO,
    "Before and after retraining": "Both models on the same held-out rows, which neither has learned from.",
}


@dataclass(frozen=True)
class TrainingRun:
    """What the steps of one training run wrote; None for a step that has not come to its end.

    Args:
        name: what the run is called.
        split: split.json of the prep step.
        training: training.json of the train step.
        metrics: metrics.json of the evaluate step.
        predictions: path of predictions.parquet of the evaluate step.
        target: column that the model predicts.
        slices: slices.json of the responsible_ai step.
        model_card: model_card.html of the responsible_ai step.
        gate: gate.json of the gate step.
        registration: registration.json of the register step.
    """

    name: str
    split: Mapping[str, Any] | None = None
    training: Mapping[str, Any] | None = None
    metrics: Mapping[str, Any] | None = None
    predictions: Path | None = None
    target: str = "target"
    slices: Mapping[str, Any] | None = None
    model_card: str | None = None
    gate: Mapping[str, Any] | None = None
    registration: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class ReportInputs:
    """All that the report shows; runs and monitored windows from the oldest to the newest.

    Args:
        title: name of the project.
        runs: training runs.
        monitors: contents of monitor.json files.
        events: rows of the demo's table: mappings with `step`, `text`, `outcome` and `seconds`.
    """

    title: str
    runs: Sequence[TrainingRun] = ()
    monitors: Sequence[Mapping[str, Any]] = ()
    events: Sequence[Mapping[str, Any]] = ()


def build(project: Project) -> Path:
    """Write outputs/report/index.html from whatever lies under outputs/.

    Raises:
        UserError: nothing to show yet, files of another version of this project, or the page cannot be written.
    """
    try:
        inputs = collect(project)
        content = report_page(inputs)
    except KeyError as error:
        outputs = project.relative(project.outputs)
        raise UserError(
            f"{outputs}: holds files of another version of this project: {error} is missing in one;"
            " remove it and run again"
        ) from error
    if not inputs.runs and not inputs.monitors:
        raise UserError(f"{project.relative(project.outputs)}: nothing to report yet; start with `mlops run`")
    path = project.outputs / "report" / "index.html"
    atomic_write(path, content)
    return path


def collect(project: Project) -> ReportInputs:
    """Read the runs that trained a model of their own, the monitored windows and the demo's events."""
    about = tomllib.loads((project.root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    runs: dict[str, TrainingRun] = {}
    for path in sorted((project.outputs / "runs").glob("*/run.json")):
        result = load(project, path)
        if run := _training_run(result):
            # A run that reused the model of an earlier one adds nothing but a later name.
            runs.pop(result.keys["train"], None)
            runs[result.keys["train"]] = run
    monitors = [read_json(path) for path in sorted((project.outputs / "monitor").glob("*/monitor.json"))]
    events = project.outputs / "demo" / "events.json"
    return ReportInputs(
        about["name"],
        list(runs.values()),
        monitors,
        read_json(events)["events"] if events.is_file() else (),
    )


def _training_run(result: RunResult) -> TrainingRun | None:
    """The files of one run; None if they are gone or no model was trained."""
    folders = {name: path for step in result.steps for name, path in (step.outputs or {}).items()}

    def content(name: str, file: str) -> Mapping[str, Any] | None:
        path = folders.get(name, Path()) / file
        return read_json(path) if name in folders and path.is_file() else None

    training, contract = content("training", "training.json"), content("model", "contract.json")
    if training is None or contract is None:
        return None
    card, predictions = folders.get("responsible_ai"), folders.get("evaluation")
    return TrainingRun(
        name=result.run_id,
        split=content("prepared", "split.json"),
        training=training,
        metrics=content("evaluation", "metrics.json"),
        predictions=predictions / "predictions.parquet" if predictions else None,
        target=contract["target"],
        slices=content("responsible_ai", "slices.json"),
        model_card=(card / "model_card.html").read_text(encoding="utf-8") if card else None,
        gate=content("verdict", "gate.json"),
        registration=content("registration", "registration.json"),
    )


def report_page(inputs: ReportInputs) -> str:
    """The whole report as an HTML document; parts without input are left out."""
    run = inputs.runs[-1] if inputs.runs else TrainingRun("")
    version = str(run.registration["version"]) if run.registration else None
    metrics, last = run.metrics, inputs.monitors[-1] if inputs.monitors else None
    compared = [(each.name, each.metrics) for each in inputs.runs if each.metrics and each.metrics["champion"]]
    blocks = {
        "What happened": sections.events(inputs.events),
        "Training": sections.training(run.training, run.split, version) if run.training else NOTHING,
        "How good it is": sections.metrics_table(metrics) if metrics else NOTHING,
        "Predictions": _predictions(run),
        "Error by slice": grid(slice_tables(run.slices), "pair"),
        "What matters most": sections.importance(metrics) if metrics else NOTHING,
        "Gate": sections.gate(run.gate) if run.gate else NOTHING,
        "Before and after retraining": grid((sections.retraining(*each) for each in compared), "pair"),
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
    return sections.predictions(run.predictions, run.metrics["task"], run.target)


def _subtitle(run: TrainingRun, version: str | None) -> str:
    if run.training is None:
        return "No model has been trained yet"
    return f"Training run {run.name}" + (f", registered as version {version}" if version else "")


def _verdicts(inputs: ReportInputs) -> list[Markup]:
    parts = [_model_verdict(inputs.runs[-1])] if inputs.runs else []
    if inputs.monitors:
        parts += [headline(inputs.monitors[-1]), performance_headline(inputs.monitors[-1])]
    if inputs.runs and inputs.runs[-1].metrics and inputs.runs[-1].metrics["champion"]:
        parts.append(_retraining_verdict(inputs.runs[-1].metrics, inputs.runs[-1].gate))
    return parts


def _model_verdict(run: TrainingRun) -> Markup:
    if run.metrics is None:
        return verdict("neutral", "The model has not been tested", f"Run {run.name} ended before its evaluation.")
    metric = run.metrics["metric"]
    text = f"Version {run.registration['version']}: " if run.registration else ""
    text += f"{metric} {number(run.metrics['challenger'].get(metric))} on {plural(run.metrics['rows'], 'held-out row')}"
    if run.training and run.training["kind"] == run.training["baseline"]:
        text += "; the linear model itself did best."
    else:
        text += f"; the linear baseline reaches {number(run.metrics['baseline'].get(metric))}."
    if run.gate is None:
        return verdict("neutral", "The model has not been judged", text)
    if not run.gate["passed"]:
        refused = "; ".join(check["sentence"] for check in run.gate["checks"] if not check["passed"])
        return verdict("bad", "The gate refused the model", f"{text} {refused}.")
    if run.gate["override"]:
        return verdict("warn", "Let through by a person", f"{text} Reason: {run.gate['override']}")
    limit = next(check["limit"] for check in run.gate["checks"] if check["name"] == "metric")
    bound = "most" if run.metrics["direction"] == "minimize" else "least"
    return verdict("good", "The model is good", f"{text} At {bound} {number(limit)} is asked.")


def _retraining_verdict(metrics: Mapping[str, Any], gate: Mapping[str, Any] | None) -> Markup:
    metric = metrics["metric"]
    new, old = number(metrics["challenger"].get(metric)), number(metrics["champion"].get(metric))
    text = f"{metric} {new} after, {old} before, on the same held-out rows."
    if gate is not None and gate["passed"]:
        return verdict("good", "Retraining helped", text)
    return verdict("neutral", "Retraining did not replace the model", text)
