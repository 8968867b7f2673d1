"""How far a share that was measured on some rows can be from the true one."""

import math

Z = 1.959964  # 95 %, two-sided


def wilson(part: int, whole: int) -> tuple[float, float]:
    """Return the 95 % interval of a share of `part` in `whole` rows, which also fits few rows and shares of 0 and 1.

    Source: E. B. Wilson, Probable Inference, the Law of Succession, and Statistical Inference, 1927.

    >>> low, high = wilson(81, 263)  # R. G. Newcombe, Two-Sided Confidence Intervals ..., 1998, table I
    >>> round(low, 4), round(high, 4)
    (0.2553, 0.3662)
    """
    if not whole:
        return 0.0, 1.0
    share, square = part / whole, Z * Z / whole
    middle = share + square / 2
    half = Z * math.sqrt((share * (1 - share) + square / 4) / whole)
    low, high = (middle - half) / (1 + square), (middle + half) / (1 + square)
    return 0.0 if part == 0 else low, 1.0 if part == whole else high
