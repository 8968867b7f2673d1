"""Labels that are probably wrong: confident learning on out-of-fold probabilities (Northcutt et al. 2021)."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy.typing as npt

    Array = npt.NDArray[Any]

ROWS = 20_000  # looked at, at most
FOLDS = 4


def doubtful(probabilities: "Array", labels: "Array") -> "Array":
    """Return the rows whose label is probably wrong, the most doubtful first, int64.

    A row counts for a class if its probability is at least the mean of that class among the rows labelled so; one that
    counts for another class than its label, and not for its own more, is doubtful.

    Args:
        probabilities: float (rows, classes), each from a model that did not see the row.
        labels: class of each row, int (rows,); each class has a row.

    >>> import numpy as np
    >>> doubtful(np.array([[0.9, 0.1], [0.8, 0.2], [0.1, 0.9], [0.2, 0.8], [0.95, 0.05]]), np.array([0, 0, 1, 1, 1]))
    array([4])
    """
    import numpy as np

    rows, classes = probabilities.shape
    usual = np.array([probabilities[labels == each, each].mean() for each in range(classes)])
    confident = np.where(probabilities >= usual, probabilities, -1.0)
    guess = confident.argmax(axis=1)
    margin = probabilities[np.arange(rows), guess] - probabilities[np.arange(rows), labels]
    wrong = (confident.max(axis=1) >= 0) & (guess != labels) & (margin > 0)
    return np.flatnonzero(wrong)[np.argsort(-margin[wrong], kind="stable")]


def doubtful_labels(labels: Sequence[str], seed: int, features: Callable[[list[int]], Any]) -> "Array":
    """Return the positions of rows whose label is probably wrong, the most doubtful first.

    Args:
        labels: of at least two classes.
        seed: draws the rows, if there are more than 20,000, and the folds.
        features: positions -> matrix of what a linear model can learn from these rows, float (rows, features).
    """
    import numpy as np
    from sklearn.linear_model import SGDClassifier
    from sklearn.model_selection import KFold

    chosen = np.sort(np.random.default_rng(seed).permutation(len(labels))[:ROWS])
    classes, truth = np.unique(np.array(labels, dtype=object)[chosen].astype(str), return_inverse=True)
    matrix = features(chosen.tolist())
    probabilities = np.zeros((len(chosen), len(classes)))
    for train, held in KFold(FOLDS, shuffle=True, random_state=seed).split(matrix):
        if len(known := np.unique(truth[train])) > 1:
            model = SGDClassifier(loss="log_loss", alpha=1e-5, max_iter=20, tol=1e-2, random_state=seed).fit(
                matrix[train], truth[train]
            )
            probabilities[np.ix_(held, known)] = model.predict_proba(matrix[held])
    return chosen[doubtful(probabilities, truth)]
