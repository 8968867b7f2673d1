"""Histograms of two windows over the same bars, for pictures."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

BARS = 24


def numeric_histogram(reference: Floats, production: Floats, bars: int = BARS) -> dict[str, Any]:
    """Return shares of both windows in bars of equal width over the middle 99 % of both.

    One stray value must not flatten the picture, so the outer bars also hold what lies beyond them.

    Args:
        reference: values of the first window, float64.
        production: values of the second window, float64.
        bars: number of bars.

    Returns:
        `edges` (one more than `bars`) and the shares `reference` and `production`; all empty without any value.
    """
    finite = [values[np.isfinite(values)] for values in (reference, production)]
    limits: Sequence[Floats] = [np.quantile(values, [0.005, 0.995]) for values in finite if len(values)]
    if not limits:
        return {"edges": [], "reference": [], "production": []}
    low, high = float(np.min(limits)), float(np.max(limits))
    if low == high:
        low, high = low - 0.5, high + 0.5
    edges = np.linspace(low, high, bars + 1)
    shares = [np.histogram(np.clip(values, low, high), edges)[0] / max(len(values), 1) for values in finite]
    return {
        "edges": edges.tolist(),
        "reference": shares[0].tolist(),
        "production": shares[1].tolist(),
    }
