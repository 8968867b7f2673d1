"""Can a model of the training part be judged on the holdout as config/project.yml says? Known before it is trained."""

from typing import TYPE_CHECKING

from . import metrics
from .config.project import ProjectConfig
from .config.yaml_file import suggest

if TYPE_CHECKING:
    import pandas as pd


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
