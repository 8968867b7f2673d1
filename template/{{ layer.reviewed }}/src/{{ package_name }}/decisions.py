"""How the probability of one of two classes becomes an answer."""

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from . import metrics, split
from .config.project import ProjectConfig
from .records import Decision

if TYPE_CHECKING:
    import numpy.typing as npt
    import pandas as pd

    Array = npt.NDArray[Any]
    Answer = Callable[[pd.DataFrame, pd.DataFrame], tuple[Sequence[str], Array]]


def answers(probability: "Array", classes: Sequence[str], decision: Decision | None) -> "Array":
    """Return class labels (str), (rows,), for class probabilities (rows, classes) in the order of `classes`."""
    import numpy as np

    found = probability.argmax(axis=1)
    if decision:
        positive = classes.index(decision.positive)
        found = np.where(probability[:, positive] >= decision.threshold, positive, 1 - positive)
    return np.array(classes, dtype=object)[found]


def stated(classes: Sequence[str], config: ProjectConfig) -> Decision | None:
    """Return the decision between two classes with the threshold that `config` states, or one half; else None."""
    wanted, threshold = metrics.positive_class(classes, config.decision.positive), config.decision.threshold
    return None if wanted is None else Decision(wanted, threshold if isinstance(threshold, float) else 0.5)


def problem(config: ProjectConfig, cheap: str) -> str | None:
    """Return why a learner that is costly to fit refuses a rule for the threshold; `cheap` is a kind that takes one."""
    if not isinstance(config.decision.threshold, str):
        return None
    return (
        f"config/project.yml: decision.threshold: {config.decision.threshold!r} would train the {config.model.kind}"
        f" once for each fold; write a number, or use model.kind {cheap}"
    )


def decide(frame: "pd.DataFrame", config: ProjectConfig, folds: int, answer: "Answer") -> Decision | None:
    """Return how a model decides between two classes; None for more classes.

    Args:
        frame: the training part.
        config: names the class to find and the threshold; one that is a rule is found on folds (see `split.folds`).
        folds: number of folds.
        answer: rows to learn from and others -> the classes, and their probabilities for the others.
    """
    import numpy as np

    target, rule = config.columns.target, config.decision.threshold
    found = stated(sorted(frame[target].unique()), config)
    if found is None or not isinstance(rule, str):
        return found
    wanted = found.positive

    def validated() -> "Iterator[tuple[Array, Array]]":
        for train, validate in split.folds(frame[config.split_column], config.split.by, folds):
            known, rows = frame[train], frame[validate]
            if len(rows) and known[target].nunique() == 2:
                classes, probability = answer(known, rows)
                yield (rows[target] == wanted).to_numpy(), probability[:, classes.index(wanted)]

    parts = list(validated()) or [(np.zeros(0, dtype=bool), np.zeros(0))]
    truth, probability = (np.concatenate(each) for each in zip(*parts, strict=True))
    return Decision(wanted, metrics.best_threshold(truth, probability, rule), rule)
