"""Metrics by name, for both tasks; the unit of an error metric is the unit of the target."""

from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    # Not at run time: commands that only read records should answer at once.
    import numpy.typing as npt

    Array = npt.NDArray[Any]

Task = Literal["regression", "classification"]
Direction = Literal["minimize", "maximize"]

NAMES: dict[Task, tuple[str, ...]] = {
    "regression": ("mae", "mape", "median_error", "r2", "rmse"),
    "classification": (
        "accuracy",
        "average_precision",
        "balanced_accuracy",
        "brier",
        "error_rate",
        "f1",
        "f1_macro",
        "log_loss",
        "precision",
        "recall",
        "roc_auc",
    ),
}
MINIMIZED = frozenset(("rmse", "mae", "mape", "median_error", "log_loss", "brier", "error_rate"))


def direction(name: str) -> Direction:
    """Return whether a smaller or a larger value of the metric is better.

    >>> direction("rmse"), direction("accuracy")
    ('minimize', 'maximize')
    """
    return "minimize" if name in MINIMIZED else "maximize"


def score(
    task: Task,
    target: "Array",
    prediction: "Array",
    probability: "Array | None" = None,
    classes: "Array | None" = None,
) -> dict[str, float]:
    """Return all metrics of `task`.

    Args:
        task: regression or classification.
        target: true values or class labels, (rows,).
        prediction: predicted values or class labels, (rows,).
        probability: class probabilities, (rows, classes); needed for roc_auc, log_loss and brier.
        classes: the labels of the columns of `probability`, sorted.

    Returns:
        Metric name -> value. A metric that these rows do not define (ROC AUC of a single class,
        R2 of a single row) is left out.
    """
    import numpy as np
    from sklearn import metrics as sk

    if task == "regression":
        found = {
            "rmse": float(sk.root_mean_squared_error(target, prediction)),
            "mae": float(sk.mean_absolute_error(target, prediction)),
        }
        if len(target) > 1 and np.ptp(target.astype(float)) > 0:
            found["r2"] = float(sk.r2_score(target, prediction))
        return found
    accuracy = float(sk.accuracy_score(target, prediction))
    found = {
        "accuracy": accuracy,
        "error_rate": 1 - accuracy,
        "f1": float(sk.f1_score(target, prediction, average="macro", zero_division=0)),
    }
    if probability is None or classes is None:
        return found
    truth = target[:, None] == classes[None, :]
    if truth.any(axis=1).all():  # a label that training never saw has no probability
        found["log_loss"] = float(sk.log_loss(target, probability, labels=list(classes)))
        squares = float(np.mean(np.sum((probability - truth) ** 2, axis=1)))
        found["brier"] = squares / 2 if len(classes) == 2 else squares  # two classes: Brier's usual 0 to 1
        if truth.any(axis=0).all() and len(classes) > 1:
            scores = probability[:, 1] if len(classes) == 2 else probability
            found["roc_auc"] = float(sk.roc_auc_score(target, scores, multi_class="ovr", labels=list(classes)))
    return found
