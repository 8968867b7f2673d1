"""Texts that a serving model must answer or refuse."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ..records import Contract
from ..texts import normalised

if TYPE_CHECKING:
    import pandas as pd


def sendable(contract: Contract, frame: "pd.DataFrame") -> "pd.DataFrame":
    """Return the rows that a request may hold: those whose text is neither blank nor too long."""
    raw = frame[contract.names[0]]
    normal = normalised(raw, contract.preparation["mask"]).fillna("")
    return frame[(normal != "") & ~(raw.str.len() > (contract.max_size or float("inf")))]


def good(contract: Contract) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield a name, and what changes in a good row so that it stays good."""
    yield "any script", {contract.names[0]: "ไม่ดี 猫 सुन्दर \U0001f642"}


def bad(contract: Contract) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield a name, and what changes in a good row so that it is refused."""
    wrong = {
        "a number": 3,
        "null": None,
        "a list": ["a text"],
        "an empty text": "",
        "a blank text": " \t\u200b\ufeff\n",
    }
    if contract.max_size is not None:
        wrong["a text that is too long"] = "a" * (contract.max_size + 1)
    for name, value in wrong.items():
        yield name, {contract.names[0]: value}
