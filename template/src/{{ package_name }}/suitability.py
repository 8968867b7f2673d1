"""Can a model be judged by these rows? Their classes and the metric say so before anything is predicted."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from . import metrics
from .config.project import ProjectConfig
from .config.yaml_file import suggest
from .figures import plural

if TYPE_CHECKING:
    import pandas as pd

SHOWN_LABELS = 3


def problem(config: ProjectConfig, train: "pd.DataFrame", holdout: "pd.DataFrame") -> str | None:
    """Return why these two parts of the data do not fit `config`, None if they do.

    The classes must fit `decision`, and the deciding metric must be defined on the holdout.

    Args:
        config: names the target, the metric and the positive class.
        train: rows to learn from, with the target.
        holdout: rows to judge by, with the target.
    """
    name = config.columns.target
    targets, held = train[name].to_numpy(), holdout[name].to_numpy()
    if config.task == "classification":
        classes = sorted(set(targets.tolist()))
        if len(classes) < 2:
            return (
                f"config/project.yml: target {name!r} has one class only in the training part ({targets[0]!r});"
                " a classification needs two"
            )
        wrong = _decision_problem(config, classes)
        if wrong:
            return f"config/project.yml: {wrong}"
    found = metrics.undefined(config.metric.name, config.task, targets, held, config.decision.positive)
    if found is None:
        return None
    reason, way_out = found
    other = ", or split.by: id" if config.split.by == "time" else ", or hold out more rows (split.holdout)"
    return f"config/project.yml: metric.name: {reason} (split by {config.split.by}): {way_out}{other}"


def unknown_labels(labels: "pd.Series", classes: Sequence[str] | None) -> dict[str, int]:
    """Return true labels that the model does not know, with the number of their rows, most frequent first."""
    if classes is None:
        return {}
    strange = labels[labels.notna() & ~labels.isin(list(classes))]
    return {str(label): int(count) for label, count in strange.value_counts().items()}


def unknown_sentence(labels: "pd.Series", classes: Sequence[str] | None) -> str | None:
    """Return that a model does not know some of the true labels, the most frequent first; None if it knows all."""
    found = unknown_labels(labels, classes)
    if not found:
        return None
    shown = ", ".join(f"{label!r} ({plural(count, 'row')})" for label, count in list(found.items())[:SHOWN_LABELS])
    left = len(found) - SHOWN_LABELS
    return f"the model does not know {'class' if len(found) == 1 else 'classes'} {shown}" + (
        f" and {left:,} more" if left > 0 else ""
    )


def _decision_problem(config: ProjectConfig, classes: list[str]) -> str | None:
    positive, shown = config.decision.positive, ", ".join(map(repr, classes[:5])) + (", ..." if classes[5:] else "")
    if len(classes) != 2:
        if positive is None and config.decision.threshold is None:
            return None
        return f"decision: needs a target of two classes; {config.columns.target!r} has {len(classes)} ({shown})"
    if positive is None or positive in classes:
        return None
    return (
        f"decision.positive: {positive!r} is no class of target {config.columns.target!r}; the classes are"
        f" {shown}{suggest(positive, classes)}"
    )
