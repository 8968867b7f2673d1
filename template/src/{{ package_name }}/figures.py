"""How a figure or a count is written for a reader, in the terminal and on the pages."""

import math
from collections.abc import Sequence

LARGEST = 1e15  # from here on, and below SMALLEST, digits are harder to read than an exponent
SMALLEST = 1e-6
NOISE = 1e-9  # 11.0 - 11.2 is -0.1999999999999993


def number(value: float, digits: int = 4) -> str:
    """Return a figure with `digits` significant digits: 0.01234, 9.877, 15, 12,345, 1.235e-09.

    Digits before the point are never rounded away, and thousands are separated. Zeros at the end say that a figure
    was rounded. A negative figure has an ASCII hyphen before its first digit; zero has no sign. An exponent is used
    below 1e-6 and from 1e15 on only; what is not finite reads nan, inf or -inf.

    >>> number(28204.31), number(28204), number(-1234567.8)
    ('28,204', '28,204', '-1,234,568')
    >>> number(0.96153), number(13.99996), number(14.0), number(11.0 - 11.2), number(-0.0)
    ('0.9615', '14.00', '14', '-0.2', '0')
    >>> number(999.96), number(0.0000012345), number(1.2345e-9), number(1.2345e15)
    ('1,000', '0.000001234', '1.235e-09', '1.234e+15')
    >>> number(float("-inf")), number(0.12345, digits=2)
    ('-inf', '0.12')
    """
    value = value if isinstance(value, int) else float(value)  # numpy's own types write themselves differently
    if not math.isfinite(value) or value == 0:
        return "0" if value == 0 else str(value)
    rounded = float(f"{value:.{digits - 1}e}")
    if not SMALLEST <= abs(rounded) < LARGEST:
        return f"{value:.{digits - 1}e}"
    decimals = max(0, digits - 1 - math.floor(math.log10(abs(rounded))))
    text = f"{value:,.{decimals}f}"
    exact = math.isclose(float(text.replace(",", "")), value, rel_tol=NOISE)
    return text.rstrip("0").rstrip(".") if exact and "." in text else text


def plural(count: int, one: str, many: str = "") -> str:
    """Return a count with its noun, of which `many` is the plural if it takes more than an s.

    >>> plural(1, "row"), plural(1200, "row"), plural(2, "class", "classes"), plural(0, "row is", "rows are")
    ('1 row', '1,200 rows', '2 classes', '0 rows are')
    """
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def shortened(sentences: Sequence[str], shown: int = 20) -> list[str]:
    """Return the first sentences, and in the place of the others one that counts them.

    >>> shortened(["a", "b", "c"], shown=1), shortened(["a"], shown=1)
    (['a', 'and 2 more'], ['a'])
    """
    left = len(sentences) - shown
    return [*sentences[:shown], *([f"and {left:,} more"] if left > 0 else [])]
