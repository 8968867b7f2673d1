"""Limits for gate and monitors as a proposal: derived from a baseline's figures and a guess's, and said in comments."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, pstdev
from typing import Any

from .. import metrics
from ..figures import plural
from ..metrics import Task
from ..split import By
from .commented_yaml import Noted

UNMEASURED = "could not be measured: set it"
# Metrics that are shares of rows, or vary like one.
SHARES = frozenset(metrics.NAMES["classification"]) - {"log_loss", "brier"}
# Of the metrics that have a smallest and a largest value.
RANGES = dict.fromkeys((*SHARES, "brier"), (0.0, 1.0))
MAXIMUM_ROWS, MINIMUM_ROWS = 500, 50  # of a window that a monitor judges
BETTER = Noted(0.0, "must beat the champion by more than this")


@dataclass(frozen=True)
class Limits:
    """The worst value allowed and the largest gap between slices, in the unit of `metric`, with their reasons."""

    metric: str
    minimum: float
    gap: float
    reason: str = UNMEASURED
    gap_reason: str = UNMEASURED


def derive(
    metric: str, baseline: Sequence[float], guess: Sequence[float], gaps: Sequence[float], holdout_rows: int
) -> Limits:
    """Return limits that a plain model keeps, and a guess does not unless the reason says so.

    The metric may be worse than the baseline's by half of its distance from the best value (0 for an error, else 1),
    or by a tenth of the way to a guess if that is more, but by no more than half of that way. Where the baseline's
    folds vary so much that chance alone could break this limit, three of their standard deviations are allowed; and
    for shares of few rows, two standard errors of Agresti and Coull (The American Statistician 52, 1998). A limit stays
    within the values that the metric can have.

    Args:
        metric: its name.
        baseline: figures of the baseline, one for each validation fold.
        guess: figures of a model that ignores its inputs, on the same folds.
        gaps: differences between the best and the worst slice that the baseline had in a fold.
        holdout_rows: rows that the gate will look at.

    >>> derive("accuracy", [0.9, 0.9, 0.9], [0.5, 0.5, 0.5], [], 1000).minimum
    0.85
    >>> derive("accuracy", [0.9, 0.9, 0.9], [0.5, 0.5, 0.5], [], 16).minimum
    0.728
    >>> derive("rmse", [10.0, 11.0, 12.0], [12.0, 12.0, 12.0], [], 1000).minimum
    13.5
    >>> derive("rmse", [10.0, 11.0, 12.0], [12.0, 12.0, 12.0], [], 1000).reason.partition("; ")[2]
    'a guess keeps this limit too: tighten it after the first run'
    >>> derive("average_precision", [0.05, 0.2, 0.35], [0.03, 0.03, 0.03], [], 600).minimum
    0.0
    """
    lower = metrics.direction(metric) == "minimize"
    if not baseline:
        return Limits(metric, 1.0 if lower else 0.0, 1.0)
    reached, by_chance, spread = fmean(baseline), fmean(guess), pstdev(baseline)
    sign = -1 if lower else 1
    way = max(sign * (reached - by_chance), 0.0)
    allowed = {
        "and half as much error again": abs(reached - (0.0 if lower else 1.0)) / 2,
        "and a tenth of the way to the guess": way / 10,
    }
    rule = max(allowed, key=lambda name: allowed[name])
    room = allowed[rule]
    if room > way / 2:
        rule, room = "and half of the way to the guess", way / 2
    if 3 * spread > room:
        rule, room = "and three standard deviations of the folds", 3 * spread
    if metric in SHARES and (error := _share_error(reached, holdout_rows)) > room:
        rule, room = f"and two standard errors of {plural(holdout_rows, 'row')}", error
    if way <= spread:
        rule += "; hardly better than a guess: look at the inputs"
    elif room >= way:
        rule += "; a guess keeps this limit too: tighten it after the first run"
    folds = plural(len(baseline), "validation fold")
    figures = f"linear baseline {_short(reached)} on {folds} (a guess: {_short(by_chance)})"
    gap = max([2 * largest for largest in gaps] + [room, 0.02 * abs(reached), 1e-9])
    largest = f"twice the baseline's in a fold, {_short(max(gaps))}, or more" if gaps else "no slices yet"
    lowest, highest = RANGES.get(metric, (-math.inf, math.inf))
    return Limits(
        metric,
        min(max(rounded(reached - sign * room, up=lower), lowest), highest),
        min(rounded(gap, up=True), highest - lowest),
        f"{figures}, {rule}",
        f"best against worst slice; {largest}",
    )


def sections(task: Task, by: By, limits: Limits, slices: list[str], rows: int, gain: Noted = BETTER) -> dict[str, Any]:
    """Return the sections split, metric, gate, slices and monitoring of config/project.yml, commented.

    `gain` is what a challenger must gain over the champion (gate.minimum_gain).
    """
    others = ", ".join(name for name in metrics.NAMES[task] if name != limits.metric)
    return {
        "split": {
            "by": Noted(by, "the newest rows are held out" if by == "time" else "a fixed hash decides"),
            "holdout": Noted(0.2, "share of the rows"),
        },
        "metric": {"name": Noted(limits.metric, f"or {others}")},
        "gate": Noted(
            {
                "minimum": Noted(limits.minimum, limits.reason),
                "minimum_gain": gain,
                "maximum_slice_gap": Noted(limits.gap, limits.gap_reason),
                "slice_rows": Noted(50, "smaller slices are shown but are no reason to refuse a model"),
            },
            "a challenger becomes the champion only if all of these hold; in the unit of the metric",
        ),
        "slices": Noted(
            slices, "groups that the model must serve alike; choose them: only you know the sensitive ones"
        ),
        "monitoring": Noted(
            {
                "minimum_rows": Noted(
                    min(MAXIMUM_ROWS, max(MINIMUM_ROWS, rows // 5)), "fewer rows are too few to judge"
                ),
                "psi": Noted(0.2, "population stability index of a feature or of the prediction"),
                "p_value": Noted(0.001, "and the Kolmogorov-Smirnov or chi-square test must agree"),
                "missing": Noted(0.05, "rise in the share of missing values"),
                "unseen": Noted(0.02, "share of rows with a category never seen in training"),
                "out_of_range": Noted(0.05, "share of rows outside the training range"),
                "metric": Noted(limits.minimum, "worst value on labelled rows; as gate.minimum"),
                "slice_gap": Noted(limits.gap, "as gate.maximum_slice_gap"),
            },
            "beyond these a monitor reports a breach",
        ),
    }


def about() -> Noted:
    """Return the section about, to be filled in by hand."""
    ruled_out = Noted("", "uses that you rule out, such as decisions about single people")
    return Noted({"purpose": "", "not_for": ruled_out, "owner": ""}, "for the model card")


def _share_error(share: float, rows: int) -> float:
    adjusted = (share * rows + 2) / (rows + 4)
    return 2 * math.sqrt(adjusted * (1 - adjusted) / (rows + 4))


def rounded(value: float, *, up: bool) -> float:
    """Return the value with three digits.

    >>> rounded(0.71234, up=False), rounded(15512.0, up=True)
    (0.712, 15600.0)
    """
    if not value:
        return 0.0
    unit = 10.0 ** (math.floor(math.log10(abs(value))) - 2)
    steps = math.ceil(value / unit - 1e-9) if up else math.floor(value / unit + 1e-9)
    return float(f"{steps * unit:.12g}")


def _short(value: float) -> str:
    return f"{value:,.3f}" if abs(value) < 10 else f"{value:,.1f}" if abs(value) < 10_000 else f"{value:,.0f}"
