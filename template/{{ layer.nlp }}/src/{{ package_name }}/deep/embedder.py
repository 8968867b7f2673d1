"""Vectors of a base model at work: ONNX Runtime and the tokenizer; neither torch nor transformers is needed."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from .reader import Reader

if TYPE_CHECKING:
    import numpy.typing as npt

CHUNK = 2048  # texts encoded at a time


class OnnxEmbedder(Reader):
    """Turns texts into vectors of a fixed length: those that `pooling` defines, of the beginning of a text."""

    CONTENT = "components"

    @property
    def components(self) -> int:
        """Length of a vector."""
        return int(self.content)

    def transform(self, texts: Sequence[str]) -> "npt.NDArray[Any]":
        """Return the vectors of normalised texts, float32 (rows, components)."""
        import numpy as np

        found = np.empty((len(texts), self.components), dtype=np.float32)
        for start in range(0, len(texts), CHUNK):
            chunk = texts[start : start + CHUNK]
            found[start : start + CHUNK] = self.answers([self.windows.read(text)[0][0] for text in chunk])
        return found
