"""Whether the expected requests fit through one managed endpoint."""

import json
from typing import TYPE_CHECKING

from ..errors import Finding
from ..records import Contract
from ..scoring import samples, smoke
from ..scoring.request import ENDPOINT_BYTES, ENDPOINT_REQUESTS

if TYPE_CHECKING:
    import pandas as pd

KEY = "serving.requests_per_second"
ROWS = 50  # that tell how large a request is
WAY_OUT = "Azure raises this limit on request; bulk goes to a batch endpoint"


def finding(rate: float, contract: Contract | None, frame: "pd.DataFrame | None") -> Finding:
    """Compare requests a second with what an endpoint takes, and their bytes with what it carries.

    Args:
        rate: requests of one row a second.
        contract: of the model that is asked; without one the size of a request is not known.
        frame: rows as they are sent, in canonical dtypes.
    """
    if rate > ENDPOINT_REQUESTS:
        said = f"{rate:g} requests a second are expected, and one endpoint takes {ENDPOINT_REQUESTS}; {WAY_OUT}"
        return Finding(KEY, None, (said,))
    if contract is None or frame is None:
        return Finding(KEY)
    rows = smoke.rows_of(contract, samples.sendable(contract, frame[:ROWS]))
    if not rows:
        return Finding(KEY)
    size = sum(len(json.dumps({"data": [row]})) for row in rows) / len(rows)
    if rate * size <= ENDPOINT_BYTES:
        return Finding(KEY)
    said = (
        f"{rate:g} requests a second of {size:,.0f} bytes, as `mlops invoke` sends them, are {rate * size:,.0f} bytes a"
        f" second; one endpoint carries {ENDPOINT_BYTES:,} and delays the rest; {WAY_OUT}"
    )
    return Finding(KEY, None, (said,))
