"""The linear family: a logistic regression on TF-IDF of character n-grams within words, and of words and their pairs.

Character n-grams need no list of words, no spaces between words and no minimum length of a word, so that any script
works (scikit-learn's default pattern drops words of one character and cuts at combining marks). A text is read whole.
A mask such as [EMAIL] is a word, and no letters: those would give it the weights of other words.
"""

import pickle
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import label_rules
from .annotate import tokens, words
from .config.inputs import Model
from .config.yaml_file import suggest
from .errors import UserError
from .figures import plural
from .personal import MASK

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from sklearn.feature_extraction.text import TfidfVectorizer

FILE = "model.pkl"
# Features of each of the two blocks: on the sample half as many cost 0.002 accuracy, twice as many gain nothing.
MAX_FEATURES = 50_000
# Coefficients in all. L-BFGS keeps about 25 numbers for each, which are 400 MB then; of 300 classes each gets the
# 6,600 most frequent features.
MAX_COEFFICIENTS = 2_000_000
VOCABULARY_TEXTS = 50_000  # evenly spaced texts that choose the features, of which all have far more than are kept
CHUNK = 10_000  # texts encoded at a time
SEEN = 5  # texts of the training part that hold a word that counts as known (see `_known`)
MAX_KNOWN = 200_000
C = 2.0  # inverse of the penalty


def placed_ngrams(word: str, shortest: int, longest: int) -> list[tuple[int, int, str]]:
    """Return length, start and text of the n-grams of a word between two spaces, those of scikit-learn's `char_wb`.

    >>> [name for _, _, name in placed_ngrams("ab", 2, 3)]
    [' a', 'ab', 'b ', ' ab', 'ab ']
    """
    padded = f" {word} "
    size = len(padded)
    return [
        (length, start, padded[start : start + length])
        for length in range(min(shortest, size), min(longest, size) + 1)
        for start in range(size - length + 1)
    ]


def letters(text: str) -> str:
    """Return a text in lower case with spaces for its masks; a saved model refers to this function by name."""
    return MASK.sub(lambda mask: " " * len(mask[0]), text).lower()


def words_and_pairs(text: str) -> list[str]:
    """Return the words of a text and the pairs of neighbours; a saved model refers to this function by name."""
    found = words(text)
    return [*found, *(f"{first} {second}" for first, second in pairwise(found))]


def vectorizers(texts: Sequence[str], model: Model, limit: int) -> "tuple[TfidfVectorizer, ...]":
    """Return the TF-IDF of character n-grams and, where asked for, of words and pairs, fitted but for their weights.

    Args:
        texts: normalised texts, which choose the features: the most frequent ones of those in two texts or more.
        model: lengths of n-grams, and whether words count.
        limit: features of each at most.
    """
    import numpy as np
    from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer

    sample = texts[:: -(-len(texts) // VOCABULARY_TEXTS)]
    kinds: list[dict[str, Any]] = [
        {"analyzer": "char_wb", "ngram_range": model.ngrams, "preprocessor": letters, "lowercase": False}
    ]
    if model.words:
        kinds.append({"analyzer": words_and_pairs, "lowercase": False})
    found = []
    for kind in kinds:
        for least in (2, 1):  # few texts may have nothing in common, and texts of signs alone have no words
            try:
                chosen = CountVectorizer(max_features=limit, min_df=least, **kind).fit(sample).vocabulary_
            except ValueError:
                continue
            # Frozen, so that all texts are encoded once, as float32, and not every n-gram of theirs first.
            found.append(TfidfVectorizer(vocabulary=chosen, sublinear_tf=True, dtype=np.float32, **kind))
            break
    return tuple(found)


def _located(
    vectorizer: "TfidfVectorizer", ngrams: tuple[int, int], text: str, found: Sequence[str]
) -> list[tuple[str, list[int]]]:
    """Return each feature of a text with the indices of the words that it touches, one for each character.

    Args:
        vectorizer: whose features.
        ngrams: lengths of its n-grams, if it has such.
        text: the text as `letters` returns it.
        found: its words, as `words` returns them.
    """
    if vectorizer.analyzer is words_and_pairs:
        pairs = [(f"{first} {second}", [index, index + 1]) for index, (first, second) in enumerate(pairwise(found))]
        return [*((word, [index]) for index, word in enumerate(found)), *pairs]
    word_at, cursor = [-1] * len(text), 0
    for index, word in enumerate(found):
        start = text.find(word, cursor)
        if start >= 0:
            cursor = start + len(word)
            word_at[start:cursor] = [index] * len(word)
    located = []
    for part in re.finditer(r"\S+", text):
        around = [-1, *word_at[part.start() : part.end()], -1]
        for length, start, name in placed_ngrams(part[0], *ngrams):
            located.append((name, [index for index in around[start : start + length] if index >= 0]))
    return located


@dataclass(frozen=True)
class LinearClassifier:
    """A fitted model; its pickle holds everything that decides an answer, the names of the classes too."""

    classes: tuple[str, ...]
    vectorizers: "tuple[TfidfVectorizer, ...]"
    ngrams: tuple[int, int]
    coefficients: "npt.NDArray[np.float32]"  # (classes, features), of two classes (1, features) for the second
    intercepts: "npt.NDArray[np.float64]"
    known: dict[str, None]  # words in sorted order: a set's order, and so the file's bytes, would vary
    parameters: dict[str, Any]

    def predict_proba(self, texts: Sequence[str]) -> "npt.NDArray[np.float64]":
        """Return class probabilities, float64 (rows, classes), in the order of `classes`."""
        import numpy as np
        from scipy.special import expit, softmax

        starts = range(0, max(len(texts), 1), CHUNK)
        scores = np.concatenate([self._scores(texts[start : start + CHUNK]) for start in starts])
        if scores.shape[1] > 1:
            return softmax(scores, axis=1)
        second = expit(scores)
        return np.hstack([1 - second, second])

    def _scores(self, texts: Sequence[str]) -> "npt.NDArray[np.float64]":
        found, start = self.intercepts, 0
        for vectorizer in self.vectorizers:
            table = vectorizer.transform(texts)
            found = found + table @ self.coefficients[:, start : start + table.shape[1]].T
            start += table.shape[1]
        return found

    def truncated(self, texts: Sequence[str]) -> "npt.NDArray[np.bool_]":
        """Return for each text whether a part of it was not read, bool (rows,): never."""
        import numpy as np

        return np.zeros(len(texts), dtype=bool)

    def unknown(self, texts: Sequence[str]) -> "npt.NDArray[np.float64]":
        """Return the share of each text's words that fewer than `SEEN` training texts hold, float64 (rows,).

        It is NaN for a text without words.
        """
        import numpy as np

        split = [words(text) for text in texts]
        shares = [sum(word not in self.known for word in found) / len(found) if found else np.nan for found in split]
        return np.array(shares, dtype=np.float64)

    def parts(self, text: str, label: str) -> list[tuple[str, float]]:
        """Return each word of a text with its share in the score (log-odds) of a class, in the order of the text.

        The weights of a word's own feature, of its pairs (half each) and of the n-grams on its characters are summed
        up. Of more than two classes, a feature's weight is the one for `label` less the mean over all classes.
        """
        column = self.classes.index(label)
        if len(self.coefficients) == 1:
            weights = self.coefficients[0] * (1 if column else -1)
        else:
            weights = self.coefficients[column] - self.coefficients.mean(axis=0)
        shown, found = tokens(text), words(text)
        shares, start = [0.0] * len(shown), 0
        for vectorizer in self.vectorizers:
            row = vectorizer.transform([text])
            own = dict(zip(row.indices.tolist(), (row.data * weights[start + row.indices]).tolist(), strict=True))
            start += row.shape[1]
            features = _located(vectorizer, self.ngrams, letters(text), found)
            counts = Counter(name for name, _ in features)
            for name, places in features:
                share = own.get(vectorizer.vocabulary_.get(name, -1), 0.0) / counts[name]
                for index in places:
                    shares[index] += share / len(places)
        return list(zip(shown, shares, strict=True))

    def save(self, path: Path) -> None:
        """Write the model to a file."""
        with path.open("wb") as stream:
            pickle.dump(self, stream)

    @classmethod
    def load(cls, path: Path) -> "LinearClassifier":
        """Read a model from a file that this project made: a pickle runs code."""
        with path.open("rb") as stream:
            return pickle.load(stream)


def learner(model: Model, seed: int) -> Any:
    """Return the unfitted logistic regression, with `model.parameters`.

    Raises:
        UserError: it has no such parameter.
    """
    from sklearn.linear_model import LogisticRegression

    # L-BFGS keeps float32 as it is; liblinear would copy every feature into 16 bytes, and saga needs minutes.
    found = LogisticRegression(C=C, max_iter=1000, random_state=seed)
    if model.class_weights == "balanced":
        found.set_params(class_weight="balanced")
    known = found.get_params()
    for name in model.parameters:
        if name not in known:
            raise UserError(
                f"config/project.yml: model.parameters.{name}: LogisticRegression has no such parameter"
                f"{suggest(name, list(known))}; known: {', '.join(sorted(known))}"
            )
    return found.set_params(**model.parameters)


def fit(texts: Sequence[str], labels: Sequence[str], model: Model, seed: int) -> LinearClassifier:
    """Fit the model to normalised texts.

    Args:
        texts: normalised texts.
        labels: the class of each.
        model: n-grams, words and the learner's parameters.
        seed: of solvers that draw rows by chance.

    Raises:
        UserError: one class only, texts without a single character, or parameters that the learner refuses.
    """
    import numpy as np
    from scipy.sparse import hstack
    from threadpoolctl import threadpool_limits

    classes = label_rules.classes(labels)
    if not any(text.strip() for text in texts):
        count = plural(len(texts), "text")
        raise UserError(f"config/project.yml: columns.text: none of the {count} to train on holds a character")
    regression = learner(model, seed)
    rows = 1 if len(classes) == 2 else len(classes)
    limit = min(MAX_FEATURES, MAX_COEFFICIENTS // rows // (2 if model.words else 1))
    parts = vectorizers(texts, model, limit)
    table = hstack([part.fit_transform(texts) for part in parts], "csr", dtype=np.float32)
    target = np.array(labels, dtype=object)
    try:
        with threadpool_limits(1):  # on vectors this small, threads that wait for each other double the time
            regression.fit(table, target)
    except (ValueError, TypeError) as error:
        if not model.parameters:
            raise
        given = ", ".join(f"{name}: {value!r}" for name, value in model.parameters.items())
        raise UserError(
            f"config/project.yml: model.parameters: LogisticRegression refuses {given}: {' '.join(str(error).split())}"
        ) from None
    return LinearClassifier(
        tuple(regression.classes_.tolist()),
        parts,
        model.ngrams,
        regression.coef_.astype(np.float32),
        regression.intercept_.astype(np.float64),
        _known(texts),
        regression.get_params(),
    )


def _known(texts: Sequence[str]) -> dict[str, None]:
    """Return the words that at least `SEEN` texts hold.

    A text of the training part is one of them itself, so that it has fewer unknown words than a new text of the same
    kind, and a monitor would take the new ones for strange. Measured on the sample, training part against holdout: a
    PSI of 0.20 from two texts on, 0.09 from three, 0.04 from five.
    """
    counts = Counter(word for text in texts for word in set(words(text)))
    often = [(word, count) for word, count in counts.items() if count >= SEEN]
    often.sort(key=lambda item: (-item[1], item[0]))
    return dict.fromkeys(sorted(word for word, _ in often[:MAX_KNOWN]))
