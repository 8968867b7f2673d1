"""The sections of the report that show the model at work on texts: words that decide, and texts with their answers."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from markupsafe import Markup

from ..annotate import tokens
from ..records import Example, Examples, Importance, Metrics
from .gallery import gallery
from .html import bar, grid, join, name, number, table

WORDS, TEXTS = "Words that decide", "Texts to look at"
INTROS = {
    WORDS: (
        "The words that spoke most for each class where it was the answer, with the mean by which each raised the"
        " log-odds of the class."
    ),
    "Drift": (
        "Of each text there are figures: tokens and characters are counts, capitals is a share of its letters, and"
        " unknown one of its words: those that the model has hardly seen. It is truncated (1) if the model read a part"
        " only. The components of the embedding say what a text is about."
    ),
    TEXTS: "Held-out texts with their answers. Shaded words speak for the answer, underlined words against it.",
    "Robustness": (
        "How much worse the metric gets on texts changed in a way that should not change the answer: letters that"
        " changed places (typos), other capitals, spaces before punctuation, no accents, and terms of gender or group"
        " in place of each other (robustness.swaps in config/project.yml)."
    ),
}
WEAK, STRONG = 0.15, 0.5  # of the largest share in a text: up to it a word is not marked, from it on it is bold


def sections(metrics: Metrics, shown: Examples | None) -> dict[str, Markup]:
    """Return title -> block; INTROS holds an opening sentence for each."""
    return {WORDS: _words(metrics.importance), TEXTS: gallery(shown.examples if shown else (), _text)}


def picture(shown: str) -> Markup:
    """Return a text as it stands in a card."""
    return Markup('<p class="text" dir="auto">{}</p>').format(shown)


def cards(parts: Iterable[Markup]) -> Markup:
    """Return cards of texts beside each other."""
    return grid(parts, "pair")


def _words(importance: Sequence[Importance]) -> Markup:
    """Return a table for each class, with bars to one scale."""
    largest = max((item.mean for item in importance), default=0.0)
    tables = []
    for label, items in groupby(importance, key=lambda item: item.label):
        ordered = sorted(items, key=lambda item: -item.mean)
        rows = [(_word(item.feature), number(item.mean, 2), bar(item.mean, largest)) for item in ordered]
        tables.append(table(f"For {label}", ["word", "log-odds", " "], rows, ["log-odds"]))
    return grid(tables, "pair" if len(tables) == 2 else "grid")


def _word(text: str) -> Markup:
    return Markup('<bdi dir="auto">{}</bdi>').format(name(text))


def _text(example: Example) -> Markup:
    return Markup('<p class="text" dir="auto">{}</p>').format(join(_highlighted(example)))


def _highlighted(example: Example) -> Iterator[Markup]:
    """Yield the text in pieces, words of the explanation marked by what they speak for."""
    shares: dict[str, float] = {}
    for part, share in example.parts:
        shares[part] = max(shares.get(part, 0.0), share, key=abs)
    largest = max(map(abs, shares.values()), default=0.0)
    text, done, end = example.shown, 0, 0
    for word in tokens(text):
        start = text.index(word, end)  # also past words that are not marked, which may hold this one
        end = start + len(word)
        share = shares.get(word, 0.0)
        if abs(share) <= WEAK * largest:
            continue
        yield Markup("{}").format(text[done:start])
        style = f"{'for' if share > 0 else 'against'}{' strong' if abs(share) >= STRONG * largest else ''}"
        yield Markup('<mark class="{}">{}</mark>').format(style, word)
        done = end
    yield Markup("{}").format(text[done:])
