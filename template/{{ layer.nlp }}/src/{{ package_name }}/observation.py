"""What of a text may be recorded and compared, figures and no words, and what an answer says beside its prediction."""

from typing import TYPE_CHECKING, Any

from .annotate import annotate
from .models import Model

if TYPE_CHECKING:
    import pandas as pd

COUNTED = ("tokens", "characters", "capitals", "language")  # of what `annotate` finds
UNKNOWN, TRUNCATED = "unknown", "truncated"
COMPONENTS = 8  # the first of the embedding; with more, chance alone would find a drift among them more often
NAMES = tuple(f"embedding {index + 1}" for index in range(COMPONENTS))


def observe(model: Model, frame: "pd.DataFrame") -> "pd.DataFrame":
    """Return figures about each text, with the index of `frame`: what is collected, and what a monitor compares.

    The columns are `COUNTED` (see `annotate`), the share of words that are unknown to the model, whether the model
    read a part of the text only (0 or 1), and the first components of the embedding; a missing or empty text has none.
    A frame that has them already keeps its own: rows that were collected, or a reference without texts.
    """
    import numpy as np
    import pandas as pd

    if UNKNOWN in frame and model.contract.names[0] not in frame:
        return frame[[name for name in (*COUNTED, UNKNOWN, TRUNCATED, *NAMES) if name in frame]]
    assert model.embedder is not None
    texts = model.texts(frame)
    found = annotate(pd.Series(texts, dtype=object))[list(COUNTED)].astype(dict.fromkeys(COUNTED[:3], "float64"))
    found[UNKNOWN] = model.classifier.unknown(texts)
    found[TRUNCATED] = model.classifier.truncated(texts).astype("float64")
    vectors = model.embedder.transform(texts)
    for index, name in enumerate(NAMES[: vectors.shape[1]]):
        found[name] = vectors[:, index].astype("float64")
    found.loc[[not text for text in texts]] = np.nan
    return found.set_axis(frame.index)


def reference(model: Model, sample: "pd.DataFrame") -> "pd.DataFrame":
    """Return the rows as they are: their figures are found again from their texts whenever they are compared."""
    return sample


def remarks(model: Model, frame: "pd.DataFrame") -> dict[str, list[Any]]:
    """Return for each row whether the model read a part of its text only."""
    return {TRUNCATED: model.classifier.truncated(model.texts(frame)).tolist()}
