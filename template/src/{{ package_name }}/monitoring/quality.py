"""Quality of a window: missing values, values that training never had, and rows that came twice."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..records import Feature
from . import chance

EXAMPLES = 3


@dataclass(frozen=True)
class ColumnQuality:
    """Shares are of all rows of a window, between 0 and 1.

    `..._p` is the probability that production has such a share or a larger one by chance; 1 with nothing to test.
    """

    missing_reference: float
    missing_production: float
    unseen: float | None
    unseen_examples: tuple[str, ...]
    out_of_range: float | None
    missing_p: float
    unseen_p: float
    out_of_range_p: float


def column_quality(
    reference: pd.Series, production: pd.Series, kind: str, known: Feature | None = None
) -> ColumnQuality:
    """Compare one signal of two windows.

    Chance alone makes categories unseen, and about as often as a reference row has a category of its own
    (I. J. Good, The Population Frequencies of Species, Biometrika 1953): the test compares with those.

    Args:
        reference: values the model learned from.
        production: values it met later.
        kind: `numeric`, `categorical` or `boolean`; only a categorical signal can hold unseen categories,
            only a numeric one can be out of range.
        known: the signal as the model's contract has it. Its `categories`, `minimum` and `maximum` come from
            all training rows, where `reference` may be a sample; without them `reference` decides.
            A signal that was never filled in training makes every later value unseen or out of range.
    """
    unseen: float | None = None
    examples: list[str] = []
    out_of_range: float | None = None
    unseen_p = out_of_range_p = 1.0
    rows, filled = len(production), int(production.count())
    rows_before, filled_before = len(reference), int(reference.count())
    if kind == "categorical":
        categories = known.categories if known else None
        expected = set(reference.dropna().astype(str) if categories is None else categories)
        counts = production.dropna().astype(str).value_counts()
        strange = counts[[value not in expected for value in counts.index]]
        unseen = _share(int(strange.sum()), rows)
        alone = int((reference.dropna().astype(str).value_counts() == 1).sum())
        unseen_p = chance.rise(int(strange.sum()), rows, alone, rows_before)
        examples = [str(value) for value in strange.index[:EXAMPLES]]
    elif kind == "numeric":  # not for times: later ones than in training are what a window has
        values = production.to_numpy(dtype=np.float64, na_value=np.nan)
        low, high = _range(reference, known)
        inside = (values >= low) & (values <= high)
        beyond = int(np.count_nonzero(~inside & ~np.isnan(values)))
        out_of_range = _share(beyond, rows)
        # A signal that was never filled has no range: that it now has values is the finding.
        out_of_range_p = (
            chance.outside(beyond, filled, filled_before)
            if filled_before
            else chance.rise(filled, rows, 0, rows_before)
        )
    return ColumnQuality(
        missing_reference=_share(rows_before - filled_before, rows_before),
        missing_production=_share(rows - filled, rows),
        unseen=unseen,
        unseen_examples=tuple(examples),
        out_of_range=out_of_range,
        missing_p=chance.rise(rows - filled, rows, rows_before - filled_before, rows_before),
        unseen_p=unseen_p,
        out_of_range_p=out_of_range_p,
    )


def duplicate_ids(frame: pd.DataFrame, column: str | None) -> int:
    """Return how many rows repeat an id that an earlier row has; 0 for rows without an id."""
    return 0 if column is None or column not in frame else int(frame[column].duplicated().sum())


def _range(reference: pd.Series, known: Feature | None) -> tuple[float, float]:
    if known is None or known.minimum is None or known.maximum is None:
        return float(reference.min()), float(reference.max())
    return known.minimum, known.maximum


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0
