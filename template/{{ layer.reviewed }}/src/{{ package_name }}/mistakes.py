"""Single rows that show a model at work: mistakes, and some right answers."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from .config.project import ROW_HASH, ProjectConfig
from .predictions import PREDICTION, confidence, probabilities
from .records import Example

if TYPE_CHECKING:
    import numpy.typing as npt
    import pandas as pd

    Parts = tuple[tuple[str, float], ...]
    Show = Callable[[pd.DataFrame, list[str]], Iterable[tuple[str, Parts]]]

MISTAKES, RIGHT = 6, 4


def examples(
    classes: Sequence[str], frame: "pd.DataFrame", answers: "pd.DataFrame", config: ProjectConfig, show: "Show"
) -> tuple[Example, ...]:
    """Return the most confident mistakes, those that give the true class the lowest probability, and right answers.

    Args:
        classes: the labels that the model knows.
        frame: the rows that it answered.
        answers: its predictions (see `predictions`), with the same index.
        config: names the columns; its seed chooses the right answers.
        show: rows and their answers -> what is shown of each, and the parts of it that decided with their shares.
    """
    import numpy as np

    truth, predicted = frame[config.columns.target].to_numpy(), answers[PREDICTION].to_numpy()
    sure, probability = confidence(answers, classes), probabilities(answers, classes)
    assert probability is not None
    columns = {label: index for index, label in enumerate(classes)}
    of_truth = np.array(
        [probability[row, columns[label]] if label in columns else 0.0 for row, label in enumerate(truth)]
    )
    wrong = np.flatnonzero(truth != predicted)
    confident = wrong[np.argsort(-sure[wrong], kind="stable")][:MISTAKES]
    rest = np.setdiff1d(wrong, confident)
    worst = rest[np.argsort(of_truth[rest], kind="stable")][:MISTAKES]
    right = np.flatnonzero(truth == predicted)
    right = np.random.default_rng(config.seed).choice(right, min(RIGHT, len(right)), replace=False)

    def shown() -> Iterator[Example]:
        groups = {"confident mistake": confident, "worst mistake": worst, "right answer": np.sort(right)}
        for group, rows in groups.items():
            chosen = frame.iloc[rows]
            seen = show(chosen, predicted[rows].tolist())
            for row, identity, (content, parts) in zip(rows.tolist(), _ids(chosen, config), seen, strict=True):
                yield Example(identity, group, content, truth[row], predicted[row], float(sure[row]), parts)

    return tuple(shown())


def _ids(frame: "pd.DataFrame", config: ProjectConfig) -> "npt.NDArray":
    """Return what names each row: its id, else its hash, else its number."""
    name = next((each for each in (config.columns.id, ROW_HASH) if each and each in frame), None)
    return (frame[name] if name else frame.index.to_series()).astype(str).to_numpy()
