"""Which rows are held out: a pure function of the rows themselves, never of chance."""

from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    # Not at run time: commands that only read the configuration should answer at once.
    import numpy as np
    import numpy.typing as npt
    import pandas as pd

    Mask = npt.NDArray[Any]

By = Literal["time", "id", "group"]
# Two independent hashes of the id: folds cut the training part afresh. Each key is 16 bytes.
HOLDOUT_KEY, FOLD_KEY = "holdout-00000000", "folds-0000000000"


def holdout(values: "pd.Series", by: By, share: float) -> "Mask":
    """Mark about `share` of the rows as held out, bool (rows,).

    By time: the newest rows; rows of one moment stay together. By id or group: those whose hashed value falls below
    the share, so a row keeps its side when other rows come or go, and the rows of a group stay together.

    Args:
        values: the time (datetime64), id or group (str) of each row.
        by: which of them.
        share: of the rows, between 0 and 1.

    >>> import pandas as pd
    >>> holdout(pd.Series(pd.date_range("2024-01-01", periods=5)), "time", 0.2).tolist()
    [False, False, False, False, True]
    """
    if by == "time":
        return (values > values.quantile(1 - share)).to_numpy()
    return _uniform(values, HOLDOUT_KEY) < share


def folds(values: "pd.Series", by: By, count: int) -> "Iterator[tuple[Mask, Mask]]":
    """Yield pairs of masks (train, validate) to compare kinds of model on; bool (rows,).

    By time: rolling origin, each fold trains on all rows before those it validates on (Tashman 2000). By id
    or group: `count` disjoint parts by hash, each validated once.

    Args:
        values: the time (datetime64), id or group (str) of each row.
        by: which of them.
        count: number of folds.

    >>> import pandas as pd
    >>> for train, validate in folds(pd.Series(pd.date_range("2024-01-01", periods=6)), "time", 2):
    ...     print(train.astype(int), validate.astype(int))
    [1 1 0 0 0 0] [0 0 1 1 0 0]
    [1 1 1 1 0 0] [0 0 0 0 1 1]
    """
    if by == "time":
        edges = [values.quantile(index / (count + 1)) for index in range(1, count + 2)]
        for start, end in pairwise(edges):
            yield (values <= start).to_numpy(), ((values > start) & (values <= end)).to_numpy()
        return
    part = (_uniform(values, FOLD_KEY) * count).astype(int)
    for index in range(count):
        yield part != index, part == index


def _uniform(ids: "pd.Series", key: str) -> "npt.NDArray[np.float64]":
    """Return the hashed id of each row as a number in [0, 1)."""
    import numpy as np
    from pandas.util import hash_array

    return np.asarray(hash_array(ids.to_numpy(object), hash_key=key, categorize=False) / 2**64)
