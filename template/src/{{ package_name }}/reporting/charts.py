"""Small SVG charts for the HTML pages: sharp at any size, a few kilobytes each, coloured by the page's style sheet.

They are drawn about 350 units wide, the width of a phone, so that their text stays readable there.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from markupsafe import Markup

from .html import NOTHING, join, number

Floats = npt.NDArray[np.float64]

WIDTH, HEIGHT = 360, 300
LEFT, RIGHT, TOP, BOTTOM = 48, 12, 10, 42
CELLS = 60
SHADES = 6
CATEGORIES = 6


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
    scale = _Scale(low, high, low, high)
    size = (scale.x(high) - scale.x(low)) / CELLS, (scale.y(low) - scale.y(high)) / CELLS
    shades = [
        Markup('<path class="density" fill-opacity="{}" d="{}"/>').format(
            round((level + 1) / (SHADES + 1), 2),
            "".join(f"M{column} {CELLS - 1 - row}h1v1h-1z" for column, row in np.argwhere(levels == level)),
        )
        for level in range(1, SHADES + 1)
    ]
    cells = Markup('<g transform="translate({} {}) scale({:.4f} {:.4f})">{}</g>').format(LEFT, TOP, *size, join(shades))
    guide = _path([(low, low), (high, high)], scale, "guide")
    return _chart(
        f"{y_label} against {x_label}: {len(x):,} rows from {number(low)} to {number(high)}",
        _axes(scale, x_label, y_label) + cells + guide,
    )


def line(points: Sequence[tuple[float, float]], x_label: str, y_label: str) -> Markup:
    """Draw a line in the unit square beside its diagonal, such as ROC or calibration."""
    scale = _Scale(0, 1, 0, 1)
    drawn = _path([(0, 0), (1, 1)], scale, "guide") + _path(points, scale, "line")
    return _chart(f"{y_label} against {x_label}", _axes(scale, x_label, y_label) + drawn)


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
    width, height = 300, 96
    step = width / len(reference)
    bars = "".join(
        f"M{index * step:.1f} {height}v{-share / top * height:.1f}h{step:.1f}V{height}z"
        for index, share in enumerate(reference)
        if share
    )
    outline = f"M0 {height}" + "".join(f"V{height * (1 - share / top):.1f}h{step:.2f}" for share in production)
    low, high = histogram["edges"][0], histogram["edges"][-1]
    places = [(round((value - low) / (high - low) * width, 1), number(value)) for value in ticks(low, high)]
    return _chart(
        label,
        Markup('<path class="reference-fill" d="{}"/><path class="production-line" d="{}V{}z"/>').format(
            bars, outline, height
        )
        + Markup('<path class="axis" d="M0 {0}H{1}{2}"/>').format(
            height, width, "".join(f"M{x} {height}v4" for x, _ in places)
        )
        + join(_text(x, height + 16, text, _alignment(x, width)) for x, text in places),
        width,
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
    width, line, start = 300, 19, 112
    room = width - start
    parts = []
    for place, index in enumerate(order):
        y = place * line
        name = labels[index] if len(labels[index]) <= 12 else labels[index][:11] + "…"
        parts.append(_text(start - 8, y + 12, name, "end"))
        for offset, share, style in (
            (2, reference[index], "reference-fill"),
            (9, production[index], "production-fill"),
        ):
            parts.append(
                Markup('<rect class="{}" x="{}" y="{}" width="{}" height="6.5"/>').format(
                    style, start, y + offset, round(share / top * room, 1)
                )
            )
    return _chart(label, join(parts), width, len(order) * line)


class _Scale:
    """Translates values to places in the drawing."""

    def __init__(self, x_low: float, x_high: float, y_low: float, y_high: float) -> None:
        self.x_low, self.x_high, self.y_low, self.y_high = x_low, x_high, y_low, y_high

    def x(self, value: float) -> float:
        return LEFT + (value - self.x_low) / (self.x_high - self.x_low) * (WIDTH - LEFT - RIGHT)

    def y(self, value: float) -> float:
        return HEIGHT - BOTTOM - (value - self.y_low) / (self.y_high - self.y_low) * (HEIGHT - TOP - BOTTOM)


def ticks(low: float, high: float, count: int = 5) -> list[float]:
    """Return about `count` round numbers from `low` to `high`."""
    rough = (high - low) / count
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= rough * 0.999)
    first = math.ceil(low / step - 1e-9)
    return [round(index * step, 12) for index in range(first, math.floor(high / step + 1e-9) + 1)]


def _axes(scale: _Scale, x_label: str, y_label: str) -> Markup:
    floor, ceiling, right = HEIGHT - BOTTOM, TOP, WIDTH - RIGHT
    parts = []
    for value in ticks(scale.x_low, scale.x_high):
        x = round(scale.x(value), 1)
        parts.append(Markup('<path class="axis" d="M{0} {1}V{2}"/>').format(x, floor, ceiling))
        parts.append(_text(x, floor + 15, number(value), "middle"))
    for value in ticks(scale.y_low, scale.y_high):
        y = round(scale.y(value), 1)
        parts.append(Markup('<path class="axis" d="M{0} {1}H{2}"/>').format(LEFT, y, right))
        parts.append(_text(LEFT - 6, y + 4, number(value), "end"))
    parts.append(_text((LEFT + right) / 2, HEIGHT - 8, x_label, "middle"))
    middle = (floor + ceiling) / 2
    parts.append(
        Markup('<text text-anchor="middle" transform="translate(11 {}) rotate(-90)">{}</text>').format(middle, y_label)
    )
    return join(parts)


def _path(points: Sequence[tuple[float, float]], scale: _Scale, style: str) -> Markup:
    places = (f"{scale.x(x):.1f} {scale.y(y):.1f}" for x, y in points)
    return Markup('<path class="{}" d="M{}"/>').format(style, "L".join(places))


def _text(x: float, y: float, text: str, anchor: str) -> Markup:
    return Markup('<text x="{}" y="{}" text-anchor="{}">{}</text>').format(x, y, anchor, text)


def _alignment(x: float, width: float) -> str:
    """Keeps a text within the drawing: at its ends it runs inwards."""
    return "start" if x < width * 0.05 else "end" if x > width * 0.95 else "middle"


def _chart(label: str, content: Markup, width: int = WIDTH, height: int = HEIGHT) -> Markup:
    return Markup('<svg class="chart" role="img" aria-label="{}" viewBox="0 0 {} {}">{}</svg>').format(
        label, width, height, content
    )


def _span(values: Floats) -> tuple[float, float]:
    """Return limits that leave out the most extreme tenth of a percent on either side."""
    low, high = np.quantile(values, [0.001, 0.999])
    if low == high:
        return float(low) - 0.5, float(high) + 0.5
    return float(low), float(high)
