"""Which rows of a holdout people should look at: the mistakes that say most, and some right answers."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from .config.project import ROW_HASH, ProjectConfig
from .predictions import PREDICTION, confidence, probabilities

if TYPE_CHECKING:
    import numpy.typing as npt
    import pandas as pd

MISTAKES, RIGHT = 6, 4


def chosen(
    frame: "pd.DataFrame", answers: "pd.DataFrame", classes: Sequence[str], config: ProjectConfig
) -> Iterator[tuple[str, int, float]]:
    """Yield why a row is shown, its position, and the probability of its answer.

    Mistakes are the most confident ones, then those that give the true class the lowest probability; the seed chooses
    the right answers.

    Args:
        frame: the rows.
        answers: the model's predictions for them (see `predictions`), with the same index.
        classes: the labels that the model knows, in order.
        config: names the target.
    """
    truth, predicted = frame[config.columns.target].to_numpy(), answers[PREDICTION].to_numpy()
    sure, probability = confidence(answers, classes), probabilities(answers, classes)
    assert probability is not None
    numbers = {label: index for index, label in enumerate(classes)}
    of_truth = np.array(
        [probability[row, numbers[label]] if label in numbers else 0.0 for row, label in enumerate(truth)]
    )
    wrong = np.flatnonzero(truth != predicted)
    confident = wrong[np.argsort(-sure[wrong], kind="stable")][:MISTAKES]
    rest = np.setdiff1d(wrong, confident)
    worst = rest[np.argsort(of_truth[rest], kind="stable")][:MISTAKES]
    right = np.flatnonzero(truth == predicted)
    right = np.random.default_rng(config.seed).choice(right, min(RIGHT, len(right)), replace=False)
    groups = {"confident mistake": confident, "worst mistake": worst, "right answer": np.sort(right)}
    for group, rows in groups.items():
        for row in rows.tolist():
            yield group, row, float(sure[row])


def names(frame: "pd.DataFrame", config: ProjectConfig) -> "npt.NDArray":
    """Return what names each row, object (rows,) of str: its id, else its hash, else its number."""
    name = next((each for each in (config.columns.id, ROW_HASH) if each and each in frame), None)
    return (frame[name] if name else frame.index.to_series()).astype(str).to_numpy()
