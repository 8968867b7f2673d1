"""Metrics of each slice: does the model serve every group alike?"""

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

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

    A value with fewer than `minimum_rows` rows is listed (`counted` false) but left out of the gap: its figure is
    mostly noise. A column of fewer than two values that count has no gap.

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
        largest_gap=max((column.gap for column in found.values() if column.gap is not None), default=None),
        columns=found,
    )


def values(column: "pd.Series") -> "pd.Series":
    """Return the values of a slice column as text, missing ones as a value of their own."""
    import pandas as pd

    names, codes = _coded(column)
    return pd.Series(names[codes], column.index, dtype=object)


def groups(column: "pd.Series") -> "Iterator[tuple[str, npt.NDArray[np.intp]]]":
    """Yield each value of a slice column as text (see `values`), in its order, with the positions of its rows."""
    names, codes = _coded(column)
    order = np.argsort(codes, kind="stable")
    limits = np.cumsum(np.bincount(codes, minlength=len(names)))[:-1]
    yield from zip(names.tolist(), np.split(order, limits) if len(names) else [], strict=True)


def _coded(column: "pd.Series") -> "tuple[npt.NDArray[Any], npt.NDArray[np.intp]]":
    """Return the distinct texts of a column, sorted, and the position in them of each row."""
    # Only distinct values become text: a million rows are slow to convert one by one.
    codes, distinct = column.factorize(use_na_sentinel=False)
    boolean = column.dtype.kind == "f"
    texts = [_text(value, boolean) for value in distinct]
    names, positions = np.unique(np.array(texts, dtype=object), return_inverse=True)
    return names, positions.astype(np.intp)[codes]


def _text(value: Any, boolean: bool) -> str:
    if value is None or value != value:
        return MISSING
    return BOOLEAN.get(value, str(value)) if boolean else str(value)


def outcomes(
    table: "pd.DataFrame", target: str, classes: Sequence[str] | None
) -> "tuple[npt.NDArray[Any], npt.NDArray[Any], npt.NDArray[Any] | None]":
    """Return true values, predictions and class labels; classes as numbers, which are counted many times faster."""
    import pandas as pd

    truth, predicted = table[target], table[predictions.PREDICTION]
    if classes is None:
        return truth.to_numpy(), predicted.to_numpy(), None
    codes, distinct = pd.concat([truth, predicted], ignore_index=True).factorize()
    # Labels keep their numbers in the order of `classes`; one that the model does not know gets a number after them.
    numbers = {label: number for number, label in enumerate(classes)}
    coded = np.array([numbers.setdefault(label, len(numbers)) for label in distinct], dtype=np.int64)[codes]
    return coded[: len(table)], coded[len(table) :], np.arange(len(classes))


def scorer(
    table: "pd.DataFrame",
    target: str,
    classes: Sequence[str] | None,
    positive: str | None,
    names: Sequence[str] | None = None,
) -> "Callable[[npt.NDArray[np.intp]], dict[str, float]]":
    """Return a function from positions of rows to their metrics, those in `names` or all.

    Args:
        table: labelled rows with the target and their predictions (see `predictions`).
        target: name of the column with the true values.
        classes: class labels in order, None for a regression.
        positive: the class to find, of two.
        names: of the metrics.
    """
    truth, predicted, labels = outcomes(table, target, classes)
    needed = names is None or metrics.OF_KNOWN_CLASSES.intersection(names)
    probabilities = predictions.probabilities(table, classes) if needed else None
    task: metrics.Task = "regression" if classes is None else "classification"
    wanted = metrics.positive_class(classes or (), positive)
    number = None if classes is None or wanted is None else classes.index(wanted)

    def score(rows: "npt.NDArray[np.intp]") -> dict[str, float]:
        probability = None if probabilities is None else probabilities[rows]
        return metrics.score(task, truth[rows], predicted[rows], probability, labels, number, names)

    return score


def _measure_column(
    table: "pd.DataFrame",
    column: str,
    target: str,
    classes: Sequence[str] | None,
    positive: str | None,
    metric: str,
    minimum_rows: int,
) -> SliceColumn:
    figures = scorer(table, target, classes, positive)
    found = [Slice(value, len(rows), len(rows) >= minimum_rows, figures(rows)) for value, rows in groups(table[column])]
    known = [group.metrics[metric] for group in found if group.counted and metric in group.metrics]
    found.sort(key=lambda group: -group.rows)
    return SliceColumn(max(known) - min(known) if len(known) > 1 else None, tuple(found))
