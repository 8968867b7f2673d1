"""Single rows with their answers, as cards of the report."""

from collections.abc import Callable, Sequence
from itertools import groupby

from markupsafe import Markup

from ..records import Example
from .html import badge, grid, join, name, percent

GROUPS = {
    "confident mistake": "The most confident mistakes",
    "worst mistake": "Mistakes that give the true class the least probability",
    "right answer": "Right answers, chosen by chance",
}


def gallery(examples: Sequence[Example], content: Callable[[Example], Markup]) -> Markup:
    """Return a heading and the cards of each group; `content` makes what stands on a card."""
    blocks = []
    for group, members in groupby(examples, key=lambda example: example.group):
        blocks += [
            Markup("<h3>{}</h3>").format(GROUPS.get(group, group)),
            grid([_card(example, content(example)) for example in members], "pair"),
        ]
    return join(blocks, "\n")


def _card(example: Example, content: Markup) -> Markup:
    wrong = example.predicted != example.truth
    truth = badge("bad", f"truly {example.truth}") if wrong else badge("good", "right")
    return Markup(
        '<article class="card"><header><h4><bdi>{}</bdi>, {}</h4>{}</header>{}<p class="note">{}</p></article>'
    ).format(name(example.predicted), percent(example.confidence), truth, content, name(example.id))
