"""Requests with the answers that a model gave when it was evaluated; they travel in its folder.

A deployment that serves the model must give the same answers, to small differences of other processors.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import UserError
from ..files import read_json, write_json
from ..records import Contract
from . import contract as rules
from . import request, smoke
from .request import JSON

if TYPE_CHECKING:
    import pandas as pd

    from .. import models

FOLDER, FILE = "known", "answers.json"  # in a model folder
FILES = (Contract.FILE, f"{FOLDER}/{FILE}")  # of a model folder that `load` reads
RELATIVE = 1e-3  # of a figure, between processors


@dataclass(frozen=True)
class Known:
    """A request, the status it gets and, if that is 200, its predictions."""

    name: str
    body: str
    status: int
    predictions: Sequence[Any] | None = None

    def probe(self) -> str:
        """Return the body with the mark of a request that is no user's; one that is no JSON object stays."""
        try:
            content = json.loads(self.body)
        except ValueError:
            return self.body
        return json.dumps(content | {request.PROBE: True}) if isinstance(content, dict) else self.body

    def mismatch(self, answer: Mapping[str, Any]) -> str | None:
        """Return how the predictions of an answer differ from the known ones, None if they do not."""
        given = answer.get("predictions")
        if self.predictions is None:
            return None if given else "no predictions"
        if not isinstance(given, list) or len(given) != len(self.predictions):
            return f"{given!r} instead of {len(self.predictions)} predictions"
        for row, (known, found) in enumerate(zip(self.predictions, given, strict=True)):
            if not _equal(known, found):
                return f"prediction {row} is {found!r}, not {known!r}"
        return None


def answers(model: "models.Model", frame: "pd.DataFrame") -> list[Known]:
    """Return requests made of rows of a frame (canonical dtypes), each with the model's own answer."""
    found = []
    for asked in smoke.smoke_requests(model.contract, frame):
        if asked.content_type != JSON or not isinstance(asked.body, str):
            continue
        predictions = None
        if asked.status == 200:
            rows = rules.check(request.parse(asked.body), model.contract)
            predictions = model.predict(rows.frame).tolist()
        found.append(Known(asked.name, asked.body, asked.status, predictions))
    return found


def save(known: Sequence[Known], folder: Path) -> None:
    """Write known answers into a folder, which a model folder gets as `FOLDER`."""
    write_json(folder / FILE, {"requests": [asdict(each) for each in known]})


def load(folder: Path) -> list[Known]:
    """Read the known answers of a model folder; without them, one request that only must be answered.

    Raises:
        UserError: the folder holds no contract, or the file is damaged.
    """
    path = folder / FOLDER / FILE
    if not path.is_file():
        example = json.dumps({"data": [rules.example(Contract.load(folder))]})
        return [Known("one row", example, 200)]
    content = read_json(path)
    try:
        return [Known(**each) for each in content["requests"]]
    except (KeyError, TypeError):
        raise UserError(f"{path}: was not written by this project") from None


def _equal(known: Any, found: Any) -> bool:
    if isinstance(known, float | int) and isinstance(found, float | int):
        return math.isclose(known, found, rel_tol=RELATIVE, abs_tol=1e-9)
    return bool(known == found)
