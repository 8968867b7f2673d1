"""What the values of a scoring request must be, and how they become a table; `request` says what its text must be.

By kind of feature a value is

    numeric      a finite JSON number
    categorical  a JSON string; one never seen in training is legal
    boolean      true or false
    time         an ISO 8601 string, such as "2024-01-31" or "2024-01-31T10:00:00Z"; without an offset it is in UTC

or null where it is not known: the model was trained with gaps. Nothing is guessed: "3" is no number, 3 no category,
1 no boolean, and NaN no JSON. A category has the same form as in a file: "True" is "true", "3.0" is "3", and a word
that files write for a missing value is null.
"""

import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np

from ..config.file_format import Files
from ..records import Contract, Feature
from ..values import TIME_RULE, category, times
from . import request
from .request import Rows, Values

RULES = {
    "numeric": "a finite number or null",
    "categorical": "a string or null",
    "boolean": "true, false or null",
    "time": f"null or {TIME_RULE}",
}
_ALLOWED: dict[str, frozenset[type]] = {
    "numeric": frozenset((int, float, type(None))),
    "categorical": frozenset((str, type(None))),
    "boolean": frozenset((bool, type(None))),
    "time": frozenset((str, type(None))),
}


def check(payload: Any, contract: Contract) -> Rows:
    """Check the payload of a request (see `request.parse`) and turn it into a frame.

    Raises:
        InvalidRequestError: it breaks the contract; the first offence found is named.
    """
    import pandas as pd

    values = request.values(payload, contract)
    ids = values.ids(contract)
    missing = contract.files.get("missing", Files().missing)
    arrays = {feature.name: _array(values, feature, missing) for feature in contract.features}
    return Rows(pd.DataFrame(arrays, copy=False), ids, values.probe)


def example(contract: Contract) -> dict[str, Any]:
    """Return one valid row, without an id, of values that occurred in training; null where none is recorded."""
    return {feature.name: _example(feature) for feature in contract.features}


def _example(feature: Feature) -> float | str | bool | None:
    if feature.kind == "time" and feature.minimum is not None:
        return datetime.fromtimestamp(feature.minimum, UTC).isoformat()
    if feature.kind == "boolean":
        return True
    if feature.kind == "categorical":
        return feature.categories[0] if feature.categories else None
    return feature.minimum


def _array(values: Values, feature: Feature, missing: Sequence[str]) -> Any:
    rule = RULES[feature.kind]
    given = values.checked(feature.name, _ALLOWED[feature.kind], rule)
    if feature.kind == "categorical":
        return np.array([None if value is None else category(value, missing) for value in given], dtype=object)
    if feature.kind == "time":
        return _times(values, feature, given, rule)
    try:
        array = np.array(given, dtype=np.float64)
        finite = not np.isinf(array).any()
    except OverflowError:  # an integer of more than 308 digits
        finite = False
    if not finite:
        values.refuse(feature.name, rule, lambda value: value is None or abs(value) <= sys.float_info.max)
    return array


def _times(values: Values, feature: Feature, given: Sequence[Any], rule: str) -> Any:
    import pandas as pd

    filled = pd.Series(given, dtype=object)
    found = times(filled)
    bad = set(filled[found.isna() & filled.notna()])
    if bad:
        values.refuse(feature.name, rule, lambda value: value not in bad)
    return found
