"""Small SVG charts for the HTML pages: sharp at any size, a few kilobytes each, coloured by the page's style sheet.

They are drawn about 350 units wide, the width of a phone, so that their text stays readable there.
"""

import itertools
import math
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from markupsafe import Markup

from ..figures import plural
from .html import NOTHING, join, number, shorten

Floats = npt.NDArray[np.float64]
Point = tuple[float, float]

WIDTH, HEIGHT = 360, 300
RIGHT, TOP, BOTTOM = 12, 10, 42
LETTERS = 11  # height of a text, as in html.css
CELLS = 60
SHADES = 6
CATEGORIES = 6
UNITS = {1e12: "trillion", 1e9: "billion", 1e6: "million", 1e-6: "millionths", 1e-9: "billionths"}
DIAGONAL = ((0.0, 0.0), (1.0, 1.0))


def density(x: Floats, y: Floats, x_label: str, y_label: str) -> Markup:
    """Draw where pairs of values lie, darker where there are more; the dashed line is where both are equal.

    Args:
        x: float64, shape (n,), finite.
        y: float64, shape (n,), finite.
    """
    if not len(x):
        return NOTHING
    low, high = _span(np.concatenate([x, y]))
    counts, _, _ = np.histogram2d(x, y, bins=CELLS, range=[[low, high], [low, high]])
    # Shades follow the logarithm: where most rows share a few cells, the stray ones are what a reader looks for.
    levels = np.ceil(np.log1p(counts) / np.log1p(counts.max()) * SHADES).astype(int)
    scale = _Scale(low, high)
    size = (scale.x(high) - scale.x(low)) / CELLS, (scale.y(low) - scale.y(high)) / CELLS
    shades = [
        Markup('<path class="density" fill-opacity="{}" d="{}"/>').format(
            round((level + 1) / (SHADES + 1), 2),
            "".join(f"M{column} {CELLS - 1 - row}h1v1h-1z" for column, row in np.argwhere(levels == level)),
        )
        for level in range(1, SHADES + 1)
    ]
    cells = Markup('<g transform="translate({:.1f} {}) scale({:.4f} {:.4f})">{}</g>').format(
        scale.left, TOP, *size, join(shades)
    )
    guide = _path([(low, low), (high, high)], scale, "guide")
    return drawing(
        f"{y_label} against {x_label}: {plural(len(x), 'row')} from {number(low)} to {number(high)}",
        _axes(scale, x_label, y_label) + cells + guide,
    )


def line(
    points: Sequence[Point],
    x_label: str,
    y_label: str,
    guide: Sequence[Point] = DIAGONAL,
    mark: tuple[Point, str] | None = None,
) -> Markup:
    """Draw a line in the unit square, such as ROC or calibration.

    Args:
        points: its places, (x, y).
        guide: ends of the dashed line to compare it with.
        mark: one place to mark, with its name.
    """
    scale = _Scale(0, 1)
    drawn = _path(guide, scale, "guide") + _path(points, scale, "line")
    if mark is not None:
        (x, y), text = mark
        place, room = scale.x(x), WIDTH - RIGHT - scale.left
        anchor, aside = ("start", 8) if x < 0.5 else ("end", -8)
        drawn += Markup('<circle class="mark" cx="{:.1f}" cy="{:.1f}" r="4.5"/>').format(place, scale.y(y))
        drawn += write(round(place + aside, 1), round(scale.y(y) + (-8 if y < 0.5 else 16), 1), text, anchor, room / 2)
    return drawing(f"{y_label} against {x_label}", _axes(scale, x_label, y_label) + drawn)


def histogram_pair(histogram: Mapping[str, Any], label: str) -> Markup:
    """Draw two distributions over each other: the reference as grey bars, production as a coloured outline or bars.

    Args:
        histogram: shares `reference` and `production`, with `edges` (numbers) or `labels` (categories).
        label: text for a screen reader.
    """
    reference, production = histogram["reference"], histogram["production"]
    if not reference:
        return NOTHING
    if "labels" in histogram:
        return _paired_bars(histogram["labels"], reference, production, label)
    top = max(*reference, *production) or 1.0
    across, height = 300, 96
    step = across / len(reference)
    bars = "".join(
        f"M{index * step:.1f} {height}v{-share / top * height:.1f}h{step:.1f}V{height}z"
        for index, share in enumerate(reference)
        if share
    )
    outline = f"M0 {height}" + "".join(f"V{height * (1 - share / top):.1f}h{step:.2f}" for share in production)
    low, high = _apart(histogram["edges"][0], histogram["edges"][-1])
    values, texts, _ = _labelled(low, high, across, named=True)
    places = [round((value - low) / (high - low) * across, 1) for value in values]
    return drawing(
        label,
        Markup('<path class="reference-fill" d="{}"/><path class="production-line" d="{}V{}z"/>').format(
            bars, outline, height
        )
        + Markup('<path class="axis" d="M0 {0}H{1}{2}"/>').format(
            height, across, "".join(f"M{x} {height}v4" for x in places)
        )
        + join(
            write(_within(x, text, across), height + 16, text, "middle") for x, text in zip(places, texts, strict=True)
        ),
        across,
        height + 20,
    )


def _paired_bars(
    labels: Sequence[str],
    reference: Sequence[float],
    production: Sequence[float],
    label: str,
) -> Markup:
    """Draw two bars a category; of many categories those whose share changed most."""
    changed = sorted(range(len(labels)), key=lambda index: -abs(production[index] - reference[index]))
    order = sorted(changed[:CATEGORIES])
    top = max(max(reference[index], production[index]) for index in order) or 1.0
    across, line, start = 300, 19, 112
    room = across - start
    parts = []
    for place, index in enumerate(order):
        y = place * line
        parts.append(write(start - 8, y + 12, labels[index], "end", start - 8))
        for offset, share, style in (
            (2, reference[index], "reference-fill"),
            (9, production[index], "production-fill"),
        ):
            parts.append(
                Markup('<rect class="{}" x="{}" y="{}" width="{}" height="6.5"/>').format(
                    style, start, y + offset, round(share / top * room, 1)
                )
            )
    if others := len(labels) - len(order):
        said = f"{others:,} more changed less"
        parts.append(write(start, len(order) * line + 12, said, "start", room))
    return drawing(label, join(parts), across, (len(order) + bool(others)) * line)


class _Scale:
    """Translates values to places in a drawing whose axes have the same limits."""

    def __init__(self, low: float, high: float) -> None:
        self.low, self.high = low, high
        texts = _labelled(low, high)[1]
        self.left = math.ceil(max(width(text) for text in texts)) + 24  # beside them stands the turned label

    def x(self, value: float) -> float:
        return self.left + (value - self.low) / (self.high - self.low) * (WIDTH - self.left - RIGHT)

    def y(self, value: float) -> float:
        return HEIGHT - BOTTOM - (value - self.low) / (self.high - self.low) * (HEIGHT - TOP - BOTTOM)


def ticks(low: float, high: float, count: int = 5) -> list[float]:
    """Return about `count` round numbers from `low` to `high`."""
    rough = (high - low) / count
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= rough * 0.999)
    first = math.ceil(low / step - 1e-9)
    found = (float(f"{index * step:.15g}") for index in range(first, math.floor(high / step + 1e-9) + 1))
    return sorted(set(found))


def tick_texts(values: Sequence[float]) -> tuple[list[str], str]:
    """Return round numbers as a reader would write them, with equal decimals, and the unit that they are in.

    >>> tick_texts([0, 10_000, 20_000])
    (['0', '10,000', '20,000'], '')
    >>> tick_texts([0, 500_000, 1_000_000])
    (['0.0', '0.5', '1.0'], 'million')
    >>> tick_texts([1_000_000, 1_000_010])
    (['1,000,000', '1,000,010'], '')
    >>> tick_texts([0, 0.00001]), tick_texts([0, 0.00000001])
    ((['0.00000', '0.00001'], ''), (['0', '10'], 'billionths'))
    """
    largest = max(map(abs, values), default=0.0)
    plain = _equal_decimals(values)
    unit = next((unit for unit in UNITS if largest >= unit), 0.0)
    if largest >= 1e18 or not unit:
        return [number(value) for value in values], ""
    scaled = _equal_decimals([value / unit for value in values])
    small = len(max(plain, key=len)) <= (8 if largest < 1e6 else len(max(scaled, key=len)) + 3)
    return (plain, "") if small or 1e-3 < largest < 1e6 else (scaled, UNITS[unit])


def _equal_decimals(values: Sequence[float]) -> list[str]:
    """Return texts with as many decimals as tell the values apart."""
    step = min((abs(b - a) for a, b in itertools.pairwise(values)), default=abs(values[0]) / 1e6)
    exact = (d for d in range(12) if all(abs(round(value, d) - value) <= step / 1000 for value in values))
    decimals = next(exact, 12)
    return [f"{value:,.{decimals}f}" for value in values]


def _labelled(
    low: float, high: float, room: float = math.inf, named: bool = False
) -> tuple[list[float], list[str], str]:
    """Return ticks, their texts and their unit: as many as have room beside each other; `named`: each with its unit."""
    many = ticks(low, high) or [low]
    fewer = [found for count in (4, 3, 2) if len(found := ticks(low, high, count)) > 1]
    for values in [many, *fewer, [many[0], many[-1]], many[:1]]:
        texts, unit = tick_texts(values)
        if named:
            texts = [f"{text} {unit}".rstrip() if value else "0" for value, text in zip(values, texts, strict=True)]
        if math.isinf(room) or _fit_beside([(value - low) / (high - low) * room for value in values], texts, room):
            break
    return values, texts, unit


def _fit_beside(places: Sequence[float], texts: Sequence[str], room: float) -> bool:
    """Return whether texts around these places, all within the drawing, leave a gap between each other."""
    middles = [_within(place, text, room) for place, text in zip(places, texts, strict=True)]
    return all(
        b - a > (width(one) + width(other) + LETTERS) / 2
        for (a, b), (one, other) in zip(itertools.pairwise(middles), itertools.pairwise(texts), strict=True)
    )


def _axes(scale: _Scale, x_label: str, y_label: str) -> Markup:
    floor, ceiling, right = HEIGHT - BOTTOM, TOP, WIDTH - RIGHT
    parts = []
    values, texts, unit = _labelled(scale.low, scale.high, right - scale.left)
    for value, text in zip(values, texts, strict=True):
        x = round(scale.x(value), 1)
        parts.append(Markup('<path class="axis" d="M{0} {1}V{2}"/>').format(x, floor, ceiling))
        parts.append(write(_within(x, text, WIDTH), floor + 15, text, "middle"))
    parts.append(_label((scale.left + right) / 2, HEIGHT - 8, x_label, unit, right - scale.left))
    values, texts, unit = _labelled(scale.low, scale.high)
    for value, text in zip(values, texts, strict=True):
        y = round(scale.y(value), 1)
        parts.append(Markup('<path class="axis" d="M{0} {1}H{2}"/>').format(scale.left, y, right))
        parts.append(write(scale.left - 6, y + 4, text, "end"))
    turned = Markup('<g transform="translate(11 {}) rotate(-90)">{}</g>')
    parts.append(turned.format((floor + ceiling) / 2, _label(0, 0, y_label, unit, floor - ceiling)))
    return join(parts)


def _path(points: Sequence[Point], scale: _Scale, style: str) -> Markup:
    places = (f"{scale.x(x):.1f} {scale.y(y):.1f}" for x, y in points)
    return Markup('<path class="{}" d="M{}"/>').format(style, "L".join(places))


def _label(x: float, y: float, text: str, unit: str, room: float) -> Markup:
    """Draw the name of an axis; the unit of its figures is kept where the name must be cut."""
    suffix = f" ({unit.removesuffix('s')}s)" if unit else ""
    return write(x, y, text, "middle", room - width(suffix), suffix)


def write(x: float, y: float, text: str, anchor: str, room: float = math.inf, suffix: str = "") -> Markup:
    """Draw a text, cut in its middle where it is wider than `room`; then a browser shows all of it on demand."""
    shown = fit(text, room)
    whole = Markup("<title>{}</title>").format(text) if shown != text else NOTHING
    return Markup('<text x="{}" y="{}" text-anchor="{}">{}{}{}</text>').format(x, y, anchor, whole, shown, suffix)


def fit(text: str, room: float) -> str:
    """Return `text`, cut in its middle until it is no wider than `room`."""
    shown, most = text, len(text)
    while width(shown) > room and most > 1:
        most -= 1
        shown = shorten(text, most)
    return shown


def width(text: str) -> float:
    """Return how wide a text is drawn, rather too much than too little: the letters of DejaVu Sans, a wide font."""
    return sum(_ems(letter) for letter in text) * LETTERS


def _ems(letter: str) -> float:
    if unicodedata.combining(letter):
        return 0.0
    if unicodedata.east_asian_width(letter) in "WF":
        return 1.2
    if letter in "mwMW@%…—":
        return 1.0
    if letter in "ijlt.,:;'|!()[] ":
        return 0.42
    return 0.66 if letter.isascii() and not letter.isupper() else 0.85


def _within(x: float, text: str, room: float) -> float:
    """Return the middle nearest to `x` at which a text lies within the drawing."""
    half = width(text) / 2
    return round(min(max(x, half), room - half), 1)


def drawing(label: str, content: Markup, across: int = WIDTH, height: int = HEIGHT) -> Markup:
    """Return a drawing of this size; `label` says for a screen reader what it shows."""
    return Markup('<svg class="chart" role="img" aria-label="{}" viewBox="0 0 {} {}">{}</svg>').format(
        label, across, height, content
    )


def _span(values: Floats) -> tuple[float, float]:
    """Return limits that leave out the most extreme tenth of a percent on either side."""
    low, high = (float(limit) for limit in np.quantile(values, [0.001, 0.999]))
    return _apart(low, high)


def _apart(low: float, high: float) -> tuple[float, float]:
    """Return limits that a scale can lie between, also where all values are equal."""
    if high - low > 1e-12 * max(abs(low), abs(high)):
        return low, high
    beside = abs(low) / 10 or 0.5
    return low - beside, high + beside
