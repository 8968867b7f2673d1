"""Requests that show a serving model at work, and that bad requests do not stop it."""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ..figures import plural
from ..records import Contract
from . import samples
from .request import SmokeRequest

if TYPE_CHECKING:
    import pandas as pd

CLASSES = 5  # that get a request of their own


def rows_of(contract: Contract, frame: "pd.DataFrame") -> list[dict[str, Any]]:
    """Return rows of a frame (canonical dtypes) in the form of a request's `data`, with the id if the frame has it."""
    kinds = {feature.name: feature.kind for feature in contract.features}
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
    """Yield good requests made of rows of `frame`, one of each class where it has labels, and bad ones like them.

    Args:
        contract: of the model that is asked.
        frame: rows in canonical dtypes, with at least one that can be sent (see `samples`).
    """
    frame = samples.sendable(contract, frame)
    rows = rows_of(contract, frame.head(3))
    first = rows[0]
    yield SmokeRequest("one row", _body([first]), 200)
    yield SmokeRequest(plural(len(rows), "row"), _body(rows), 200)
    split = {"columns": list(first), "index": list(range(len(rows))), "data": [list(row.values()) for row in rows]}
    yield SmokeRequest("MLflow's shape", json.dumps({"input_data": split}), 200)
    if contract.classes is not None and contract.target in frame:
        for label, group in list(frame.groupby(contract.target, sort=True))[:CLASSES]:
            yield SmokeRequest(f"a row of {label!r}", _body(rows_of(contract, group.head(1))), 200)
    for name, changes in samples.good(contract):
        yield SmokeRequest(name, _body([first | changes]), 200)

    feature = contract.names[0]
    yield SmokeRequest("not JSON", _body([first])[:-1], 400)
    yield SmokeRequest("another shape", json.dumps({"rows": rows}), 422)
    yield SmokeRequest("no rows", _body([]), 422)
    yield SmokeRequest("too many rows", _body([first] * (contract.max_rows + 1)), 422)
    without = {name: value for name, value in first.items() if name != feature}
    yield SmokeRequest("a missing column", _body([without]), 422)
    yield SmokeRequest("an unknown column", _body([first | {f"{feature}_": 1}]), 422)
    yield SmokeRequest("a wrong type", _body([first | {feature: {"nested": True}}]), 422)
    for name, changes in samples.bad(contract):
        yield SmokeRequest(name, _body([first | changes]), 422)


def _body(rows: list[dict[str, Any]]) -> str:
    return json.dumps({"data": rows})
