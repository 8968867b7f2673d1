"""Vectors of a network as few numbers: the directions in which the training images differ most."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from .errors import UserError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

FILE = "projection.npz"
COMPONENTS = 32
ROWS = 5_000  # images that it learns from, at most


@dataclass(frozen=True)
class Projection:
    """Principal components of vectors.

    Args:
        mean: of the vectors, float32 (width,).
        axes: orthonormal directions in the order of their variance, float32 (width, components).
    """

    mean: "npt.NDArray[np.float32]"
    axes: "npt.NDArray[np.float32]"

    @classmethod
    def fit(cls, vectors: "npt.NDArray[np.float32]") -> "Projection":
        """Find at most `COMPONENTS` components of vectors, (rows, width); each points to where its largest entry is."""
        import numpy as np

        mean = vectors.mean(axis=0)
        _, _, right = np.linalg.svd(vectors - mean, full_matrices=False)
        axes = right[:COMPONENTS]
        axes *= np.sign(axes[np.arange(len(axes)), np.abs(axes).argmax(axis=1)])[:, None]
        return cls(mean.astype(np.float32), np.ascontiguousarray(axes.T, dtype=np.float32))

    def transform(self, vectors: "npt.NDArray[np.float32]") -> "npt.NDArray[np.float32]":
        """Return the components of vectors, float32 (rows, components)."""
        import numpy as np

        found: npt.NDArray[np.float32] = np.matmul(vectors - self.mean, self.axes, dtype=np.float32)
        return found

    def save(self, folder: Path) -> None:
        """Write the components into a folder."""
        import numpy as np

        np.savez(folder / FILE, mean=self.mean, axes=self.axes)

    @classmethod
    def load(cls, folder: Path) -> "Projection":
        """Read the components that a folder holds.

        Raises:
            UserError: there are none.
        """
        import numpy as np

        path = folder / FILE
        try:
            with np.load(path) as content:
                return cls(content["mean"], content["axes"])
        except (OSError, ValueError, KeyError) as error:
            raise UserError(f"{path}: is missing or not what the train step wrote: {error}") from None
