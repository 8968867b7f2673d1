"""Compare a production window with what the model learned from: data quality, drift, predictions, performance.

One definition for the laptop (`mlops monitor`) and for an Azure ML component: `python -m <package>.monitoring.monitor`.
Outputs are monitor.json and monitor.html; a breach ends the run with exit code 4 after both are written.
"""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from .. import data
from ..config.project import ProjectConfig, load
from ..entry import run
from ..errors import BreachError, UserError
from ..files import atomic_write, read_json, write_json
from ..reporting.html import number, percent, plural
from .drift import Drift, drift
from .performance import Performance, labelled, performance, slice_gaps
from .quality import ColumnQuality, column_quality, duplicate_ids

if TYPE_CHECKING:
    from ..models import Model

Status = Literal["ok", "breach", "too_few_rows"]
# Rows predicted at a time, so that memory does not grow with the window.
CHUNK = 100_000


@dataclass(frozen=True)
class Settings:
    """Paths and names of one run.

    Args:
        config: config/project.yml.
        evaluation: folder of the evaluate step of the model's training run: reference.parquet and metrics.json.
        model: the model's folder.
        production: data file or folder of files that arrived later; the target may be absent or partly filled.
        out: folder for monitor.json and monitor.html.
        window: what to call this window, for example "2013-07".
    """

    config: Path
    evaluation: Path
    model: Path
    production: Path
    out: Path
    window: str


@dataclass(frozen=True)
class FeatureResult:
    """Quality and drift of one column; `breaches` holds a sentence for each limit it broke."""

    name: str
    kind: str
    quality: ColumnQuality
    drift: Drift
    breaches: list[str]

    def to_dict(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "kind": self.kind,
            **asdict(self.drift),
            **asdict(self.quality),
            "breaches": self.breaches,
        }


@dataclass(frozen=True)
class MonitorResult:
    """What a window looks like beside the reference; `to_dict` is the content of monitor.json."""

    window: str
    status: Status
    rows: dict[str, int]
    thresholds: dict[str, Any]
    features: list[FeatureResult] = field(default_factory=list)
    prediction: FeatureResult | None = None
    performance: Performance | None = None
    slices: dict[str, Any] | None = None
    breaches: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        """JSON types only; figures that do not exist are None."""
        return {
            "window": self.window,
            "status": self.status,
            "rows": self.rows,
            "thresholds": self.thresholds,
            "features": [feature.to_dict() for feature in self.features],
            "prediction": self.prediction.to_dict() if self.prediction else None,
            "performance": asdict(self.performance) if self.performance else None,
            "slices": self.slices,
            "breaches": self.breaches,
            "notes": self.notes,
        }


def evaluate_window(
    reference: pd.DataFrame,
    production: pd.DataFrame,
    model: "Model",
    config: ProjectConfig,
    *,
    window: str = "production",
    holdout_metric: float | None = None,
) -> MonitorResult:
    """Judge one window of production rows.

    Args:
        reference: rows the model learned from, as in reference.parquet: the features and `prediction`.
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
        "repeated_ids": duplicate_ids(production, config.columns.id),
    }
    thresholds = {**limits.model_dump(), "metric_name": config.metric.name, "direction": config.metric.direction}
    if len(production) < limits.minimum_rows:
        missing = f"{plural(len(production), 'row')} arrived, {limits.minimum_rows:,} are needed for a judgement"
        return MonitorResult(window, "too_few_rows", rows, thresholds, notes=[missing])
    known = {entry["name"]: entry for entry in model.contract["features"]}
    features = [
        _judge(name, config.columns.kind(name), reference[name], production[name], config, known[name])
        for name in config.columns.features
    ]
    # An infinite value counts as out of range above; a model takes it for a missing one or not at all.
    production = production.replace([np.inf, -np.inf], np.nan)
    predicted, probability = _predict(model, production, config)
    kind = "numeric" if config.task == "regression" else "categorical"
    prediction = _judge("prediction", kind, reference["prediction"], pd.Series(predicted), config)
    classes = model.contract["classes"]
    table = labelled(production, predicted, probability, config, classes)
    measured, gaps, notes = _performance(table, config, classes, holdout_metric)
    if rows["repeated_ids"]:
        # Not a breach: the same row may rightly be asked about twice. It does weigh twice in every figure.
        repeated = plural(rows["repeated_ids"], "row repeats", "rows repeat")
        notes.append(f"{repeated} the {config.columns.id} of an earlier row")
    breaches = [sentence for feature in (*features, prediction) for sentence in feature.breaches]
    breaches += _performance_breaches(measured, gaps)
    status: Status = "breach" if breaches else "ok"
    return MonitorResult(window, status, rows, thresholds, features, prediction, measured, gaps, breaches, notes)


def monitor(settings: Settings) -> MonitorResult:
    """Read the inputs, judge the window, write monitor.json and monitor.html to `settings.out`.

    Raises:
        UserError: a file is missing or does not fit.
    """
    from ..models import load as load_model
    from ..models import mismatch
    from ..reporting.monitor_page import monitor_page

    config = load(settings.config)
    try:
        reference = pd.read_parquet(settings.evaluation / "reference.parquet")
    except FileNotFoundError as error:
        raise UserError(
            f"{error.filename}: no such file; --evaluation is the output folder of the evaluate step"
        ) from None
    metrics = read_json(settings.evaluation / "metrics.json")
    model = load_model(settings.model)
    new = [f"it has not learned from column {name!r}" for name in config.columns.features if name not in model.features]
    if problem := mismatch(model, config) or next(iter(new), None):
        raise UserError(f"config/project.yml has changed since the model was trained: {problem}; train it anew first")
    production = data.read(settings.production, config, require_target=False)
    result = evaluate_window(
        reference,
        production,
        model,
        config,
        window=settings.window,
        holdout_metric=metrics["challenger"].get(config.metric.name),
    )
    content = result.to_dict()
    write_json(settings.out / "monitor.json", content)
    atomic_write(settings.out / "monitor.html", monitor_page(content))
    return result


def main(argv: Sequence[str] | None = None) -> None:
    """Run as a component.

    Raises:
        BreachError: a limit is broken; outputs are written before.
        UserError: an input is missing or does not fit.
    """
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("config", "evaluation", "model", "production", "out"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--window", help="name of the window; default: the name of the data file or folder")
    arguments = vars(parser.parse_args(argv))
    arguments["window"] = arguments["window"] or arguments["production"].name.split(".")[0]
    result = monitor(Settings(**arguments))
    if result.status == "breach":
        raise BreachError(
            f"{result.window}: {plural(len(result.breaches), 'limit')} broken: {'; '.join(result.breaches)}"
        )


def _judge(
    name: str,
    kind: str,
    before: pd.Series,
    after: pd.Series,
    config: ProjectConfig,
    known: Mapping[str, Any] | None = None,
) -> FeatureResult:
    """One column of both windows; without `known` (a prediction) only its distribution can be out of bounds."""
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
    return FeatureResult(name, kind, quality, moved, breaches)


def _predict(model: "Model", frame: pd.DataFrame, config: ProjectConfig) -> tuple[Any, Any]:
    features = frame[config.columns.features]
    chunks = [features.iloc[start : start + CHUNK] for start in range(0, len(features), CHUNK)]
    predicted = np.concatenate([model.predict(chunk) for chunk in chunks])
    if config.task == "regression":
        return predicted, None
    return predicted, np.concatenate([model.predict_proba(chunk) for chunk in chunks])


def _performance(
    table: pd.DataFrame, config: ProjectConfig, classes: Sequence[str] | None, holdout_metric: float | None
) -> tuple[Performance | None, dict[str, Any] | None, list[str]]:
    """Metric and slices of the labelled rows, or a note why there are none."""
    needed = config.monitoring.minimum_rows
    if len(table) < needed:
        have = plural(len(table), "row has", "rows have")
        return None, None, [f"{have} a true value; {needed:,} are needed to judge performance"]
    measured = performance(table, config, classes, holdout_metric)
    if measured is None:
        return (
            None,
            None,
            [f"{config.metric.name} is not defined on these rows, for example because all are of one class"],
        )
    return measured, slice_gaps(table, config, classes), []


def _performance_breaches(measured: Performance | None, gaps: Mapping[str, Any] | None) -> list[str]:
    found = []
    if measured is not None and measured.breach:
        side = "above" if measured.value > measured.limit else "below"
        rows = plural(measured.rows, "labelled row")
        found.append(f"{measured.metric}: {number(measured.value)} on {rows} is {side} {number(measured.limit)}")
    if gaps is not None:
        for column, content in gaps["columns"].items():
            if content["gap"] > gaps["limit"]:
                gap, limit = number(content["gap"]), number(gaps["limit"])
                found.append(f"{gaps['metric']} by {column}: the gap between slices of {gap} is above {limit}")
    return found


if __name__ == "__main__":
    run(main)
