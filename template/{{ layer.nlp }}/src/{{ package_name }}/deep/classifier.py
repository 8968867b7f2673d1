"""The transformer family at work: ONNX Runtime and the tokenizer; neither torch nor transformers is needed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import annotate
from . import onnx
from .windows import Rule, Windows, batches, padded

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

CLASSES, RULE = "classes", "windows"  # metadata of the model file
BATCH = 32  # windows in one run of the network
CHUNK = 2048  # texts encoded at a time
MAX_PARTS = 60  # spans of words of one text that are left out in turn, each at the price of an answer


@dataclass(frozen=True)
class OnnxClassifier:
    """A model folder's network; the names of the classes and the rule for long texts come from its file alone."""

    classes: tuple[str, ...]
    windows: Windows
    session: Any

    @classmethod
    def load(cls, folder: Path, threads: int | None = None) -> "OnnxClassifier":
        """Load model.onnx and tokenizer.json of a folder.

        Raises:
            UserError: one of them is missing or is not what it should be.
        """
        path = folder / onnx.FILE
        session = onnx.session(path, threads)
        rule = Rule(**onnx.metadata(session, RULE, path))
        return cls(tuple(onnx.metadata(session, CLASSES, path)), Windows.load(folder, rule), session)

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
        windows = [window for each in read for window in each]
        scores = np.empty((len(windows), len(self.classes)))
        for batch in batches(windows, BATCH):
            inputs = padded([windows[index] for index in batch], self.windows.rule.padding)
            scores[batch] = onnx.answers(self.session, inputs)
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
