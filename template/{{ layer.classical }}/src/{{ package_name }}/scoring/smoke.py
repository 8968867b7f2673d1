"""Requests that show a serving model at work, and that bad requests do not stop it."""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ..figures import plural
from ..records import Contract
from .request import SmokeRequest

if TYPE_CHECKING:
    import pandas as pd


def rows_of(contract: Contract, frame: "pd.DataFrame") -> list[dict[str, Any]]:
    """Return rows of a frame (canonical dtypes) in the form of a request's `data`, with the id if the frame has it."""
    kinds: dict[str, str] = {feature.name: feature.kind for feature in contract.features}
    if contract.id is not None and contract.id in frame:
        kinds.setdefault(contract.id, "id")
    columns = []
    for name, kind in kinds.items():
        values = frame[name].astype(object).where(frame[name].notna(), None).tolist()
        columns.append([None if value is None else _plain(value, kind) for value in values])
    return [dict(zip(kinds, row, strict=True)) for row in zip(*columns, strict=True)]


def _plain(value: Any, kind: str) -> Any:
    """Return a value as JSON can hold it."""
    if kind == "boolean":
        return bool(value)
    return value.isoformat() if hasattr(value, "isoformat") else value


def smoke_requests(contract: Contract, frame: "pd.DataFrame") -> Iterator[SmokeRequest]:
    """Yield good requests made of the first rows of `frame` (canonical dtypes, not empty), and bad ones like them."""
    rows = rows_of(contract, frame.head(3))
    first = rows[0]
    columns = list(first)
    unknown = first | {feature.name: None for feature in contract.features}
    yield SmokeRequest("one row", json.dumps({"data": [first]}), 200)
    yield SmokeRequest(plural(len(rows), "row"), json.dumps({"data": rows}), 200)
    split = {"columns": columns, "index": list(range(len(rows))), "data": [list(row.values()) for row in rows]}
    yield SmokeRequest("MLflow's shape", json.dumps({"input_data": split}), 200)
    yield SmokeRequest("a row of nulls", json.dumps({"data": [unknown]}), 200)
    categorical = [feature.name for feature in contract.features if feature.kind == "categorical"]
    if categorical:
        row = first | {categorical[0]: "never seen in training"}
        yield SmokeRequest(f"unseen {categorical[0]}", json.dumps({"data": [row]}), 200)

    name = contract.features[0].name
    text = json.dumps({"data": [first]})
    yield SmokeRequest("not JSON", text[:-1], 400)
    yield SmokeRequest("another shape", json.dumps({"rows": rows}), 422)
    yield SmokeRequest("no rows", json.dumps({"data": []}), 422)
    yield SmokeRequest("too many rows", json.dumps({"data": [first] * (contract.max_rows + 1)}), 422)
    yield SmokeRequest("a missing column", json.dumps({"data": [{k: v for k, v in first.items() if k != name}]}), 422)
    yield SmokeRequest("an unknown column", json.dumps({"data": [first | {f"{name}_": 1}]}), 422)
    yield SmokeRequest("a wrong type", json.dumps({"data": [first | {name: {"nested": True}}]}), 422)
    yield SmokeRequest("NaN", json.dumps({"data": [first | {name: float("nan")}]}), 422)
