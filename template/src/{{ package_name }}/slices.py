"""Metrics of each slice: does the model serve every group alike?"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from . import metrics, predictions
from .records import Slice, SliceColumn, Slices

if TYPE_CHECKING:
    import pandas as pd

MISSING = "(missing)"
BOOLEAN = {1.0: "true", 0.0: "false"}


def measure(
    table: "pd.DataFrame",
    columns: Sequence[str],
    target: str,
    classes: Sequence[str] | None,
    *,
    metric: str,
    limit: float,
    minimum_rows: int,
    positive: str | None = None,
) -> Slices:
    """Return the metrics of each value of each slice column, and the gap between the best and the worst value.

    Grouping is fairlearn's MetricFrame. A value with fewer than `minimum_rows` rows is listed (`counted` false)
    but left out of the gap: its figure is mostly noise.

    Args:
        table: labelled rows with the slice columns, the target and their predictions (see `predictions`).
        columns: names of the slice columns; a float column holds booleans as 0.0 and 1.0.
        target: name of the column with the true values.
        classes: class labels in order, None for a regression.
        metric: name of the metric that the gap is measured in.
        limit: largest gap allowed, in the unit of the metric.
        minimum_rows: rows from which on a slice counts.
        positive: the class to find, of two (see `records.Contract.positive`).
    """
    found = {name: _measure_column(table, name, target, classes, positive, metric, minimum_rows) for name in columns}
    return Slices(
        metric=metric,
        direction=metrics.direction(metric),
        limit=limit,
        minimum_rows=minimum_rows,
        largest_gap=max((column.gap for column in found.values()), default=0.0),
        columns=found,
    )


def values(column: "pd.Series") -> "pd.Series":
    """Return the values of a slice column as text, missing ones as a value of their own."""
    texts = column.astype(object).where(column.notna(), MISSING)
    return (texts.replace(BOOLEAN) if column.dtype.kind == "f" else texts).astype(str)


def _measure_column(
    table: "pd.DataFrame",
    column: str,
    target: str,
    classes: Sequence[str] | None,
    positive: str | None,
    metric: str,
    minimum_rows: int,
) -> SliceColumn:
    from fairlearn.metrics import MetricFrame, count

    predicted = table[predictions.PREDICTION].to_numpy()
    probabilities, labels = predictions.probabilities(table, classes), predictions.labels(classes)
    task: metrics.Task = "regression" if classes is None else "classification"

    # fairlearn slices plain arrays, so the rows are handed over by position.
    def score(truth: Any, position: Any) -> dict[str, float]:
        rows = np.asarray(position, dtype=int)
        probability = None if probabilities is None else probabilities[rows]
        return metrics.score(task, np.asarray(truth), predicted[rows], probability, labels, positive)

    frame = MetricFrame(
        metrics={"scores": score, "rows": count},
        y_true=table[target].to_numpy(),
        y_pred=np.arange(len(table)),
        sensitive_features=values(table[column]).rename(column),
    )
    groups = [
        Slice(str(value), int(row["rows"]), int(row["rows"]) >= minimum_rows, row["scores"])
        for value, row in frame.by_group.iterrows()
    ]
    figures = [group.metrics[metric] for group in groups if group.counted and metric in group.metrics]
    groups.sort(key=lambda group: -group.rows)
    return SliceColumn(float(max(figures) - min(figures)) if figures else 0.0, tuple(groups))
