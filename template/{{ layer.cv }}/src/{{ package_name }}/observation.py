"""What of an image may be recorded and compared, figures and no pixels; what an answer says beside its prediction."""

from typing import TYPE_CHECKING, Any

from .config.inputs import FIGURES
from .models import Model
from .projection import COMPONENTS

if TYPE_CHECKING:
    import pandas as pd

SHOWN = 8  # the first components of the embedding; with more, chance alone would find a drift among them more often
NAMES = tuple(f"embedding {index + 1}" for index in range(COMPONENTS))


def observe(model: Model, frame: "pd.DataFrame") -> "pd.DataFrame":
    """Return figures about each image, with the index of `frame`: what is collected, and what a monitor compares.

    The columns are `FIGURES` (see `images.figures`) and the first components of the embedding, float64. A frame that
    has them already keeps its own: that is a `reference`.
    """
    if NAMES[0] in frame:
        return frame[[name for name in (*FIGURES, *NAMES[:SHOWN]) if name in frame]]
    return _figures(model, frame).join(_components(model, frame).iloc[:, :SHOWN])


def reference(model: Model, sample: "pd.DataFrame") -> "pd.DataFrame":
    """Return rows that the model learned from without their images, with their figures and all components."""
    image = model.contract.names[0]
    found = sample.drop(columns=[image, *(name for name in FIGURES if name in sample)])
    return found.join(_figures(model, sample)).join(_components(model, sample))


def remarks(model: Model, frame: "pd.DataFrame") -> dict[str, list[Any]]:
    """Return nothing: the model sees every image whole."""
    return {}


def _figures(model: Model, frame: "pd.DataFrame") -> "pd.DataFrame":
    """Return the figures of each image; where reading it has found them, those."""
    if set(FIGURES) <= set(frame):
        return frame[list(FIGURES)]
    return model.figures(frame)


def _components(model: Model, frame: "pd.DataFrame") -> "pd.DataFrame":
    import pandas as pd

    vectors = model.embed(frame).astype("float64")
    return pd.DataFrame(vectors, columns=list(NAMES[: vectors.shape[1]]), index=frame.index)
