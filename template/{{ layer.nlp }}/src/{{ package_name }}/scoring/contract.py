"""What the values of a scoring request must be, and how they become a frame; `request` says what its text must be.

A text is a JSON string of at most `Contract.max_size` characters (Unicode code points) in which something is left when
it is normalised. The frame holds normalised texts, with personal data masked: what comes after this module, the
collector and logs too, never sees a text as it was sent. An error describes a value, and never quotes one.
"""

from typing import Any

import numpy as np

from ..figures import plural
from ..records import Contract
from ..texts import normalise
from . import request
from .request import Rows, kind_of

EXAMPLE = "This is an example of a text."


def check(payload: Any, contract: Contract) -> Rows:
    """Check the payload of a request (see `request.parse`) and turn it into a frame.

    Raises:
        InvalidRequestError: it breaks the contract; the first offence found is named.
    """
    import pandas as pd

    values = request.values(payload, contract)
    ids = values.ids(contract)
    column, limit = contract.names[0], contract.max_size
    given = values.checked(column, frozenset((str,)), "a string", kind_of)
    if limit is not None and any(len(text) > limit for text in given):
        rule = f"a text of at most {plural(limit, 'character')}"
        values.refuse(column, rule, lambda text: len(text) <= limit, lambda text: plural(len(text), "character"))
    normal = [normalise(text, contract.preparation["mask"]) for text in given]
    if not all(normal):
        blank = iter(normal)
        rule = "a text with at least one visible character"
        values.refuse(column, rule, lambda _: bool(next(blank)), lambda _: "an empty or blank text")
    return Rows(pd.DataFrame({column: np.array(normal, dtype=object)}), ids, values.probe)


def example(contract: Contract) -> dict[str, Any]:
    """Return one valid row, without an id."""
    return {contract.names[0]: EXAMPLE}
