"""Could chance alone have done it? Tests of a monitor's figures, and their correction for being many."""

from collections.abc import Sequence

import numpy as np
from scipy import stats


def rise(part: int, whole: int, before: int, whole_before: int) -> float:
    """Return the probability of a share of `part` of `whole` rows or more, if it were that of the rows before.

    The p-value of Fisher's exact test, one-sided: exact for any number of rows, also for shares of 0.

    >>> round(rise(8, 10, 1, 10), 4)  # scipy.stats.fisher_exact([[8, 2], [1, 9]], "greater")
    0.0027
    """
    if not part or not whole or not whole_before:
        return 1.0
    total = whole + whole_before
    return float(stats.hypergeom.sf(part - 1, total, part + before, whole))


def outside(part: int, whole: int, reference: int) -> float:
    """Return the probability that `part` or more of `whole` new values lie outside the range of `reference` old ones.

    If all come from one continuous source, on average 2 / (reference + 1) of the new ones do (S. S. Wilks,
    Determination of Sample Sizes for Setting Tolerance Limits, 1941), and their number has a beta-binomial
    distribution: `part` or more are outside exactly when at most one old value is among part + 1 drawn of all.
    Where values repeat, fewer lie outside, and the probability is too large: no false breach.

    >>> round(outside(3, 42, 100), 3)  # scipy.stats.betabinom(42, 2, 99).sf(2)
    0.078
    """
    return 1.0 if part == 0 else float(stats.hypergeom.cdf(1, whole + reference, reference, part + 1))


def holm(p_values: Sequence[float]) -> list[float]:
    """Return p-values corrected for being many, in the order given.

    Below a level they are, with at most that probability, wrong even once in the whole window, however the tests
    depend on each other: S. Holm, A Simple Sequentially Rejective Multiple Test Procedure, 1979. A control of the
    share of false alarms alone (Benjamini and Hochberg 1995) is more sensitive, but one false breach is enough to
    start a retraining, so none may be left to chance.

    >>> holm([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    if not p_values:
        return []
    values = np.asarray(p_values)
    order = np.argsort(values)
    steps = np.maximum.accumulate(values[order] * np.arange(len(values), 0, -1))
    corrected = np.empty(len(values))
    corrected[order] = np.minimum(steps, 1.0)
    return [float(value) for value in corrected]
