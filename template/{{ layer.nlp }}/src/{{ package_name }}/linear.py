"""The linear family: a logistic regression on TF-IDF of character n-grams within words, and of words and their pairs.

Character n-grams need no list of words, no spaces between words and no minimum length of a word, so that any script
works (scikit-learn's default pattern drops words of one character and cuts at combining marks). A text is read whole.
"""

import pickle
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .annotate import tokens
from .config.inputs import Model
from .config.yaml_file import suggest
from .errors import UserError
from .figures import plural

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from scipy.sparse import csr_matrix

FILE = "model.pkl"
# Features of each of the two blocks: on the sample half as many cost 0.002 accuracy, twice as many gain nothing.
MAX_FEATURES = 50_000
# Coefficients in all. L-BFGS keeps about 25 numbers for each, which are 400 MB then; of 300 classes each gets the
# 6,600 most frequent features.
MAX_COEFFICIENTS = 2_000_000
VOCABULARY_TEXTS = 50_000  # evenly spaced texts that choose the features; the weights come from every text
CHUNK = 10_000  # texts encoded at a time
SEEN = 5  # texts of the training part that hold a word that counts as known (see `_known`)
MAX_KNOWN = 200_000
C = 2.0  # inverse of the penalty


@dataclass
class Block:
    """The TF-IDF weights of one kind of features; scikit-learn's with `sublinear_tf`, of L2 norm 1 in each row."""

    ngrams: tuple[int, int] | None  # of characters; None for words and pairs
    vocabulary: dict[str, int] = field(default_factory=dict)
    idf: "npt.NDArray[np.float32] | None" = None

    def learn(self, texts: Sequence[str], limit: int) -> None:
        """Choose the features that most texts hold: those of two texts or more if there are any, `limit` at most."""
        sample = texts[:: -(-len(texts) // VOCABULARY_TEXTS)]
        counts: Counter[str] = Counter()
        if self.ngrams is None:
            for text in sample:
                counts.update(set(_words(text)))
        else:
            of_word: dict[str, frozenset[str]] = {}
            for text in sample:
                words = set(text.lower().split())
                for word in words:
                    if word not in of_word:
                        of_word[word] = frozenset(character_ngrams(word, *self.ngrams))
                counts.update(frozenset().union(*(of_word[word] for word in words)))
        often = [(name, count) for name, count in counts.items() if count > 1] or list(counts.items())
        often.sort(key=lambda item: (-item[1], item[0]))
        self.vocabulary = {name: index for index, (name, _) in enumerate(often[:limit])}

    def weigh(self, seen: "npt.NDArray[np.int64]", texts: int) -> None:
        """Learn the inverse document frequencies from the number of texts that hold each feature."""
        import numpy as np

        self.idf = (np.log((1 + texts) / (1 + seen)) + 1).astype(np.float32)

    def weights(self, texts: Sequence[str]) -> "csr_matrix":
        """Return the weights of texts, float32 (rows, features)."""
        return self.scaled(self.counts(texts))

    def located(self, text: str, words: Sequence[str]) -> list[tuple[str, list[int]]]:
        """Return each feature of a text with the indices of the words that it touches, one for each character.

        Args:
            text: the text in lower case.
            words: its words, as `tokens` returns them.
        """
        if self.ngrams is None:
            pairs = [(f"{words[index]} {words[index + 1]}", [index, index + 1]) for index in range(len(words) - 1)]
            return [*((word, [index]) for index, word in enumerate(words)), *pairs]
        word_at, cursor = [-1] * len(text), 0
        for index, word in enumerate(words):
            start = text.find(word, cursor)
            if start >= 0:
                cursor = start + len(word)
                word_at[start:cursor] = [index] * len(word)
        found = []
        for run in re.finditer(r"\S+", text):
            around = [-1, *word_at[run.start() : run.end()], -1]
            for length, start, name in _placed_ngrams(run[0], *self.ngrams):
                found.append((name, [index for index in around[start : start + length] if index >= 0]))
        return found

    def counts(self, texts: Sequence[str]) -> "csr_matrix":
        """Return the counts of features, float32 (rows, features).

        n-grams are counted once for each word, however often it occurs: the counts of a text are the sum over its
        words, a product of two sparse tables.
        """
        if self.ngrams is None:
            return _table((_words(text) for text in texts), self.vocabulary)
        words: dict[str, int] = {}
        split = [text.lower().split() for text in texts]
        for each in split:
            for word in each:
                words.setdefault(word, len(words))
        found = _table(split, words) @ _table((character_ngrams(word, *self.ngrams) for word in words), self.vocabulary)
        found.sort_indices()
        return found

    def scaled(self, counts: "csr_matrix") -> "csr_matrix":
        """Turn counts into weights, in place."""
        import numpy as np

        assert self.idf is not None
        data, rows = counts.data, np.diff(counts.indptr)
        np.log(data, out=data)
        data += 1
        data *= self.idf[counts.indices]
        squares = np.bincount(np.repeat(np.arange(len(rows)), rows), data * data, len(rows))
        data /= np.repeat(np.sqrt(squares), rows)
        return counts


def character_ngrams(word: str, shortest: int, longest: int) -> list[str]:
    """Return the n-grams of a word between two spaces, as scikit-learn's analyzer `char_wb` does.

    >>> character_ngrams("ab", 2, 3)
    [' a', 'ab', 'b ', ' ab', 'ab ']
    """
    return [name for _, _, name in _placed_ngrams(word, shortest, longest)]


def _placed_ngrams(word: str, shortest: int, longest: int) -> list[tuple[int, int, str]]:
    padded = f" {word} "
    size = len(padded)
    return [
        (length, start, padded[start : start + length])
        for length in range(min(shortest, size), min(longest, size) + 1)
        for start in range(size - length + 1)
    ]


def _words(text: str) -> list[str]:
    """Return the words of a text and the pairs of neighbours."""
    words = tokens(text.lower())
    return [*words, *(f"{first} {second}" for first, second in pairwise(words))]


def _table(rows: Iterable[Iterable[str]], vocabulary: dict[str, int]) -> "csr_matrix":
    """Return how often each row holds each entry of the vocabulary, float32 (rows, entries)."""
    from array import array

    import numpy as np
    from scipy.sparse import csr_matrix

    indices, ends = array("i"), array("q", [0])
    for row in rows:
        indices.extend([index for name in row if (index := vocabulary.get(name)) is not None])
        ends.append(len(indices))
    ones = np.ones(len(indices), dtype=np.float32)
    shape = (len(ends) - 1, len(vocabulary))
    found = csr_matrix((ones, np.frombuffer(indices, np.int32) if indices else np.zeros(0, np.int32), ends), shape)
    found.sum_duplicates()
    return found


def _learnt(blocks: Sequence[Block], texts: Sequence[str], limit: int) -> "csr_matrix":
    """Choose and weigh the features of each block, at most `limit`; return the weights of all blocks side by side.

    They are made for a chunk of texts at a time and copied once: of 200,000 short texts they are 0.6 GB.
    """
    import numpy as np
    from scipy.sparse import csr_matrix, hstack

    for block in blocks:
        block.learn(texts, limit)
    parts = [texts[start : start + CHUNK] for start in range(0, len(texts), CHUNK)]
    chunks = [[block.counts(part) for block in blocks] for part in parts]
    for index, block in enumerate(blocks):
        seen = np.zeros(len(block.vocabulary), dtype=np.int64)
        for chunk in chunks:
            seen += np.bincount(chunk[index].indices, minlength=len(seen))
        block.weigh(seen, len(texts))
    entries = sum(counts.nnz for chunk in chunks for counts in chunk)
    data, indices, ends, filled = np.empty(entries, np.float32), np.empty(entries, np.int32), [np.zeros(1, np.int64)], 0
    while chunks:
        table = hstack([block.scaled(counts) for block, counts in zip(blocks, chunks.pop(0), strict=True)], "csr")
        data[filled : filled + table.nnz], indices[filled : filled + table.nnz] = table.data, table.indices
        ends.append(table.indptr[1:] + filled)
        filled += table.nnz
    ends_of_rows = np.concatenate(ends).astype(np.int32 if entries < 2**31 else np.int64)
    return csr_matrix((data, indices, ends_of_rows), (len(texts), sum(len(block.vocabulary) for block in blocks)))


@dataclass(frozen=True)
class LinearClassifier:
    """A fitted model; its pickle holds everything that decides an answer, the names of the classes too."""

    classes: tuple[str, ...]
    blocks: tuple[Block, ...]
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
        for block in self.blocks:
            own = self.coefficients[:, start : start + len(block.vocabulary)]
            found = found + block.weights(texts) @ own.T
            start += len(block.vocabulary)
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

        split = [tokens(text.lower()) for text in texts]
        shares = [sum(word not in self.known for word in words) / len(words) if words else np.nan for words in split]
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
        words = tokens(text)
        lowered = [word.lower() for word in words]
        shares, start = [0.0] * len(words), 0
        for block in self.blocks:
            row = block.weights([text])
            own = dict(zip(row.indices.tolist(), (row.data * weights[start + row.indices]).tolist(), strict=True))
            start += len(block.vocabulary)
            features = block.located(text.lower(), lowered)
            counts = Counter(name for name, _ in features)
            for name, places in features:
                share = own.get(block.vocabulary.get(name, -1), 0.0) / counts[name]
                for index in places:
                    shares[index] += share / len(places)
        return list(zip(words, shares, strict=True))

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
    from threadpoolctl import threadpool_limits

    classes = sorted(set(labels))
    if len(classes) < 2:
        raise UserError(
            f"config/project.yml: columns.target has one class only in the training part ({classes[0]!r});"
            " a classification needs two"
        )
    if not any(text.strip() for text in texts):
        count = plural(len(texts), "text")
        raise UserError(f"config/project.yml: columns.text: none of the {count} to train on holds a character")
    regression = learner(model, seed)
    rows = 1 if len(classes) == 2 else len(classes)
    limit = min(MAX_FEATURES, MAX_COEFFICIENTS // rows // (2 if model.words else 1))
    blocks = [Block(model.ngrams), *([Block(None)] if model.words else [])]
    table = _learnt(blocks, texts, limit)
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
        tuple(blocks),
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
    counts = Counter(word for text in texts for word in set(tokens(text.lower())))
    often = [(word, count) for word, count in counts.items() if count >= SEEN]
    often.sort(key=lambda item: (-item[1], item[0]))
    return dict.fromkeys(sorted(word for word, _ in often[:MAX_KNOWN]))
