"""How right the model was, once the true values of a window have arrived: overall and slice by slice."""

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd

from .. import predictions, slices
from ..config.project import ProjectConfig
from ..metrics import MINIMIZED
from ..records import Performance, SliceColumn, Slices

REPEATS = 100
FEW = 5_000  # with more rows the error of a metric is small beside any limit
ERRORS = 1.645  # one-sided 5 % of a normal distribution


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
    error = standard_error(table, config, classes)
    beyond = value - limit if name in MINIMIZED else limit - value
    return Performance(name, value, holdout_metric, limit, len(table), beyond > ERRORS * (error or 0.0), error)


def standard_error(table: pd.DataFrame, config: ProjectConfig, classes: Sequence[str] | None) -> float | None:
    """Return the bootstrap standard error of the metric on `table`, from the configured seed; None for many rows.

    Source: B. Efron, R. Tibshirani, An Introduction to the Bootstrap, 1993, chapter 6 (50 to 200 repeats suffice).
    """
    if len(table) > FEW:
        return None
    draw = np.random.default_rng(config.seed)
    name = config.metric.name
    figures = slices.scorer(table, config.columns.target, classes, config.decision.positive, (name,))
    found = [figures(draw.integers(0, len(table), len(table))).get(name, np.nan) for _ in range(REPEATS)]
    return float(np.nanstd(found, ddof=1)) if np.isfinite(found).sum() > 1 else None


def gap_exceeds(
    table: pd.DataFrame,
    name: str,
    column: SliceColumn,
    limit: float,
    config: ProjectConfig,
    classes: Sequence[str] | None,
) -> bool:
    """Return whether the gap between the slices of column `name` is above `limit` by more than its standard error."""
    if column.gap is None or column.gap <= limit:
        return False
    metric = config.metric.name
    counted = sorted(
        (group for group in column.groups if group.counted and metric in group.metrics),
        key=lambda group: group.metrics[metric],
    )
    texts = slices.values(table[name])
    lowest, highest = (
        standard_error(table[texts == group.value], config, classes) or 0.0 for group in (counted[0], counted[-1])
    )
    return column.gap - limit > ERRORS * math.hypot(lowest, highest)


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
