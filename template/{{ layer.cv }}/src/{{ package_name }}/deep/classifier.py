"""The network at work: ONNX Runtime, Pillow and NumPy; neither torch nor transformers is needed."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..preprocessing import Preprocessing
from . import onnx

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from PIL.Image import Image

CLASSES, PREPROCESSING = "classes", "preprocessing"  # metadata of the model file
INPUT = "pixel_values"


@dataclass(frozen=True)
class OnnxClassifier:
    """A model folder's network; the names of the classes and the preprocessing come from its file alone."""

    classes: tuple[str, ...]
    preprocessing: Preprocessing
    session: Any

    @classmethod
    def load(cls, folder: Path, threads: int | None = None) -> "OnnxClassifier":
        """Load model.onnx of a folder.

        Raises:
            UserError: it is missing or is not what it should be.
        """
        path = folder / onnx.FILE
        session = onnx.session(path, threads)
        rule = Preprocessing.of_dict(onnx.metadata(session, PREPROCESSING, path))
        return cls(tuple(onnx.metadata(session, CLASSES, path)), rule, session)

    def answers(self, images: "Sequence[Image]") -> "tuple[npt.NDArray[np.float64], npt.NDArray[np.float32]]":
        """Return class probabilities, float64 (images, classes), and the penultimate layer, float32 (images, width)."""
        import numpy as np
        from scipy.special import softmax

        scores, vectors = onnx.all_answers(self.session, {INPUT: self.preprocessing.tensor(images)})
        return softmax(scores.astype(np.float64), axis=1), vectors
