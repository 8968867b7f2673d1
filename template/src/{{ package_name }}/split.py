"""Which rows are held out: a pure function of the rows themselves, never of chance."""

from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from .config.project import ProjectConfig

if TYPE_CHECKING:
    import pandas as pd

Mask = npt.NDArray[Any]
# Two independent hashes of the id: folds cut the training part afresh. Each key is 16 bytes.
HOLDOUT_KEY, FOLD_KEY = "holdout-00000000", "folds-0000000000"


def holdout(frame: "pd.DataFrame", config: ProjectConfig) -> Mask:
    """Mark about `split.holdout` of the rows as held out, bool (rows,).

    By time: the newest rows; rows of one moment stay together. By id: those whose hashed id falls below the
    share, so a row keeps its side when other rows come or go.
    """
    share = config.split.holdout
    if config.split.by == "time":
        times = frame[config.columns.time]
        return (times > times.quantile(1 - share)).to_numpy()
    return _uniform(frame, config, HOLDOUT_KEY) < share


def folds(frame: "pd.DataFrame", config: ProjectConfig, count: int) -> Iterator[tuple[Mask, Mask]]:
    """Pairs of masks (train, validate) to compare kinds of model on; bool (rows,).

    By time: rolling origin, each fold trains on all rows before those it validates on (Tashman 2000). By id:
    `count` disjoint parts by hash, each validated once.
    """
    if config.split.by == "time":
        times = frame[config.columns.time]
        edges = [times.quantile(index / (count + 1)) for index in range(1, count + 2)]
        for start, end in pairwise(edges):
            yield (times <= start).to_numpy(), ((times > start) & (times <= end)).to_numpy()
        return
    part = np.floor(_uniform(frame, config, FOLD_KEY) * count)
    for index in range(count):
        yield part != index, part == index


def _uniform(frame: "pd.DataFrame", config: ProjectConfig, key: str) -> npt.NDArray[np.float64]:
    """The hashed id of each row as a number in [0, 1)."""
    from pandas.util import hash_array

    ids = frame[config.columns.id].to_numpy(object)
    return np.asarray(hash_array(ids, hash_key=key, categorize=False) / 2**64)
