"""How right the model was, once the true values of a window have arrived: overall and slice by slice."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ..config.project import MINIMIZED, ProjectConfig
from ..metrics import score
from ..steps.responsible_ai import slices


@dataclass(frozen=True)
class Performance:
    """The project's metric on the labelled rows of a window, beside its value on the holdout of the training run."""

    metric: str
    value: float
    reference_value: float | None
    limit: float
    rows: int
    breach: bool


def labelled(
    production: pd.DataFrame, prediction: Any, probability: Any, config: ProjectConfig, classes: Sequence[str] | None
) -> pd.DataFrame:
    """The rows of a window whose true value is known, with columns `prediction` and `probability_<class>`.

    Args:
        production: the window; it may lack the target.
        prediction: predicted values or class labels, (rows,).
        probability: class probabilities, (rows, classes), None for a regression.
        config: names the target and the slice columns.
        classes: labels of the columns of `probability`, None for a regression.
    """
    target = config.columns.target
    if target not in production:
        return pd.DataFrame()
    table = production[[target, *config.slices]].assign(prediction=prediction)
    for index, label in enumerate(classes or ()):
        table[f"probability_{label}"] = probability[:, index]
    return table[table[target].notna()]


def performance(
    table: pd.DataFrame, config: ProjectConfig, classes: Sequence[str] | None, holdout_metric: float | None
) -> Performance | None:
    """Hold the metric on `table` (see `labelled`) against its limit; None where these rows do not define it."""
    name, limit = config.metric.name, config.monitoring.metric
    target, predicted = table[config.columns.target].to_numpy(), table["prediction"].to_numpy()
    if classes is None:
        value = score(config.task, target, predicted).get(name)
    else:
        probability = table[[f"probability_{label}" for label in classes]].to_numpy()
        value = score(config.task, target, predicted, probability, np.array(classes, dtype=object)).get(name)
    if value is None:
        return None
    breach = value > limit if name in MINIMIZED else value < limit
    return Performance(name, value, holdout_metric, limit, len(table), breach)


def slice_gaps(table: pd.DataFrame, config: ProjectConfig, classes: Sequence[str] | None) -> dict[str, Any] | None:
    """The slices of `table` as the responsible_ai step sees them, with the monitor's limit; None without slices."""
    if not config.slices:
        return None
    return slices(table, config, list(classes) if classes else None) | {"limit": config.monitoring.slice_gap}
