"""Bias of the data: is every slice there in numbers, and do rates of the target or the prediction differ between them?

Works on any frame with slice columns, a target and, where there are any, predictions. Names follow fairlearn: the
difference and the ratio of rates between slices are its demographic parity difference and ratio, here of the target
too. Limits and their sources are in `config.project.Bias`.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from . import slices
from .figures import number, plural
from .metrics import positive_class
from .predictions import PREDICTION
from .records import Bias, BiasBreach, BiasColumn, BiasGroup, BiasLimits, Disparity

if TYPE_CHECKING:
    import numpy.typing as npt
    import pandas as pd

TARGET = "target"
MEAN = "mean"


def measure(
    parts: "Mapping[str, pd.DataFrame]",
    columns: Sequence[str],
    target: str,
    classes: Sequence[str] | None,
    limits: BiasLimits,
    positive: str | None = None,
) -> Bias:
    """Return shares and rates of every value of every slice column in each part of the data, and the broken limits.

    A value that some other part holds is listed with no rows where it does not occur.

    Args:
        parts: name of a part, such as training or holdout -> its rows; target and predictions may be absent.
        columns: names of the slice columns.
        target: name of the column with the true values.
        classes: class labels; None for a regression.
        limits: the limits.
        positive: the class to find, of two; default: the last one.
    """
    wanted = positive_class(classes or (), positive)
    if classes and wanted is not None:
        classes = [*(label for label in classes if label != wanted), wanted]  # the last one from here on
    found: dict[str, dict[str, BiasColumn]] = {name: {} for name in parts}
    breaches: list[BiasBreach] = []
    for column in columns:
        members = {name: dict(slices.groups(table[column])) for name, table in parts.items()}
        values = sorted(set().union(*members.values()))
        for name, table in parts.items():
            rows = {value: members[name].get(value, np.array([], dtype=np.intp)) for value in values}
            found[name][column] = _column(table, rows, target, classes, limits)
            breaches += _breaches(name, column, found[name][column], limits)
    return Bias(limits, found, tuple(breaches))


def _column(
    table: "pd.DataFrame",
    rows: "Mapping[str, npt.NDArray[np.intp]]",
    target: str,
    classes: Sequence[str] | None,
    limits: BiasLimits,
) -> BiasColumn:
    counted = {value for value, positions in rows.items() if len(positions) >= limits.minimum_rows}
    rates: dict[str, dict[str, dict[str, float]]] = {value: {} for value in rows}
    disparities = {}
    for kind, name in ((TARGET, target), (PREDICTION, PREDICTION)):
        if name not in table:
            continue
        samples = _samples(table[name], rows, classes)
        for value in rows:
            means = {rate: float(by_value[value].mean()) for rate, by_value in samples.items() if len(by_value[value])}
            if means:
                rates[value][kind] = means
        pairs = [_disparity(rate, by_value, counted, classes) for rate, by_value in samples.items()]
        measured = [pair for pair in pairs if pair is not None]
        if measured:
            disparities[kind] = max(measured, key=lambda pair: pair.difference)
    groups = [
        BiasGroup(value, len(positions), len(positions) / max(len(table), 1), value in counted, rates[value])
        for value, positions in rows.items()
    ]
    groups.sort(key=lambda group: -group.rows)
    return BiasColumn(tuple(groups), disparities)


def _samples(
    column: "pd.Series", rows: "Mapping[str, npt.NDArray[np.intp]]", classes: Sequence[str] | None
) -> "dict[str, dict[str, npt.NDArray[Any]]]":
    """Return rate -> value -> its rows with a known outcome: numbers, or whether they are of the class."""
    filled, outcome = column.notna().to_numpy(), column.to_numpy()
    known = {value: outcome[positions[filled[positions]]] for value, positions in rows.items()}
    if classes is None:
        return {MEAN: {value: numbers.astype(np.float64) for value, numbers in known.items()}}
    shown = classes[-1:] if len(classes) == 2 else classes
    return {label: {value: labels == label for value, labels in known.items()} for label in shown}


def _disparity(
    rate: str, samples: "Mapping[str, npt.NDArray[Any]]", counted: set[str], classes: Sequence[str] | None
) -> Disparity | None:
    """Compare the slices with the least and the largest rate; None with fewer than two to compare.

    The p-value is of Fisher's exact test, or of Welch's for means, times the number of pairs of slices (Bonferroni),
    because the two extremes were picked after looking.
    """
    from scipy import stats

    rates = {value: float(sample.mean()) for value, sample in samples.items() if value in counted and len(sample) > 1}
    if len(rates) < 2:
        return None
    low, high = min(rates, key=rates.__getitem__), max(rates, key=rates.__getitem__)
    difference = rates[high] - rates[low]
    pairs = len(rates) * (len(rates) - 1) / 2
    if difference == 0:
        return Disparity(rate, low, high, 0.0, 1.0 if classes is not None and len(classes) == 2 else None, 1.0)
    if classes is None:
        spread = np.sqrt(sum(samples[value].var(ddof=1) / len(samples[value]) for value in (low, high)))
        p_value = stats.ttest_ind(samples[low], samples[high], equal_var=False).pvalue if spread > 0 else 0.0
        return Disparity(rate, low, high, difference, None, min(1.0, float(p_value) * pairs))
    table = [[int(samples[value].sum()), int((~samples[value]).sum())] for value in (low, high)]
    p_value = float(stats.fisher_exact(table).pvalue)
    ratio = rates[low] / rates[high] if len(classes) == 2 else None
    return Disparity(rate, low, high, difference, ratio, min(1.0, p_value * pairs))


def _breaches(part: str, column: str, content: BiasColumn, limits: BiasLimits) -> list[BiasBreach]:
    from scipy import stats

    found = []
    total = sum(group.rows for group in content.groups)
    rare = [
        group
        for group in content.groups
        if group.share < limits.smallest_share
        and stats.binom.cdf(group.rows, total, limits.smallest_share) < limits.p_value
    ]
    if rare:
        least = rare[-1]
        many = plural(len(rare), "value has", "values have")
        found.append(
            BiasBreach(
                part,
                column,
                "share",
                f"{column} in {part}: {many} less than {100 * limits.smallest_share:.3g} % of the rows,"
                f" {least.value!r} only {100 * least.share:.2g} %",
            )
        )
    for kind, pair in content.disparities.items():
        if pair.p_value >= limits.p_value:
            continue
        what = f"{column} in {part}: {kind} {'mean' if pair.rate == MEAN else f'rate of {pair.rate!r}'}"
        if pair.ratio is not None and limits.rate_ratio is not None and pair.ratio < limits.rate_ratio:
            text = f"{what} of {pair.low!r} is {pair.ratio:.3g} of that of {pair.high!r}"
            found.append(BiasBreach(part, column, kind, f"{text}, at least {limits.rate_ratio:.3g} is asked"))
        elif limits.rate_difference is not None and pair.difference > limits.rate_difference:
            text = f"{what} of {pair.low!r} and {pair.high!r} differs by {number(pair.difference)}"
            found.append(BiasBreach(part, column, kind, f"{text}, at most {number(limits.rate_difference)} is allowed"))
    return found
