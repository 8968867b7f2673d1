"""Metrics by name, for both tasks; the unit of an error metric is the unit of the target."""

from typing import TYPE_CHECKING, Any, Literal, TypeVar

from .figures import plural

if TYPE_CHECKING:
    # Not at run time: commands that only read records should answer at once.
    from collections.abc import Collection, Sequence

    import numpy.typing as npt

    Array = npt.NDArray[Any]

Task = Literal["regression", "classification"]
Direction = Literal["minimize", "maximize"]
Label = TypeVar("Label")

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
# Metrics that some rows do not define; see `undefined`.
OF_EVERY_CLASS = frozenset(("average_precision", "roc_auc"))
OF_KNOWN_CLASSES = frozenset(("average_precision", "brier", "log_loss", "roc_auc"))
OF_POSITIVE_CLASS = frozenset(("f1", "precision", "recall"))
LARGEST = 1e100


def direction(name: str) -> Direction:
    """Return whether a smaller or a larger value of the metric is better.

    >>> direction("rmse"), direction("accuracy")
    ('minimize', 'maximize')
    """
    return "minimize" if name in MINIMIZED else "maximize"


def positive_class(classes: "Sequence[Label]", positive: Label | None = None) -> Label | None:
    """Return the class that a classification of two looks for: `positive`, else the last; None for more classes."""
    if len(classes) != 2:
        return None
    return positive if positive is not None else classes[-1]


def best_threshold(truth: "Array", probability: "Array", figure: str) -> float:
    """Return the probability of a class from which on it should be the answer, so that a figure is largest.

    Args:
        truth: whether each row is of that class, bool (rows,).
        probability: of that class, (rows,).
        figure: `f1` of that class, or `balanced_accuracy`, the mean of both recalls (Youden's J, 1950).

    >>> import numpy as np
    >>> best_threshold(np.array([False, False, True, True]), np.array([0.1, 0.2, 0.3, 0.4]), "f1")
    0.3
    """
    import numpy as np
    from sklearn import metrics as sk

    if truth.all() or not truth.any():
        return 0.5
    if figure == "f1":
        precision, recall, limits = sk.precision_recall_curve(truth, probability)
        total = precision[:-1] + recall[:-1]
        found = np.divide(2 * precision[:-1] * recall[:-1], total, out=np.zeros_like(total), where=total > 0)
    else:
        false, true, limits = sk.roc_curve(truth, probability)
        found = true - false
    return float(limits[np.argmax(found)])


def undefined(
    name: str, task: Task, train: "Array", holdout: "Array", positive: str | None = None
) -> tuple[str, str] | None:
    """Return why `holdout` does not define a metric for a model of `train`, and a way out; None if it is defined.

    It needs no model, so that this is known before one is trained; `score` leaves out what this function names.

    Args:
        name: name of the metric.
        task: regression or classification.
        train: true values or class labels that a model would learn from, (rows,).
        holdout: those that it would be judged by, (rows,).
        positive: the class to find, of two; default: the last one in sorted order.

    >>> import numpy as np
    >>> undefined("roc_auc", "classification", np.array(["a", "b", "c"]), np.array(["a", "b"]))[0]
    "roc_auc needs held-out rows of every class; class 'c' is in none of the 2 held-out rows"
    >>> undefined("accuracy", "classification", np.array(["a", "b", "c"]), np.array(["a", "b"]))
    """
    rows = f"the {plural(len(holdout), 'held-out row')}"
    if task == "regression":
        if name == "mape" and (holdout == 0).any():
            return (
                f"mape divides by the true value; it is 0 in {int((holdout == 0).sum()):,} of {rows}",
                "use mae, rmse or median_error",
            )
        if name == "r2" and len(set(holdout.tolist())) < 2:
            return f"r2 needs different true values; {rows} all hold {holdout[0]:g}", "use mae or rmse"
        return None
    classes, held = sorted(set(train.tolist())), set(holdout.tolist())
    unknown = sorted(held.difference(classes))
    if name in OF_KNOWN_CLASSES and unknown:
        count = int((holdout == unknown[0]).sum())
        return (
            f"{name} needs a probability of each held-out class; class {unknown[0]!r} is in {count:,} of {rows},"
            " but in no row to train on",
            "use accuracy or balanced_accuracy",
        )
    wanted = positive_class(classes, positive)
    if name in OF_EVERY_CLASS:
        absent = [label for label in classes if label not in held]
        if absent:
            return (
                f"{name} needs held-out rows of every class; class {absent[0]!r} is in none of {rows}",
                "use accuracy, balanced_accuracy or log_loss",
            )
    if name in OF_POSITIVE_CLASS and wanted is not None and wanted not in held:
        return f"{name} needs held-out rows of class {wanted!r}, which is in none of {rows}", "use accuracy or log_loss"
    return None


def score(
    task: Task,
    target: "Array",
    prediction: "Array",
    probability: "Array | None" = None,
    classes: "Array | None" = None,
    positive: str | int | None = None,
    names: "Collection[str] | None" = None,
) -> dict[str, float]:
    """Return metrics of `task`.

    Of two classes precision, recall, f1 and average_precision are those of the positive class; of more they are the
    unweighted means over the classes (macro), as f1_macro and balanced_accuracy (mean recall) always are.

    Args:
        task: regression or classification.
        target: true values or class labels, (rows,).
        prediction: predicted values or class labels, (rows,).
        probability: class probabilities, (rows, classes); needed for average_precision, brier, log_loss and roc_auc.
        classes: all class labels, sorted: those of the columns of `probability`.
        positive: the class to find, of two, as `target` has it (label or number); default: the last one.
        names: of the metrics to compute; default: all.

    Returns:
        Metric name -> value. A metric that these rows do not define (ROC AUC of a single class, recall of a class
        that has no row, R2 of a single row, MAPE of a true value of 0) is left out; see `undefined`.
    """
    wanted = NAMES[task] if names is None else names
    if task == "regression":
        found = _of_values(target, prediction, wanted)
    else:
        found = _of_labels(target, prediction, classes, positive)
        if probability is not None and classes is not None:
            found |= _of_probabilities(target, probability, classes, positive, wanted)
    return {name: float(figure) for name, figure in found.items() if name in wanted}


def _of_labels(
    target: "Array", prediction: "Array", classes: "Array | None", positive: str | int | None
) -> dict[str, Any]:
    """Return the metrics that these rows define, from one count of them.

    They equal scikit-learn's, which takes twenty times as long to check and count few rows: a column of many slices
    and a bootstrap have hundreds of such calls.
    """
    import numpy as np

    labels, codes = np.unique(np.concatenate([target, prediction]), return_inverse=True)
    truth, answers = codes[: len(target)], codes[len(target) :]
    rows, called, right = (
        np.bincount(each, minlength=len(labels)) for each in (truth, answers, truth[truth == answers])
    )
    precision, recall, f1 = (
        np.divide(part, whole, out=np.zeros(len(labels)), where=whole > 0)
        for part, whole in ((right, called), (right, rows), (2 * right, rows + called))
    )
    accuracy = right.sum() / len(target)
    found = {
        "accuracy": accuracy,
        "error_rate": 1 - accuracy,
        "balanced_accuracy": recall[rows > 0].mean(),
        "f1_macro": f1.mean(),
    }
    present = labels[rows > 0]
    wanted = positive_class(list(present if classes is None else classes), positive)
    if wanted is None or wanted in present:
        of = slice(None) if wanted is None else labels == wanted
        found |= {"precision": precision[of].mean(), "recall": recall[of].mean(), "f1": f1[of].mean()}
    return found


def _of_probabilities(
    target: "Array",
    probability: "Array",
    classes: "Array",
    positive: str | int | None,
    names: "Collection[str]",
) -> dict[str, Any]:
    """Return the metrics that these rows define; both losses as scikit-learn defines them, without its checks."""
    import numpy as np
    from sklearn import metrics as sk
    from sklearn.utils import assert_all_finite

    truth = target[:, None] == classes[None, :]
    if not truth.any(axis=1).all():  # a label that training never saw has no probability
        return {}
    assert_all_finite(probability)
    least = np.finfo(probability.dtype).eps
    squares = np.mean(np.sum((probability - truth) ** 2, axis=1))
    found = {
        "log_loss": -np.log(np.clip(probability[truth], least, 1 - least)).mean(),
        "brier": squares / 2 if len(classes) == 2 else squares,  # of two classes the usual one between 0 and 1
    }
    if truth.any(axis=0).all() and len(classes) > 1:
        wanted = positive_class(list(classes), positive)
        of = slice(None) if wanted is None else list(classes).index(wanted)
        for name, figure in (("roc_auc", sk.roc_auc_score), ("average_precision", sk.average_precision_score)):
            if name in names:
                found[name] = figure(truth[:, of], probability[:, of])  # of more classes the mean over them
    return found


def _of_values(target: "Array", prediction: "Array", names: "Collection[str]") -> dict[str, Any]:
    """Return the metrics that these rows define."""
    import numpy as np
    from sklearn import metrics as sk

    # A model that extrapolates can answer "infinite"; a huge error loses every comparison and JSON can hold it.
    prediction = np.clip(prediction, -LARGEST, LARGEST)
    figures = {
        "rmse": sk.root_mean_squared_error,
        "mae": sk.mean_absolute_error,
        "median_error": sk.median_absolute_error,
    }
    if not (target == 0).any():
        figures["mape"] = sk.mean_absolute_percentage_error
    if len(target) > 1 and np.ptp(target.astype(float)) > 0:
        figures["r2"] = sk.r2_score
    return {name: figure(target, prediction) for name, figure in figures.items() if name in names}
