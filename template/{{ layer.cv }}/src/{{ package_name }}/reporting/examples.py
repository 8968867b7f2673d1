"""The sections of the report that show the model at work on images: where it looks, and images with their answers."""

import base64
import struct
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby

from markupsafe import Markup

from ..explain import GRID, REGIONS
from ..records import Example, Examples, Importance, Metrics
from .charts import write
from .html import NOTHING, badge, card, grid, join, name, number, percent

PLACES, PICTURES = "Where the model looks", "Images to look at"
INTROS = {
    PLACES: (
        "The image in nine regions. Each is covered in turn, and the figure says what that takes from the log-odds of"
        " the answer named above it. Much in the middle is usual; much at a margin often tells of the camera or of a"
        " mark."
    ),
    PICTURES: (
        "Held-out images with their answers, each as it is and with the places that count: filled ones speak for the"
        " answer, outlined ones against it."
    ),
    "Robustness": (
        "How much worse the metric gets on images that are changed more and more, by noise, blur, rotation, contrast"
        " and JPEG compression. Limits hold for the first change of each, which should not change the answer."
    ),
}
GROUPS = {
    "confident mistake": "The most confident mistakes",
    "worst mistake": "Mistakes that give the true class the least probability",
    "right answer": "Right answers, chosen by chance",
}
CLASSES = 12  # classes whose regions are shown
SIDE = 90  # of a drawing of regions
FEW_PIXELS = 64  # on the longer side: these are drawn as squares, others smoothly
WEAK = 0.15  # of the largest share in an image: up to it a cell is not marked
LONGER = 144  # drawn pixels on the longer side of an image


def sections(metrics: Metrics, shown: Examples | None) -> dict[str, Markup]:
    """Return title -> block; INTROS holds an opening sentence for each."""
    return {PLACES: _places(metrics.importance), PICTURES: _gallery(shown.examples if shown else ())}


def picture(shown: str) -> Markup:
    """Return an image, a data address of a PNG, as it stands in a card."""
    return _drawn(shown, NOTHING, "image")


def cards(parts: Iterable[Markup]) -> Markup:
    """Return cards of pictures beside each other, as many as fit."""
    style = "grid-template-columns:repeat(auto-fill,minmax(9.5rem,1fr))"
    return (
        Markup('<div class="grid" style="{}">{}</div>').format(style, content) if (content := join(parts)) else NOTHING
    )


def _places(importance: Sequence[Importance]) -> Markup:
    """Return for each class its nine regions, shaded to one scale."""
    classes = [(label, list(items)) for label, items in groupby(importance, key=lambda item: item.label)][:CLASSES]
    largest = max((item.mean for _, items in classes for item in items), default=0.0)
    return cards([card(label or "", NOTHING, _regions(items, largest)) for label, items in classes])


def _regions(items: Iterable[Importance], largest: float) -> Markup:
    means = {item.feature: item.mean for item in items}
    cell, parts = SIDE / 3, []
    for place, region in enumerate(REGIONS):
        row, column = divmod(place, 3)
        shade = max(means.get(region, 0.0), 0.0) / largest if largest > 0 else 0.0
        parts.append(
            Markup('<rect x="{}" y="{}" width="{}" height="{}" style="fill:var(--accent);opacity:{}"/>').format(
                column * cell, row * cell, cell - 1, cell - 1, round(0.6 * shade, 3)
            )
        )
        text = f"{means.get(region, 0.0):.1f}"
        parts.append(write((column + 0.5) * cell - 0.5, (row + 0.5) * cell + 4, text, "middle"))
    spoken = ", ".join(f"{region} {number(means.get(region, 0.0), 2)}" for region in REGIONS)
    return Markup('<svg viewBox="0 0 {0} {0}" role="img" aria-label="{1}" style="max-width:8rem">{2}</svg>').format(
        SIDE, spoken, join(parts)
    )


def _gallery(examples: Sequence[Example]) -> Markup:
    blocks = []
    for group, members in groupby(examples, key=lambda example: example.group):
        blocks += [
            Markup("<h3>{}</h3>").format(GROUPS.get(group, group)),
            grid([_card(example) for example in members]),
        ]
    return join(blocks, "\n")


def _card(example: Example) -> Markup:
    wrong = example.predicted != example.truth
    truth = badge("bad", f"truly {example.truth}") if wrong else badge("good", "right")
    marks = _marks(dict(example.parts), *_size(example.shown))
    return Markup(
        '<article class="card"><header><h4><bdi>{}</bdi>, {}</h4>{}</header>'
        '<div style="display:flex;gap:.5rem">{}{}</div><p class="note">{}</p></article>'
    ).format(
        name(example.predicted),
        percent(example.confidence),
        truth,
        picture(example.shown),
        _drawn(example.shown, marks, "places that count") if marks else NOTHING,
        name(example.id),
    )


def _drawn(shown: str, marks: Markup, spoken: str) -> Markup:
    """Return an image with what lies over it, drawn in its own pixels; nothing for one that cannot be shown."""
    width, height = _size(shown)
    if not width:
        return NOTHING
    scale = LONGER / max(width, height)
    style = f"width:{round(width * scale)}px;max-width:100%;flex:0 1 auto;min-width:0"
    if max(width, height) <= FEW_PIXELS:
        style += ";image-rendering:pixelated"
    return Markup(
        '<svg viewBox="0 0 {0} {1}" role="img" aria-label="{2}" style="{3}">'
        '<image href="{4}" width="{0}" height="{1}" preserveAspectRatio="none" style="image-rendering:inherit"/>'
        "{5}</svg>"
    ).format(width, height, spoken, style, shown, marks)


def _marks(shares: Mapping[str, float], width: int, height: int) -> Markup:
    """Return the cells of an occlusion grid that count, in pixels of the image."""
    largest = max(map(abs, shares.values()), default=0.0)
    parts = []
    for cell, share in shares.items():
        if abs(share) <= WEAK * largest:
            continue
        row, column = map(int, cell.split(","))
        strength = round(0.7 * abs(share) / largest, 3)
        style = (
            f"fill:var(--accent);fill-opacity:{strength}"
            if share > 0
            else f"fill:none;stroke:var(--bad);stroke-width:2px;stroke-opacity:{strength + 0.3};vector-effect:"
            "non-scaling-stroke"
        )
        place = (column * width / GRID, row * height / GRID, width / GRID, height / GRID)
        parts.append(
            Markup('<rect x="{}" y="{}" width="{}" height="{}" style="{}"/>').format(
                *(round(value, 3) for value in place), style
            )
        )
    return join(parts)


def _size(shown: str) -> tuple[int, int]:
    """Return width and height that the header of a PNG says; zeros for anything else.

    >>> _size("data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAgAAAAGCAIAAAA="), _size("")
    ((8, 6), (0, 0))
    """
    head, _, content = shown.partition(",")
    start = base64.b64decode(content[:32]) if head == "data:image/png;base64" else b""
    return struct.unpack(">II", start[16:24]) if len(start) == 24 else (0, 0)
