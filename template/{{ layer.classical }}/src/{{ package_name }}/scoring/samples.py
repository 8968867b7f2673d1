"""Rows of a table that a serving model must answer or refuse."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ..records import Contract

if TYPE_CHECKING:
    import pandas as pd


def sendable(contract: Contract, frame: "pd.DataFrame") -> "pd.DataFrame":
    """Return the rows that a request may hold: all of them."""
    return frame


def good(contract: Contract) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield a name, and what changes in a good row so that it stays good."""
    yield "a row of nulls", dict.fromkeys(contract.names)
    categorical = [feature.name for feature in contract.features if feature.kind == "categorical"]
    if categorical:
        yield f"unseen {categorical[0]}", {categorical[0]: "never seen in training"}


def bad(contract: Contract) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield a name, and what changes in a good row so that it is refused."""
    yield "NaN", {contract.names[0]: float("nan")}
