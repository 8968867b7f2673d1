"""Groups of rows that are alike, and what they mean for learning: a leak across the split, labels that contradict."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from . import split
from .config.project import ProjectConfig
from .dataset import Dataset
from .figures import plural

if TYPE_CHECKING:
    import numpy.typing as npt

    Array = npt.NDArray[Any]


def first_of_groups(
    equal: "Array", pairs: Iterable[tuple[int, int]], alike: Callable[[int, int], bool] = lambda one, other: True
) -> "Array":
    """Return for each row the first row of its group, int64 (rows,); its own position if it is that one.

    Args:
        equal: the first row that each row equals, int64 (rows,).
        pairs: rows that may be alike.
        alike: whether two rows are; asked only for a pair that is not in one group already.

    >>> import numpy as np
    >>> first_of_groups(np.arange(5), [(3, 1), (4, 3)]).tolist()
    [0, 1, 2, 1, 1]
    """
    import numpy as np

    root = equal.copy()

    def find(position: int) -> int:
        while root[position] != position:
            root[position] = root[root[position]]
            position = int(root[position])
        return position

    for one, other in pairs:
        earlier, later = sorted((find(one), find(other)))
        if earlier != later and alike(one, other):
            root[later] = earlier
    return np.array([find(position) for position in range(len(root))], dtype=np.int64)


def problems(found: Dataset, first: "Array", config: ProjectConfig, rule: str) -> tuple[list[str], list[str]]:
    """Return a sentence if near duplicates stand on both sides of the split, and those about alike rows elsewhere.

    The split is the one that prep makes: by the same column, whose values no step changes.

    Args:
        found: the rows.
        first: the first row of each one's group (see `first_of_groups`).
        config: says how rows are held out.
        rule: what makes rows alike, and the way out.
    """
    import numpy as np
    import pandas as pd

    held = np.asarray(split.holdout(found.frame[config.split_column], config.split.by, config.split.holdout))
    rows = pd.DataFrame({"group": first, "held": held, "label": found.frame[config.columns.target]})
    groups = rows.groupby("group")
    leaked = (rows["held"] & ~groups["held"].transform("all")).to_numpy()
    errors, warnings = [], []
    if leaked.any():
        one = int(leaked.argmax())
        other = int(((first == first[one]) & ~held).argmax())
        errors.append(
            f"{plural(int(leaked.sum()), 'held-out row is', 'held-out rows are')} equal or nearly equal to one of the"
            f" training part, first in {_both(found, one, other)}: the model would be judged by what it learned; {rule}"
        )
    copies = first != np.arange(len(first))
    if copies.any() and not leaked.any():
        rows_are = plural(int(copies.sum()), "row is a near duplicate", "rows are near duplicates")
        warnings.append(f"{rows_are} of another")
    contradictory = (groups["label"].transform("nunique") > 1).to_numpy() & copies
    contradictory &= (rows["label"] != rows["label"].iloc[first].to_numpy()).to_numpy()
    if contradictory.any():
        one = int(contradictory.argmax())
        count = plural(int(contradictory.sum()), "row has", "rows have")
        warnings.append(f"{count} another label than a near duplicate, first in {_both(found, one, int(first[one]))}")
    return errors, warnings


def _both(found: Dataset, one: int, other: int) -> str:
    earlier, later = sorted((one, other))
    return f"{found.place(earlier)} and {found.place(later)}"
