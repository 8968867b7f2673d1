"""Curves of robustness: what a change costs that is made stronger and stronger."""

import re
from collections.abc import Sequence

from markupsafe import Markup

from ..records import Perturbation, Robustness
from . import charts
from .html import NOTHING, figure, grid, join, number

STRENGTH = re.compile(r"-?[0-9.]+")
WIDE, HIGH, LEFT, RIGHT, TOP = 260, 120, 40, 14, 10


def curves(found: Robustness) -> Markup:
    """Return a curve for each change of several strengths, whose names end in a number; nothing without any.

    Strengths come in the order of the record, from the weakest on: a lower number may be a stronger change.
    """
    families: dict[str, list[Perturbation]] = {}
    for each in found.perturbations:
        kind, _, strength = each.name.rpartition(" ")
        if kind and STRENGTH.fullmatch(strength):
            families.setdefault(kind, []).append(each)
    several = {kind: members for kind, members in families.items() if len(members) > 1}
    if not several:
        return NOTHING
    drawn = [each for members in several.values() for each in members]
    top = max(*(max(each.loss, each.limit or 0.0) for each in drawn), 1e-9) * 1.05
    return grid(
        [figure(_curve(members, top, f"{kind}: {found.metric} worse by"), kind) for kind, members in several.items()]
    )


def _curve(members: Sequence[Perturbation], top: float, label: str) -> Markup:
    """Draw the loss at each strength, from none at the left on; a dashed line is the limit of a strength."""
    names = ["none", *(each.name.rpartition(" ")[2] for each in members)]
    step = (WIDE - LEFT - RIGHT) / (len(names) - 1)

    def x(place: int) -> float:
        return round(LEFT + place * step, 1)

    def y(loss: float) -> float:
        return round(TOP + (HIGH - TOP) * (1 - loss / top), 1)

    values = charts.ticks(0, top, 3)
    parts = [
        Markup('<path class="axis" d="M{} {}H{}"/>').format(LEFT, y(value), WIDE - RIGHT)
        + charts.write(LEFT - 6, y(value) + 4, text, "end")
        for value, text in zip(values, charts.tick_texts(values)[0], strict=True)
    ]
    parts += [charts.write(x(place), HIGH + 16, name, "middle") for place, name in enumerate(names)]
    for place, each in enumerate(members, start=1):
        if each.limit is not None:
            ends = (x(place) - step / 3, y(each.limit), x(place) + step / 3)
            parts.append(Markup('<path class="guide" d="M{} {}H{}"/>').format(*(round(end, 1) for end in ends)))
    places = [(x(place), y(loss)) for place, loss in enumerate([0.0, *(each.loss for each in members)])]
    parts.append(Markup('<path class="line" d="M{}"/>').format("L".join(f"{a} {b}" for a, b in places)))
    parts += [Markup('<circle class="mark" cx="{}" cy="{}" r="3.5"/>').format(a, b) for a, b in places[1:]]
    spoken = ", ".join(f"{number(each.loss, 2)} at {name}" for each, name in zip(members, names[1:], strict=True))
    return charts.drawing(f"{label} {spoken}", join(parts), WIDE, HIGH + 22)
