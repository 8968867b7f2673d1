"""Has the data moved? One signal of a production window against the reference the model learned from.

Two measures must agree before a signal counts as drifted. The population stability index (PSI) says how far the
distribution moved, whatever the number of rows; a test says whether chance could have done it. Alone, the test
raises an alarm for every trifle once there are many rows, and PSI does so when there are few.

PSI = sum over bins of (production share - reference share) * ln(production share / reference share): the symmetric
Kullback-Leibler divergence of the binned distributions. Source, also of the customary reading (below 0.1 stable,
0.1 to 0.25 moved a little, above that moved): N. Siddiqi, Credit Risk Scorecards, Wiley 2006, chapter 9. B. Yurdakul,
Statistical Properties of the Population Stability Index, 2018, shows that without any drift PSI is on average
(bins - 1) * (1 / reference rows + 1 / production rows): 0.02 for ten bins and 500 rows, well below the limit.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from ..histogram import Floats, numeric_histogram

Counts = npt.NDArray[np.int64]

BINS = 10
CATEGORIES = 20
OTHER = "(other)"


@dataclass(frozen=True)
class Drift:
    """How far one signal moved. `psi`, `statistic` and `p_value` are None where a window holds no value at all.

    `histogram` is the picture: shares of each window's filled rows by `edges` (numeric, one more than the shares;
    the outer bars also hold what lies beyond them) or by `labels`.
    """

    psi: float | None
    test: str
    statistic: float | None
    p_value: float | None
    histogram: dict[str, Any]


def drift(reference: pd.Series, production: pd.Series, kind: str) -> Drift:
    """Compare the filled values of one signal; `quality` looks at missing ones.

    Args:
        reference: values the model learned from.
        production: values it met later.
        kind: `numeric` is compared in the reference's quantile bins and by the Kolmogorov-Smirnov test; `categorical`
            and `boolean` by category and by the chi-square test of homogeneity.
    """
    if kind == "numeric":
        return _numeric_drift(_numbers(reference), _numbers(production))
    return _categorical_drift(_labels(reference, kind), _labels(production, kind))


def psi(reference: Counts, production: Counts) -> float:
    """Return the population stability index of two windows counted in the same bins.

    Half a row is added to every bin (Jeffreys' prior for a multinomial), so that a bin that is empty on one side
    gives a large but finite figure; the addition loses its weight as rows grow.

    >>> round(psi(np.array([500, 500]), np.array([500, 500])), 3)
    0.0
    >>> round(psi(np.array([500, 500]), np.array([300, 700])), 3)
    0.169
    """
    shares = [(counts + 0.5) / (counts.sum() + 0.5 * len(counts)) for counts in (reference, production)]
    return float(np.sum((shares[1] - shares[0]) * np.log(shares[1] / shares[0])))


def bin_limits(values: Floats, bins: int = BINS) -> Floats:
    """Return inner limits of about `bins` bins that hold equal shares of `values`, open to both sides.

    A value so frequent that it fills a bin gets one of its own, so that a column that was constant, or mostly zero,
    shows a move in either direction.

    Returns:
        Ascending limits, float64; a bin holds what is above its lower and at most at its upper limit.
    """
    quantiles = np.quantile(values, np.arange(1, bins) / bins, method="inverted_cdf")
    distinct, times = np.unique(quantiles, return_counts=True)
    heavy = distinct[times > 1]
    return np.union1d(distinct, np.nextafter(heavy, -np.inf))


def _numeric_drift(reference: Floats, production: Floats) -> Drift:
    histogram = numeric_histogram(reference, production)
    if not len(reference) or not len(production):
        return Drift(None, "kolmogorov_smirnov", None, None, histogram)
    limits = bin_limits(reference)
    counts = [
        np.bincount(np.searchsorted(limits, values, side="left"), minlength=len(limits) + 1)
        for values in (reference, production)
    ]
    # The exact p-value needs time and memory that grow with both windows, and agrees at the sizes a monitor accepts.
    test = stats.ks_2samp(reference, production, method="asymp")
    # It is not defined for a single value: a constant has no drift, so p = 1.
    p_value = 1.0 if np.isnan(test.pvalue) else float(test.pvalue)
    return Drift(psi(*counts), "kolmogorov_smirnov", float(test.statistic), p_value, histogram)


def _categorical_drift(reference: pd.Series, production: pd.Series) -> Drift:
    labels, counts = _category_counts(reference, production)
    shares = [(c / max(c.sum(), 1)).tolist() for c in counts]
    histogram = {"labels": labels, "reference": shares[0], "production": shares[1]}
    if not len(reference) or not len(production):
        return Drift(None, "chi_square", None, None, histogram)
    table = np.vstack(counts)
    table = table[:, table.sum(axis=0) > 0]
    statistic, p_value = 0.0, 1.0
    if table.shape[1] > 1:
        test = stats.chi2_contingency(table, correction=False)
        statistic, p_value = float(test.statistic), float(test.pvalue)
    return Drift(psi(*counts), "chi_square", statistic, p_value, histogram)


def _category_counts(reference: pd.Series, production: pd.Series) -> tuple[list[str], list[Counts]]:
    """Count rows by category: the most frequent ones of the reference, all others together.

    Rare categories are pooled since PSI and chi-square both mislead where a bin expects a handful of rows.
    """
    frequencies = [values.value_counts() for values in (reference, production)]
    kept = [str(value) for value in (frequencies[0] if len(reference) else frequencies[1]).index[:CATEGORIES]]
    counts: list[Counts] = [np.asarray(table.reindex(kept, fill_value=0), np.int64) for table in frequencies]
    rest = [int(table.sum() - known.sum()) for table, known in zip(frequencies, counts, strict=True)]
    if not any(rest):
        return kept, counts
    return [*kept, OTHER], [np.concatenate([known, [more]]) for known, more in zip(counts, rest, strict=True)]


def _numbers(values: pd.Series) -> Floats:
    numbers = values.to_numpy(dtype=np.float64, na_value=np.nan)
    return numbers[~np.isnan(numbers)]


def _labels(values: pd.Series, kind: str) -> pd.Series:
    filled = values.dropna()
    if kind == "boolean":
        return filled.astype(bool).map({True: "true", False: "false"})
    return filled.astype(str)
