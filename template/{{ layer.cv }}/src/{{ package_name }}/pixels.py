"""The baseline: a logistic regression on the grey levels of small images. It needs no torch."""

import pickle
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import measuring
from .errors import UserError
from .figures import plural
from .images import Rules, Source

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from PIL.Image import Image

FILE = "pixels.pkl"
SIDE = 16  # pixels
FOLDS = 3  # of the training part, on which limits and a threshold are measured
ROWS = 20_000  # images that it learns from at most: 20 MB


def features(images: "Iterable[Image]") -> "npt.NDArray[np.float32]":
    """Return the grey levels of RGB images made small, float32 (images, SIDE * SIDE), from 0 to 1."""
    import numpy as np
    from PIL.Image import Resampling

    small = [np.asarray(image.resize((SIDE, SIDE), Resampling.BOX).convert("L")).reshape(-1) for image in images]
    found = np.empty((len(small), SIDE * SIDE), dtype=np.float32)
    for row, levels in enumerate(small):
        found[row] = levels
    return found / np.float32(255)


def read(sources: Sequence[Source | None], rules: Rules) -> "npt.NDArray[np.float32]":
    """Return the features of images, which are decoded a few at a time.

    Raises:
        ImageError: one cannot be decoded.
    """
    import numpy as np

    return np.stack(list(measuring.every(lambda image: features([image])[0], sources, rules)))


@dataclass(frozen=True)
class PixelClassifier:
    """A fitted baseline; its pickle holds everything that decides an answer, the names of the classes too."""

    classes: tuple[str, ...]
    regression: Any

    @classmethod
    def fit(cls, vectors: "npt.NDArray[np.float32]", labels: Sequence[str], balanced: bool) -> "PixelClassifier":
        """Fit scikit-learn's LogisticRegression on features, standardised.

        Args:
            vectors: what `features` returns, (images, SIDE * SIDE).
            labels: the class of each.
            balanced: whether rare classes count as much as frequent ones.

        Raises:
            UserError: one class only.
        """
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler

        if len(classes := tuple(sorted(set(labels)))) < 2:
            raise one_class(classes)
        regression = LogisticRegression(C=0.1, max_iter=300, class_weight="balanced" if balanced else None)
        return cls(classes, make_pipeline(StandardScaler(), regression).fit(vectors, labels))

    def answers(self, images: "Sequence[Image]") -> "tuple[npt.NDArray[np.float64], npt.NDArray[np.float32]]":
        """Return class probabilities, float64 (images, classes), and the features that they were found from."""
        vectors = features(images)
        return self.regression.predict_proba(vectors).astype("float64"), vectors

    def save(self, folder: Path) -> None:
        """Write the baseline into a folder."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / FILE).write_bytes(pickle.dumps(self))

    @classmethod
    def load(cls, folder: Path) -> "PixelClassifier":
        """Read the baseline that a folder holds.

        Only read what this project made: a pickle runs code.

        Raises:
            UserError: there is none.
        """
        path = folder / FILE
        if not path.is_file():
            raise UserError(f"{path}: no such file; the train step writes it")
        found: PixelClassifier = pickle.loads(path.read_bytes())
        return found


def one_class(classes: Sequence[str]) -> UserError:
    """Return the refusal of training data of which all rows have one class."""
    return UserError(
        f"config/project.yml: columns.target has {plural(len(classes), 'class', 'classes')} in the training part"
        f" ({', '.join(map(repr, classes))}); a classification needs two"
    )
