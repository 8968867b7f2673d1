"""Explanation of a model: the words that decide its answers, and single texts that show it at work."""

from collections import defaultdict
from collections.abc import Iterator
from typing import TYPE_CHECKING

from . import mistakes
from .config.project import ProjectConfig
from .models import Model
from .records import Example, Importance

if TYPE_CHECKING:
    import pandas as pd

ROWS = 200  # texts that are taken apart; the transformer answers once more for each word of each
CLASSES, WORDS = 10, 8  # the most frequent classes, and the words of each, that are shown
SEEN = 2  # texts that must hold a word: what a single one holds tells about that one alone
SHOWN = 600  # characters of a text
PARTS = 12


def explain(model: Model, frame: "pd.DataFrame", config: ProjectConfig) -> tuple[Importance, ...]:
    """Return for each class the words that speak most for it in at most `ROWS` texts that got it as their answer.

    `mean` is the share of a word in the score of the class (see `parts` of the classifier), averaged over the texts
    that hold the word; `std` is its spread over them. A class's words come in the order of mean times the square root
    of the number of those texts: neither a word of two texts nor an `and` of small weight comes first.

    Args:
        model: the model to explain.
        frame: rows that the model has not learned from.
        config: the seed of the sample.
    """
    import numpy as np

    sample = frame.sample(min(len(frame), ROWS), random_state=config.seed)
    shares: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    texts: dict[str, int] = defaultdict(int)
    for text, label in zip(model.texts(sample), model.predict(sample).tolist(), strict=True):
        texts[label] += 1
        of_text: dict[str, float] = defaultdict(float)
        for word, share in model.classifier.parts(text, label):
            of_text[word.lower()] += share
        for word, share in of_text.items():
            shares[label][word].append(share)
    found = []
    for label in sorted(texts, key=lambda each: (-texts[each], each))[:CLASSES]:
        words = [(word, each) for word, each in shares[label].items() if len(each) >= SEEN and sum(each) > 0]
        words.sort(key=lambda item: (-sum(item[1]) / len(item[1]) ** 0.5, item[0]))
        found += [Importance(word, float(np.mean(each)), float(np.std(each)), label) for word, each in words[:WORDS]]
    return tuple(found)


def examples(
    model: Model, frame: "pd.DataFrame", answers: "pd.DataFrame", config: ProjectConfig
) -> tuple[Example, ...]:
    """Return texts to look at, with personal data masked and the words that decided (see `mistakes.examples`)."""

    def show(chosen: "pd.DataFrame", labels: list[str]) -> "Iterator[tuple[str, mistakes.Parts]]":
        for text, label in zip(model.texts(chosen), labels, strict=True):
            parts = sorted(model.classifier.parts(text, label), key=lambda part: -abs(part[1]))
            yield text if len(text) <= SHOWN else text[:SHOWN] + "…", tuple(parts[:PARTS])

    return mistakes.examples(model.contract.classes or (), frame, answers, config, show)
