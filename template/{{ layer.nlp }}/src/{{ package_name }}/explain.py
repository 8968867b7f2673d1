"""Explanation of a model: the words that decide its answers, and single texts that show it at work."""

from collections import defaultdict
from collections.abc import Iterator
from typing import TYPE_CHECKING

from .config.project import ROW_HASH, ProjectConfig
from .models import Model
from .predictions import PREDICTION, confidence, probabilities
from .records import Example, Importance

if TYPE_CHECKING:
    import numpy.typing as npt
    import pandas as pd

ROWS = 200  # texts that are taken apart; the transformer answers once more for each word of each
CLASSES, WORDS = 10, 8  # the most frequent classes, and the words of each, that are shown
SEEN = 2  # texts that must hold a word: what a single one holds tells about that one alone
MISTAKES, RIGHT = 6, 4
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
    """Return texts to look at, with personal data masked: mistakes, and some right answers chosen by the seed.

    Mistakes are the most confident ones, then those that give the true class the lowest probability.

    Args:
        model: the model that answered.
        frame: the rows that it answered.
        answers: its predictions (see `predictions`), with the same index.
        config: names the columns.
    """
    import numpy as np

    classes = list(model.contract.classes or ())
    truth, predicted = frame[config.columns.target].to_numpy(), answers[PREDICTION].to_numpy()
    sure, probability = confidence(answers, classes), probabilities(answers, classes)
    assert probability is not None
    columns = {label: index for index, label in enumerate(classes)}
    of_truth = np.array(
        [probability[row, columns[label]] if label in columns else 0.0 for row, label in enumerate(truth)]
    )
    wrong = np.flatnonzero(truth != predicted)
    confident = wrong[np.argsort(-sure[wrong], kind="stable")][:MISTAKES]
    rest = np.setdiff1d(wrong, confident)
    worst = rest[np.argsort(of_truth[rest], kind="stable")][:MISTAKES]
    right = np.flatnonzero(truth == predicted)
    right = np.random.default_rng(config.seed).choice(right, min(RIGHT, len(right)), replace=False)

    def shown() -> Iterator[Example]:
        groups = {"confident mistake": confident, "worst mistake": worst, "right answer": np.sort(right)}
        for group, rows in groups.items():
            chosen = frame.iloc[rows]
            for row, identity, text in zip(rows.tolist(), _ids(chosen, config), model.texts(chosen), strict=True):
                parts = model.classifier.parts(text, predicted[row])
                parts.sort(key=lambda part: -abs(part[1]))
                cut = text if len(text) <= SHOWN else text[:SHOWN] + "…"
                yield Example(identity, group, cut, truth[row], predicted[row], float(sure[row]), tuple(parts[:PARTS]))

    return tuple(shown())


def _ids(frame: "pd.DataFrame", config: ProjectConfig) -> "npt.NDArray":
    """Return what names each row: its id, else its hash, else its number."""
    name = next((each for each in (config.columns.id, ROW_HASH) if each and each in frame), None)
    return (frame[name] if name else frame.index.to_series()).astype(str).to_numpy()
