"""How right a classification is, class by class: figures, curves, calibration, and what is taken for what."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from markupsafe import Markup

from ..figures import plural
from ..metrics import positive_class
from ..predictions import PREDICTION, PROBABILITY, confidence
from ..records import ClassFigures
from . import charts
from .html import NOTHING, figure, grid, join, name, number, percent, shorten, table
from .tables import class_grids

CLASSES = 12
CLASS_NAME = 10  # letters; longer names of many classes are replaced by numbers above a table
MISTAKES = 15
POINTS = 200  # of a curve, at equal steps along it
CALIBRATION_BINS = 10


def figures_table(found: Sequence[ClassFigures]) -> Markup:
    """Return the figures of each class, the worst first; of many classes the better ones are folded away."""
    return join(
        table(each.caption, each.columns, each.rows, each.columns[1:], fold=True, dense=each.dense)
        for each in class_grids(found)
    )


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


def pictures(frame: pd.DataFrame, target: str, positive: str | None, threshold: float | None) -> Markup:
    """Return curves of a model of two classes, or how far the answers of one of more classes can be trusted.

    There is nothing for a model of two classes where the rows hold only one of them.
    """
    from sklearn.calibration import calibration_curve
    from sklearn.metrics import precision_recall_curve, roc_curve

    classes = _classes(frame)
    label = positive_class(classes, positive)
    if label is None:
        return _trust(frame, target, classes)
    if frame[target].nunique() != 2:
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


def _trust(frame: pd.DataFrame, target: str, classes: Sequence[str]) -> Markup:
    """Return the calibration of the answers' own probability, and how right the surest answers are.

    The second curve is the complement of the risk-coverage curve of R. El-Yaniv and Y. Wiener, On the Foundations of
    Noise-free Selective Classification, 2010.
    """
    from sklearn.calibration import calibration_curve

    right = (frame[target].astype(str) == frame[PREDICTION].astype(str)).to_numpy()
    sure = confidence(frame, classes)
    seen, given = calibration_curve(right, sure, n_bins=CALIBRATION_BINS, strategy="quantile")
    surest_first = right[np.argsort(-sure, kind="stable")]
    answered = np.arange(1, len(right) + 1)
    accuracy = float(right.mean())
    return grid(
        [
            figure(
                charts.line(_curve(given, seen), "probability of the predicted class", "share of right answers"),
                "Calibration: on the dashed line a predicted probability can be taken at its word; below it the model"
                " is too sure.",
            ),
            figure(
                charts.line(
                    _curve(answered / len(right), np.cumsum(surest_first) / answered),
                    "share of rows, the surest first",
                    "share of right answers",
                    [(0, accuracy), (1, accuracy)],
                ),
                f"Of all rows {percent(accuracy)} are answered right (dashed); the further above it the line, the more"
                " is gained by leaving the least sure rows to people.",
            ),
        ],
        "pair",
    )


def _curve(x: npt.NDArray[np.float64], y: npt.NDArray[np.float64]) -> list[charts.Point]:
    """Return places of a curve, few enough for a small page and close to each other."""
    way = np.append(0.0, np.cumsum(np.abs(np.diff(x)) + np.abs(np.diff(y))))
    keep = np.unique(np.searchsorted(way, np.linspace(0, way[-1], POINTS)))
    return list(zip(x[keep].tolist(), y[keep].tolist(), strict=True))


def confusion(frame: pd.DataFrame, target: str) -> Markup:
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
    whole = frame[target].value_counts()
    share = "of the true class"
    rows = [
        (name(str(true)), name(str(called)), f"{count:,}", percent(count / whole[true]))
        for true, called, count in frequent
    ]
    return table("Most frequent mistakes", ["true class", "predicted class", "rows", share], rows, ["rows", share])
