"""Requests that are kept for people to review: a seeded share of them, for a number of days.

The model's contract says whether, how many and how long (`review.keep_inputs` of config/project.yml when it was
trained). On this machine the variable KEPT_INPUTS names the folder: a file holds one day of one process as JSON Lines,
in the columns that `data.read` knows, prepared as the model sees them. In Azure they go to a collection of the
deployment's data collector, which azureml/overlays/kept_inputs.yml leads into the data lake. Without either nothing is
kept. Bytes are kept as they came: in a folder they are files beside the one with the rows, which holds their paths; in
a collection they are base64.
"""

import base64
import hashlib
import json
import logging
import os
import shutil
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..records import Contract

if TYPE_CHECKING:
    import pandas as pd

Row = dict[str, Any]

FOLDER = "KEPT_INPUTS"
COLLECTOR = "AZUREML_MDC_CONFIG_PATH"  # names the file with the settings of the data collector
COLLECTION = "kept_inputs"  # in lower case, as the collector's client compares it
# Bytes of an event. Azure stores the content of one above 4 MB apart from the others; the client writes a slash as two
# characters.
LARGEST = 2_000_000
INPUTS = Path("inference", "inputs")  # below data/ of the project, as in the data lake
BYTES = "data:;base64,"  # beginning of bytes in a collection; the letters are those for URLs, without a slash
RECEIVED = "received_at"  # when the request came, ISO 8601 in UTC

logger = logging.getLogger("azmlinfsrv.kept")  # the inference server shows only loggers below its own


def is_kept(key: str, share: float, seed: int) -> bool:
    """Return whether a row is among the kept share: the same answer for the same key and seed, on any machine.

    >>> sum(is_kept(f"row {number}", 0.1, 42) for number in range(10_000))
    997
    """
    digest = hashlib.blake2b(f"{seed}:{key}".encode(), digest_size=8).digest()
    return int.from_bytes(digest) / 2**64 < share


@dataclass
class Folder:
    """Keeps rows in files of a folder, and deletes those of more than `days` days ago."""

    path: Path
    days: int
    _process: str = field(default_factory=lambda: uuid.uuid4().hex[:8])
    _cleaned: date | None = None

    def write(self, rows: Sequence[Row], now: datetime) -> None:
        """Append rows to the file of the day."""
        if rows:
            name = f"{now:%Y-%m-%d}.{self._process}"
            self.path.mkdir(parents=True, exist_ok=True)
            # Bytes first: a reader finds all that a line names, or no line.
            lines = "".join(json.dumps(stored(row, self.path, name), ensure_ascii=False) + "\n" for row in rows)
            with (self.path / f"{name}.jsonl").open("ab", buffering=0) as stream:
                stream.write(lines.encode())  # at once: a reader never finds half a line
        if self._cleaned != now.date():
            expire(self.path, self.days, now.date())
            self._cleaned = now.date()


class Collection:
    """Sends rows to a collection of Azure's data collector; the data lake deletes them after some days."""

    def __init__(self) -> None:
        from azureml.ai.monitoring import Collector

        self._collector = Collector(name=COLLECTION, on_error=_log)

    def write(self, rows: Sequence[Row], now: datetime) -> None:
        """Queue rows, in events that are small enough to be stored in one piece."""
        import pandas as pd

        coded = [
            {
                key: BYTES + base64.urlsafe_b64encode(value).decode() if isinstance(value, bytes) else value
                for key, value in row.items()
            }
            for row in rows
        ]
        for part in _parts(coded):
            self._collector.collect(pd.DataFrame(part))


@dataclass(frozen=True)
class KeptInputs:
    """Chooses the rows that are kept.

    Args:
        contract: names the id; its `kept` holds the share, the seed and the days.
        store: where the rows go.
    """

    contract: Contract
    store: Folder | Collection

    def keep(self, frame: "pd.DataFrame", ids: Sequence[str] | None, now: datetime | None = None) -> None:
        """Write those rows of a request that belong to the share; whatever fails is logged and fails no request.

        Args:
            frame: the rows, as the request contract prepared them.
            ids: their ids, if they were sent; a row without one gets the hash of its content.
            now: when the request came; default: now.
        """
        now = now or datetime.now(UTC)
        try:
            self.store.write(list(self._rows(frame, ids, now)), now)
        except Exception as error:
            _log(type(error).__name__)  # a message could quote an input

    def _rows(self, frame: "pd.DataFrame", ids: Sequence[str] | None, now: datetime) -> Iterator[Row]:
        share, seed = self.contract.kept["kept_share"], self.contract.kept["seed"]
        for position, row in enumerate(frame.to_dict("records")):
            named = {name: _digest(value) if isinstance(value, bytes) else value for name, value in row.items()}
            content = json.dumps(named, ensure_ascii=False, sort_keys=True)
            key = ids[position] if ids is not None else hashlib.sha256(content.encode()).hexdigest()[:32]
            if is_kept(key, share, seed):
                known = {self.contract.id: key} if self.contract.id else {}
                yield known | {str(name): value for name, value in row.items()} | {RECEIVED: now.isoformat()}


def stored(row: Row, folder: Path, name: str) -> Row:
    """Write the bytes of a row into files of folder/name, and return the row with their paths from `folder`."""
    found = dict(row)
    for key, value in row.items():
        if isinstance(value, bytes):
            found[key] = f"{name}/{_digest(value)}"
            path = folder / found[key]
            if not path.exists():
                path.parent.mkdir(exist_ok=True)
                partial = path.with_name(f".{path.name}")
                partial.write_bytes(value)
                partial.replace(path)
    return found


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:32]


def _parts(rows: Sequence[Row]) -> Iterator[list[Row]]:
    """Yield rows in parts of at most `LARGEST` bytes as JSON, or of one row."""
    part: list[Row] = []
    size = 0
    for row in rows:
        more = len(json.dumps(row))
        if part and size + more > LARGEST:
            yield part
            part, size = [], 0
        part.append(row)
        size += more
    if part:
        yield part


def _log(reason: object) -> None:
    logger.warning("inputs for review: %s", reason)


def expire(folder: Path, days: int, today: date) -> list[str]:
    """Delete what was kept more than `days` days ago, and return the names; other files and folders stay."""
    first = (today - timedelta(days=days)).isoformat()
    kept = [path for path in folder.glob("????-??-??.*") if path.is_dir() or path.suffix == ".jsonl"]
    expired = [path for path in kept if path.name[: len(first)] < first]
    for path in expired:
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
    return sorted(path.name for path in expired)


def from_environment(contract: Contract, environment: Mapping[str, str] = os.environ) -> KeptInputs | None:
    """Return what keeps inputs for this model; None if it asks for none, or there is nowhere to keep them."""
    if not contract.kept:
        return None
    if folder := environment.get(FOLDER):
        return KeptInputs(contract, Folder(Path(folder), contract.kept["retention_days"]))
    if not (path := environment.get(COLLECTOR)):
        return None
    try:
        if problem := _collector_problem(json.loads(Path(path).read_text(encoding="utf-8"))):
            _log(problem)
            return None
        return KeptInputs(contract, Collection())
    except Exception as error:  # the model answers, whatever fails in the collector
        _log(type(error).__name__)
        return None


def _collector_problem(settings: Mapping[str, Any]) -> str | None:
    """Return why the data collector cannot take inputs, by the settings that the platform gives its client."""
    if settings.get("runMode", "cloud") == "local":
        return "nothing is kept: here the collector would write the inputs into the log"
    enabled = {name.lower() for name, own in settings.get("collections", {}).items() if own.get("enabled")}
    if COLLECTION in enabled:
        return None
    return f"nothing is kept: the deployment has no collection {COLLECTION}; render and deploy it again"
