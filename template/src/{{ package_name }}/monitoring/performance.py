"""How right the model was, once the true values of a window have arrived: overall and slice by slice."""

from collections.abc import Sequence

import pandas as pd

from .. import predictions, slices
from ..config.project import ProjectConfig
from ..metrics import MINIMIZED
from ..records import Performance, Slices


def labelled(production: pd.DataFrame, answers: pd.DataFrame, config: ProjectConfig) -> pd.DataFrame:
    """Return the rows of a window whose true value is known, with their predictions.

    Args:
        production: the window; it may lack the target.
        answers: the predictions for it (see `predictions`), with the same index.
        config: names the target and the slice columns.
    """
    target = config.columns.target
    if target not in production:
        return pd.DataFrame()
    table = production[[target, *config.slices]].join(answers)
    return table[table[target].notna()]


def performance(
    table: pd.DataFrame, config: ProjectConfig, classes: Sequence[str] | None, holdout_metric: float | None
) -> Performance | None:
    """Compare the metric on `table` (see `labelled`) with its limit; None where these rows do not define it."""
    name, limit = config.metric.name, config.monitoring.metric
    value = predictions.score(table, config.columns.target, classes, config.decision.positive).get(name)
    if value is None:
        return None
    breach = value > limit if name in MINIMIZED else value < limit
    return Performance(name, value, holdout_metric, limit, len(table), breach)


def slice_gaps(table: pd.DataFrame, config: ProjectConfig, classes: Sequence[str] | None) -> Slices | None:
    """Return the slices of `table` as the responsible_ai step sees them, with the monitor's limit; None without any."""
    if not config.slices:
        return None
    return slices.measure(
        table,
        config.slices,
        config.columns.target,
        classes,
        metric=config.metric.name,
        limit=config.monitoring.slice_gap,
        minimum_rows=config.gate.slice_rows,
        positive=config.decision.positive,
    )
