"""What arrived: missing values, values the model never met in training, and rows sent twice."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

EXAMPLES = 3


@dataclass(frozen=True)
class ColumnQuality:
    """Shares are of all rows of a window, between 0 and 1."""

    missing_reference: float
    missing_production: float
    unseen: float | None
    unseen_examples: list[str]
    out_of_range: float | None


def column_quality(
    reference: pd.Series, production: pd.Series, kind: str, known: Mapping[str, Any] | None = None
) -> ColumnQuality:
    """Compare one column of two windows.

    Args:
        reference: values the model learned from.
        production: values it met later.
        kind: `numeric`, `categorical` or `boolean`; only a categorical column can hold unseen categories,
            only a numeric one can be out of range.
        known: the column's entry in the model's contract. Its `categories`, `minimum` and `maximum` come from
            all training rows, where `reference` may be a sample; without them `reference` decides.
            A column that was never filled in training makes every later value unseen or out of range.
    """
    known = known or {}
    unseen: float | None = None
    examples: list[str] = []
    out_of_range: float | None = None
    if kind == "categorical":
        categories = known.get("categories")
        expected = set(reference.dropna().astype(str)) if categories is None else {str(value) for value in categories}
        counts = production.dropna().astype(str).value_counts()
        strange = counts[[value not in expected for value in counts.index]]
        unseen = _share(int(strange.sum()), len(production))
        examples = [str(value) for value in strange.index[:EXAMPLES]]
    elif kind == "numeric":
        values = production.to_numpy(dtype=np.float64, na_value=np.nan)
        low, high = _range(reference, known)
        inside = (values >= low) & (values <= high)
        out_of_range = _share(int(np.count_nonzero(~inside & ~np.isnan(values))), len(production))
    return ColumnQuality(
        missing_reference=_share(int(reference.isna().sum()), len(reference)),
        missing_production=_share(int(production.isna().sum()), len(production)),
        unseen=unseen,
        unseen_examples=examples,
        out_of_range=out_of_range,
    )


def duplicate_ids(frame: pd.DataFrame, column: str) -> int:
    """How many rows repeat an id that an earlier row has."""
    return int(frame[column].duplicated().sum())


def _range(reference: pd.Series, known: Mapping[str, Any]) -> tuple[float, float]:
    low, high = known.get("minimum"), known.get("maximum")
    if low is None or high is None:
        low, high = reference.min(), reference.max()
    return float(low), float(high)


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0
