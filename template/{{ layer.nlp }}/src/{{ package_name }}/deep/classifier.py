"""The transformer family at work: ONNX Runtime and the tokenizer; neither torch nor transformers is needed."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from .. import annotate
from .reader import Reader

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

CHUNK = 2048  # texts encoded at a time
MAX_PARTS = 60  # spans of words of one text that are left out in turn, each at the price of an answer


class OnnxClassifier(Reader):
    """A model folder's network."""

    CONTENT = "classes"

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes, in the order of the probabilities."""
        return tuple(self.content)

    def predict_proba(self, texts: Sequence[str]) -> "npt.NDArray[np.float64]":
        """Return class probabilities, float64 (rows, classes), in the order of `classes`."""
        import numpy as np
        from scipy.special import softmax

        found = [self._scores(texts[start : start + CHUNK]) for start in range(0, len(texts), CHUNK)]
        return softmax(np.concatenate(found), axis=1) if found else np.zeros((0, len(self.classes)))

    def _scores(self, texts: Sequence[str]) -> "npt.NDArray[np.float64]":
        """Return the mean score of each text's windows, float64 (rows, classes)."""
        import numpy as np

        read = [self.windows.read(text)[0] for text in texts]
        scores = self.answers([window for each in read for window in each]).astype(np.float64)
        counts = np.array([len(each) for each in read])
        starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
        return np.add.reduceat(scores, starts, axis=0) / counts[:, None]

    def truncated(self, texts: Sequence[str]) -> "npt.NDArray[np.bool_]":
        """Return for each text whether a part of it was not read, bool (rows,)."""
        import numpy as np

        return np.array([self.windows.read(text)[1] for text in texts], dtype=bool)

    def unknown(self, texts: Sequence[str]) -> "npt.NDArray[np.float64]":
        """Return the share of each text's tokens that the vocabulary does not have, float64 (rows,); see `Windows`."""
        import numpy as np

        return np.array([self.windows.unknown(text) for text in texts], dtype=np.float64)

    def parts(self, text: str, label: str) -> list[tuple[str, float]]:
        """Return each word of a text with its share in the log-odds of a class, in the order of the text.

        The share is how much the log-odds fall when the word is left out (occlusion; Zeiler and Fergus 2014). Of a text
        with more than `MAX_PARTS` words, neighbours are left out together and share what they make up.
        """
        import numpy as np

        words = list(_placed(text))
        size = max(1, -(-len(words) // MAX_PARTS))
        spans = [words[start : start + size] for start in range(0, len(words), size)]
        without = [text[: span[0][1]] + text[span[-1][2] :] for span in spans]
        probability = self.predict_proba([text, *without])[:, self.classes.index(label)].clip(1e-9, 1 - 1e-9)
        odds = np.log(probability / (1 - probability))
        shares = (odds[0] - odds[1:]).tolist()
        return [(word, share / len(span)) for span, share in zip(spans, shares, strict=True) for word, _, _ in span]


def _placed(text: str) -> Iterator[tuple[str, int, int]]:
    """Yield each word of a text with its beginning and end."""
    end = 0
    for word in annotate.tokens(text):
        start = text.index(word, end)
        end = start + len(word)
        yield word, start, end
