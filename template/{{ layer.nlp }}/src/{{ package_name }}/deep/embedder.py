"""Vectors of a base model at work: ONNX Runtime and the tokenizer; neither torch nor transformers is needed."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import onnx
from .windows import Rule, Windows, batches, padded

if TYPE_CHECKING:
    import numpy.typing as npt

COMPONENTS, RULE = "components", "windows"  # metadata of the model file
BATCH = 32  # texts in one run of the network
CHUNK = 2048  # texts encoded at a time


@dataclass(frozen=True)
class OnnxEmbedder:
    """Turns texts into vectors of a fixed length: those that `pooling` defines.

    Args:
        components: length of a vector.
        windows: reads the beginning of a text.
        session: the exported network.
    """

    components: int
    windows: Windows
    session: Any

    @classmethod
    def load(cls, folder: Path, threads: int | None = None) -> "OnnxEmbedder":
        """Load model.onnx and tokenizer.json of a folder.

        Raises:
            UserError: one of them is missing or is not what it should be.
        """
        path = folder / onnx.FILE
        session = onnx.session(path, threads)
        rule = Rule(**onnx.metadata(session, RULE, path))
        return cls(onnx.metadata(session, COMPONENTS, path), Windows.load(folder, rule), session)

    def transform(self, texts: Sequence[str]) -> "npt.NDArray[Any]":
        """Return the vectors of normalised texts, float32 (rows, components)."""
        import numpy as np

        found = np.empty((len(texts), self.components), dtype=np.float32)
        for start in range(0, len(texts), CHUNK):
            windows = [self.windows.read(text)[0][0] for text in texts[start : start + CHUNK]]
            for batch in batches(windows, BATCH):
                inputs = padded([windows[index] for index in batch], self.windows.rule.padding)
                found[[start + index for index in batch]] = onnx.answers(self.session, inputs)
        return found
