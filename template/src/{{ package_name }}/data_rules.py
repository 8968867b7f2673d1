"""Rules that data of any kind must keep to learn from, each broken one a sentence."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from . import bias, dataset
from .config.project import ProjectConfig
from .dataset import Dataset
from .figures import plural
from .predictions import PROBABILITY
from .records import ColumnSummary
from .values import Kind

if TYPE_CHECKING:
    import pandas as pd

MINIMUM_ROWS = 50  # below this neither the holdout nor a slice says anything


@dataclass(frozen=True)
class Checks:
    """The outcome of the rules for this kind of data.

    Args:
        found: the rows that training uses.
        errors: a sentence for each broken rule.
        warnings: a sentence for whatever else a person should know.
        derived: values of the slice columns that no file holds, by name; needed where no rule is broken.
    """

    found: Dataset
    errors: Sequence[str]
    warnings: Sequence[str]
    derived: "Mapping[str, pd.Series]" = field(default_factory=dict)


def too_few_rows(rows: int) -> list[str]:
    """Return a sentence if there are too few rows."""
    if rows >= MINIMUM_ROWS:
        return []
    return [f"{plural(rows, 'row')}: at least {MINIMUM_ROWS} are needed to train and to hold some out"]


def repeated_ids(found: Dataset, config: ProjectConfig) -> list[str]:
    """Return a sentence if two rows have the same id."""
    name = config.columns.id
    again = name and dataset.repeated_ids([found], name)
    if not again:
        return []
    return [f"column {name!r}: each id must be unique; {again}; rows without an id need no columns.id"]


def taken_names(frame: "pd.DataFrame", kinds: Mapping[str, Kind], config: ProjectConfig) -> list[str]:
    """Return a sentence for each column whose name the probability of a class needs."""
    if config.task != "classification":
        return []
    taken = {f"{PROBABILITY}{label}": label for label in frame[config.columns.target].dropna().unique()}
    return [
        f"column {name!r}: the probability of class {taken[name]!r} needs this name; rename the column"
        for name in kinds
        if name in taken
    ]


def taken_for_missing(found: Dataset) -> list[str]:
    """Return a sentence for each column of text in which words were taken for missing values."""
    return [
        f"column {name!r}: "
        + ", ".join(f"{word!r} in {plural(count, 'row')}" for word, count in words.items())
        + " taken for a missing value; files.missing in config/project.yml lists these words"
        for name, words in found.words.items()
    ]


def without_value(count: int, column: str, first: str, config: ProjectConfig) -> str:
    """Return a sentence about rows without a value in a column that needs one."""
    way = "; files.without_target: drop leaves such rows out" if column == config.columns.target else ""
    return f"column {column!r}: {plural(count, 'row has', 'rows have')} no value, first {first}{way}"


def bias_warnings(frame: "pd.DataFrame", config: ProjectConfig) -> list[str]:
    """Return a sentence for each limit of data bias that the rows break; `frame` has the columns of all slices."""
    target = config.columns.target
    classes = sorted(frame[target].unique()) if config.task == "classification" else None
    spread = bias.measure(
        {"all data": frame}, config.slices, target, classes, config.bias_limits, config.decision.positive
    )
    return [f"data bias: {breach.sentence}" for breach in spread.breaches]


def summaries(frame: "pd.DataFrame", kinds: Mapping[str, Kind]) -> tuple[ColumnSummary, ...]:
    """Return kind, share of missing values and number of distinct ones of each column."""
    return tuple(
        ColumnSummary(name, kind, float(frame[name].isna().mean()), int(frame[name].nunique()))
        for name, kind in kinds.items()
    )
