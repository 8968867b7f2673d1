"""Rows that a model was asked about in Azure, as they lie in the data lake.

The collector of a deployment appends CloudEvents to
<collection>/.../<year>/<month>/<day>/<hour>/<instance>.jsonl; rows of one or more requests are a list under the key
`data` (Microsoft, "Collect production data from models deployed for real-time inferencing"). Files of batch scoring lie
in one folder a day, such as 2026-11-28.
"""

import json
import logging
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from .. import data, dataset, predictions
from ..config.inputs import SUFFIXES
from ..config.project import ProjectConfig
from ..errors import UserError
from ..records import Contract

log = logging.getLogger(__name__)
COLLECTIONS = INPUTS, OUTPUTS = ("model_inputs", "model_outputs")
HOUR = re.compile(r"(?:^|/)(\d{4})(?:/(\d\d)(?:/(\d\d)(?:/(\d\d))?)?)?$")


@dataclass(frozen=True)
class Arrived:
    """The rows of a window.

    Args:
        rows: what was asked, or what `observation` kept of it.
        answers: the answers that were given (see `predictions`); None: the model is to be asked.
        apart: collected events whose rows Azure stored in a file of their own, because they are large.
    """

    rows: pd.DataFrame
    answers: pd.DataFrame | None = None
    apart: int = 0


def collected(
    folder: Path, start: datetime, end: datetime, contract: Contract, deployment: str | None = None
) -> Arrived | None:
    """Return what the collector wrote in the hours from `start` to before `end`; None if nothing was.

    A request counts once both its inputs and its answers are there.

    Args:
        folder: the folder of both collections.
        start, end: in UTC.
        contract: of the model in service.
        deployment: only requests to this one count.

    Raises:
        UserError: a file does not hold events of the collector.
    """
    asked, answered = (dict(_events(folder / name, start, end, name, deployment)) for name in COLLECTIONS)
    apart = sum(rows is None for rows in asked.values())
    inputs: list[dict[str, Any]] = []
    outputs: list[dict[str, Any]] = []
    for key, rows in asked.items():
        answers = answered.get(key)
        if rows and answers and len(rows) == len(answers):
            inputs += rows
            outputs += answers
    if not inputs:
        return None
    return Arrived(pd.DataFrame(inputs), _answers(pd.DataFrame(outputs), contract), apart)


def dated(folder: Path, first: date, last: date, contract: Contract) -> Arrived | None:
    """Return the rows of files in subfolders named after the days from `first` to `last`; None if there is none.

    Raises:
        UserError: a file cannot be read.
    """
    found = sorted(folder.iterdir()) if folder.is_dir() else []
    days = [path for path in found if path.is_dir() and _in(path.name, first, last)]
    frames = [data.read_inputs(path, contract) for path in days if any(path.iterdir())]
    return Arrived(pd.concat(frames, ignore_index=True)) if frames else None


def with_labels(rows: pd.DataFrame, folder: Path, config: ProjectConfig) -> tuple[pd.DataFrame, list[str]]:
    """Return rows with the true values that arrived for their ids, and a sentence for each file that was left out."""
    columns, found, left_out = config.columns, [], []
    identity, target = columns.id, columns.target
    if identity is None or identity not in rows:
        return rows, []
    kinds = {identity: "text", target: dataset.with_roles({}, config)[target]}
    for path in sorted(path for path in folder.rglob("*") if path.name.lower().endswith(SUFFIXES)):
        try:
            found.append(data.read_columns(path, kinds, config.files))
        except UserError as error:
            left_out.append(f"true values: {error}")
    if not found:
        return rows, left_out
    known = pd.concat(found).dropna().drop_duplicates(identity, keep="last").set_index(identity)[target]
    return rows.drop(columns=target, errors="ignore").join(known, on=identity), left_out


def _events(
    folder: Path, start: datetime, end: datetime, collection: str, deployment: str | None
) -> Iterator[tuple[str, list[dict[str, Any]] | None]]:
    """Yield the correlation id and the rows of each event of a collection; None for rows that lie elsewhere."""
    for path in _files(folder, start, end):
        with path.open("rb") as stream:
            for number, line in enumerate(stream, 1):
                try:
                    event = json.loads(line)
                    if event["type"] != f"azureml.inference.{collection}":
                        raise ValueError
                    source, key, rows = str(event.get("source", "")), str(event["correlationid"]), event["data"]
                except (ValueError, KeyError, TypeError):
                    rule = f"must be an event of the type azureml.inference.{collection}"
                    raise UserError(f"{path}: line {number}: {rule}, as the data collector writes it") from None
                if deployment is None or source.rpartition("/")[2] == deployment:
                    yield key, rows if isinstance(rows, list) else None


def _files(folder: Path, start: datetime, end: datetime) -> Iterator[Path]:
    """Yield the files of the hours of a window; folders of other hours are not listed: there are thousands."""
    first, last = (moment.strftime("%Y/%m/%d/%H") for moment in (start, end))
    for here, folders, files in os.walk(folder):
        folders.sort()
        found = HOUR.search(Path(here).relative_to(folder).as_posix())
        if found is None:
            continue
        parts = "/".join(part for part in found.groups() if part)
        if not first[: len(parts)] <= parts <= last[: len(parts)]:
            folders.clear()
        elif len(parts) == len(first) and parts < last:
            yield from (Path(here, name) for name in sorted(files) if name.endswith(".jsonl"))


def _answers(outputs: pd.DataFrame, contract: Contract) -> pd.DataFrame:
    """Return collected answers as `predictions` has them; of the classes only that of the answer has a probability."""
    classes: Sequence[str] = contract.classes or ()
    answers = outputs[predictions.PREDICTION].astype(str if classes else "float64")
    found = {predictions.PREDICTION: answers}
    for label in classes:
        found[f"{predictions.PROBABILITY}{label}"] = outputs["probability"].where(answers == label)
    return pd.DataFrame(found)


def _in(name: str, first: date, last: date) -> bool:
    try:
        return first <= date.fromisoformat(name) <= last
    except ValueError:
        return False
