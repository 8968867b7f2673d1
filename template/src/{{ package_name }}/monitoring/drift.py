"""Has the data moved? One signal of a production window against the reference the model learned from.

Two measures must agree before a signal counts as drifted. The population stability index (PSI) says how far the
distribution moved, whatever the number of rows; a test says whether chance could have done it. Alone, the test
raises an alarm for every trifle once there are many rows, and PSI does so when there are few.

PSI = sum over bins of (production share - reference share) * ln(production share / reference share): the symmetric
Kullback-Leibler divergence of the binned distributions. Source, also of the customary reading (below 0.1 stable,
0.1 to 0.25 moved a little, above that moved): N. Siddiqi, Credit Risk Scorecards, Wiley 2006, chapter 9. B. Yurdakul,
Statistical Properties of the Population Stability Index, 2018, shows that without any drift PSI is on average
(bins - 1) * (1 / reference rows + 1 / production rows): 0.02 for ten bins and 500 rows, but 0.4 for ten bins and 42
rows beside 50. A limit is therefore compared with the PSI less this mean.
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
EPOCH = pd.Timestamp(0, tz="UTC")  # times are compared as days since then
CATEGORIES = 20
# Pearson's chi-square needs about five rows expected in a cell: W. G. Cochran, Some Methods for Strengthening the
# Common Chi-Square Tests, Biometrics 1954.
EXPECTED = 5
OTHER = "(other)"


@dataclass(frozen=True)
class Drift:
    """How far one signal moved; `psi`, `chance_psi` and the test are None where a window holds no value at all.

    `chance_psi` is the PSI that two windows of these sizes have on average when nothing moved.

    `histogram` is the picture: shares of each window's filled rows by `edges` (numeric, one more than the shares;
    the outer bars also hold what lies beyond them) or by `labels`.
    """

    psi: float | None
    test: str
    statistic: float | None
    p_value: float | None
    histogram: dict[str, Any]
    chance_psi: float | None = None


def drift(reference: pd.Series, production: pd.Series, kind: str) -> Drift:
    """Compare the filled values of one signal; `quality` looks at missing ones.

    Args:
        reference: values the model learned from.
        production: values it met later.
        kind: `numeric` (and `time`, as numbers) is compared in the reference's quantile bins and by the
            Kolmogorov-Smirnov test; `categorical` and `boolean` by category and by the chi-square test of homogeneity.
    """
    if kind in ("numeric", "time"):
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


def chance_psi(bins: int, reference: int, production: int) -> float:
    """Return the mean PSI of two windows of one source: rows of each, counted in `bins` bins (Yurdakul 2018).

    >>> round(chance_psi(10, 500, 500), 3)
    0.036
    """
    return (bins - 1) * (1 / reference + 1 / production)


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
    chance = chance_psi(len(counts[0]), len(reference), len(production))
    return Drift(psi(*counts), "kolmogorov_smirnov", float(test.statistic), p_value, histogram, chance)


def _categorical_drift(reference: pd.Series, production: pd.Series) -> Drift:
    labels, counts = _category_counts(reference, production)
    shares = [(c / max(c.sum(), 1)).tolist() for c in counts]
    histogram = {"labels": labels, "reference": shares[0], "production": shares[1]}
    if not len(reference) or not len(production):
        return Drift(None, "chi_square", None, None, histogram)
    table = pooled(np.vstack(counts))
    statistic, p_value = 0.0, 1.0
    if table.shape[1] > 1:
        test = stats.chi2_contingency(table, correction=False)
        statistic, p_value = float(test.statistic), float(test.pvalue)
    chance = chance_psi(len(labels), len(reference), len(production))
    return Drift(psi(*counts), "chi_square", statistic, p_value, histogram, chance)


def pooled(table: Counts) -> Counts:
    """Return a table of counts (2, categories) with the rarest categories as one, so that the chi-square test holds.

    Categories are pooled from the rarest on, by their rows in both windows, until the smaller window expects
    `EXPECTED` rows in each column.

    >>> pooled(np.array([[50, 40, 3, 2], [50, 40, 2, 1]]))
    array([[50, 45],
           [50, 43]])
    """
    table = table[:, np.argsort(-table.sum(axis=0), kind="stable")]
    totals = table.sum(axis=0)
    expected = totals * (table.sum(axis=1).min() / totals.sum())
    kept = int(np.count_nonzero(expected >= EXPECTED))
    if kept < table.shape[1] and expected[kept:].sum() < EXPECTED:
        kept = max(kept - 1, 0)  # even together the rare ones are too few: the next one joins them
    rest = table[:, kept:].sum(axis=1, keepdims=True)
    return np.hstack([table[:, :kept], rest]) if rest.any() else table[:, :kept]


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
    if values.dtype.kind == "M":
        values = (values - EPOCH) / pd.Timedelta(days=1)
    numbers = values.to_numpy(dtype=np.float64, na_value=np.nan)
    return numbers[~np.isnan(numbers)]


def _labels(values: pd.Series, kind: str) -> pd.Series:
    filled = values.dropna()
    if kind == "boolean":
        return filled.astype(bool).map({True: "true", False: "false"})
    return filled.astype(str)
