"""Requests that show a serving model at work, and that bad requests do not stop it."""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ..figures import plural
from ..records import Contract
from ..texts import normalised
from .request import SmokeRequest

if TYPE_CHECKING:
    import pandas as pd

CLASSES = 5  # that get a request of their own


def rows_of(contract: Contract, frame: "pd.DataFrame") -> list[dict[str, Any]]:
    """Return rows of a frame (canonical dtypes) in the form of a request's `data`, with the id if the frame has it."""
    names = [*contract.names, *([contract.id] if contract.id is not None and contract.id in frame else [])]
    values = frame[names].astype(object).where(frame[names].notna(), None)
    return [dict(zip(names, row, strict=True)) for row in values.itertuples(index=False)]


def smoke_requests(contract: Contract, frame: "pd.DataFrame") -> Iterator[SmokeRequest]:
    """Yield good requests made of texts of `frame`, one of each class where it has labels, and bad ones like them.

    Args:
        contract: of the model that is asked.
        frame: rows in canonical dtypes, with at least one text that can be sent.
    """
    column = contract.names[0]
    normal = normalised(frame[column], contract.preparation["mask"]).fillna("")
    frame = frame[(normal != "") & ~(frame[column].str.len() > (contract.max_size or float("inf")))]
    rows = rows_of(contract, frame.head(3))
    first = rows[0]
    yield SmokeRequest("one text", json.dumps({"data": [first]}), 200)
    yield SmokeRequest(plural(len(rows), "text"), json.dumps({"data": rows}), 200)
    split = {"columns": list(first), "index": list(range(len(rows))), "data": [list(row.values()) for row in rows]}
    yield SmokeRequest("MLflow's shape", json.dumps({"input_data": split}), 200)
    if contract.target in frame:
        for label, group in list(frame.groupby(contract.target, sort=True))[:CLASSES]:
            yield SmokeRequest(f"a text of {label!r}", json.dumps({"data": rows_of(contract, group.head(1))}), 200)
    yield SmokeRequest("any script", json.dumps({"data": [first | {column: "ไม่ดี 猫 सुन्दर \U0001f642"}]}), 200)

    text = json.dumps({"data": [first]})
    yield SmokeRequest("not JSON", text[:-1], 400)
    yield SmokeRequest("another shape", json.dumps({"texts": [first[column]]}), 422)
    yield SmokeRequest("no texts", json.dumps({"data": []}), 422)
    yield SmokeRequest("too many texts", json.dumps({"data": [first] * (contract.max_rows + 1)}), 422)
    without = {name: value for name, value in first.items() if name != column}
    yield SmokeRequest("a missing column", json.dumps({"data": [without]}), 422)
    yield SmokeRequest("an unknown column", json.dumps({"data": [first | {f"{column}_": "a"}]}), 422)
    for name, value in (("a number", 3), ("null", None), ("an object", {"nested": True}), ("a list", ["a text"])):
        yield SmokeRequest(name, json.dumps({"data": [first | {column: value}]}), 422)
    yield SmokeRequest("an empty text", json.dumps({"data": [first | {column: ""}]}), 422)
    yield SmokeRequest("a blank text", json.dumps({"data": [first | {column: " \t\u200b\ufeff\n"}]}), 422)
    if contract.max_size is not None:
        long = "a" * (contract.max_size + 1)
        yield SmokeRequest("a text that is too long", json.dumps({"data": [first | {column: long}]}), 422)
