"""What of an input may be recorded and compared, and what an answer says beside its prediction."""

from typing import TYPE_CHECKING, Any

from .models import Model

if TYPE_CHECKING:
    import pandas as pd


def observe(model: Model, frame: "pd.DataFrame") -> "pd.DataFrame":
    """Return the frame itself: the columns of a table can be collected and compared as they are."""
    return frame


def reference(model: Model, sample: "pd.DataFrame") -> "pd.DataFrame":
    """Return the rows as they are: all their columns can be kept for later comparison."""
    return sample


def remarks(model: Model, frame: "pd.DataFrame") -> dict[str, list[Any]]:
    """Return nothing: the prediction for a row of a table needs no further word."""
    return {}
