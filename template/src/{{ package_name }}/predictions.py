"""Predictions beside their rows: the frame that evaluation, slices, monitors and the report share.

Column `prediction` holds values (float64) or class labels (str); a classification also has one column
`probability_<class>` (float64) a class.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from . import intervals, metrics
from .records import ClassFigures, Estimate

if TYPE_CHECKING:
    import pandas as pd

PREDICTION = "prediction"
PROBABILITY = "probability_"
# Rows predicted at a time, so that memory does not grow with the data.
CHUNK = 100_000


def predict(model: Any, frame: "pd.DataFrame") -> "pd.DataFrame":
    """Return the predictions of a model (see `models.Model`) for `frame`, with the index of `frame`."""
    import pandas as pd

    starts = range(0, max(len(frame), 1), CHUNK)
    chunks = [frame.iloc[start : start + CHUNK] for start in starts]
    columns = {PREDICTION: np.concatenate([model.predict(chunk) for chunk in chunks])}
    if model.contract.classes is not None:
        probability = np.concatenate([model.predict_proba(chunk) for chunk in chunks])
        columns |= {
            f"{PROBABILITY}{label}": probability[:, index] for index, label in enumerate(model.contract.classes)
        }
    return pd.DataFrame(columns, index=frame.index)


def labels(classes: Sequence[str] | None) -> "npt.NDArray[Any] | None":
    """Return class labels as an array (str), None for a regression."""
    return None if classes is None else np.array(classes, dtype=object)


def probabilities(table: "pd.DataFrame", classes: Sequence[str] | None) -> "npt.NDArray[Any] | None":
    """Return the probabilities of `table`, float64 (rows, classes), None for a regression."""
    return None if classes is None else table[[f"{PROBABILITY}{label}" for label in classes]].to_numpy()


def of_answers(
    answers: "npt.NDArray[Any]", probability: "npt.NDArray[Any]", classes: Sequence[str]
) -> "npt.NDArray[Any]":
    """Return the probability of each answer, float64 (rows,).

    It is the largest of its row unless a threshold decided for the less likely class.

    Args:
        answers: predicted class labels, (rows,).
        probability: class probabilities, (rows, classes).
        classes: the labels of the columns of `probability`.
    """
    columns = {label: index for index, label in enumerate(classes)}
    return probability[np.arange(len(answers)), [columns[label] for label in answers.tolist()]]


def confidence(table: "pd.DataFrame", classes: Sequence[str]) -> "npt.NDArray[Any]":
    """Return the probability of the prediction in each row of `table`, float64 (rows,)."""
    probability = probabilities(table, classes)
    assert probability is not None
    return of_answers(table[PREDICTION].to_numpy(), probability, classes)


def score(
    table: "pd.DataFrame", target: str, classes: Sequence[str] | None, positive: str | None = None
) -> dict[str, float]:
    """Return all metrics of the labelled rows of `table`; `classes` is None for a regression.

    `positive` is the class to find, of two (see `records.Contract.positive`).
    """
    return metrics.score(
        "regression" if classes is None else "classification",
        table[target].to_numpy(),
        table[PREDICTION].to_numpy(),
        probabilities(table, classes),
        labels(classes),
        positive,
    )


def per_class(table: "pd.DataFrame", target: str, classes: Sequence[str]) -> tuple[ClassFigures, ...]:
    """Return the figures of each class on the labelled rows of `table`, with the interval that chance leaves.

    A figure without a row to measure it on is None. Recall and precision are shares of rows. F1 is 2s / (1 + s), where
    s is the share of the right rows among those that have the class or got it (D. Hand et al., F*: an interpretable
    transformation of the F-measure, 2021); the ends of its interval are those of s.

    Args:
        table: rows with the target and their predictions.
        target: name of the column with the true classes.
        classes: the labels that the model knows, in order; others that the rows have come after them.
    """
    import pandas as pd

    truth, predicted = table[target], table[PREDICTION]
    strange = sorted(set(truth.unique()).difference(classes))
    counts = pd.concat(
        [truth.value_counts(), predicted.value_counts(), truth[truth == predicted].value_counts()], axis=1
    ).fillna(0)
    found = []
    for label in (*classes, *strange):
        true, called, both = (int(count) for count in counts.loc[label]) if label in counts.index else (0, 0, 0)
        share = _estimate(both, true + called - both)
        f1 = None if share is None else Estimate(*(2 * end / (1 + end) for end in (share.value, share.low, share.high)))
        found.append(ClassFigures(label, true, _estimate(both, called), _estimate(both, true), f1))
    return tuple(found)


def _estimate(part: int, whole: int) -> Estimate | None:
    return Estimate(part / whole, *intervals.wilson(part, whole)) if whole else None
