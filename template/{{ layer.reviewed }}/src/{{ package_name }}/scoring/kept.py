"""Requests that are kept for people to review: a seeded share of them, for a number of days.

The model's contract says whether, how many and how long (`review.keep_inputs` of config/project.yml when it was
trained); the variable KEPT_INPUTS names the folder. Without either nothing is written. A file holds one day of one
process as JSON Lines, in the columns that `data.read` knows, prepared as the model sees them. Bytes lie in a folder
beside it, a file for each content, and the line has the path from its own file.
"""

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
from typing import TYPE_CHECKING

from ..records import Contract

if TYPE_CHECKING:
    import pandas as pd

FOLDER = "KEPT_INPUTS"
INPUTS = Path("inference", "inputs")  # below data/ of the project, as in the data lake
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
class KeptInputs:
    """Writes the kept rows of one process into a folder.

    Args:
        folder: where the files are.
        contract: names the id; its `kept` holds the share, the seed and the days.
    """

    folder: Path
    contract: Contract
    _process: str = field(default_factory=lambda: uuid.uuid4().hex[:8])
    _cleaned: date | None = None

    def keep(self, frame: "pd.DataFrame", ids: Sequence[str] | None, now: datetime | None = None) -> None:
        """Write those rows of a request that belong to the share; whatever fails is logged and fails no request.

        Args:
            frame: the rows, as the request contract prepared them.
            ids: their ids, if they were sent; a row without one gets the hash of its content.
            now: when the request came; default: now.
        """
        now = now or datetime.now(UTC)
        try:
            name = f"{now:%Y-%m-%d}.{self._process}"
            lines = list(self._lines(frame, ids, now, name))
            if lines:
                self.folder.mkdir(parents=True, exist_ok=True)
                path = self.folder / f"{name}.jsonl"
                with path.open("ab", buffering=0) as stream:
                    stream.write("".join(lines).encode())  # at once: a reader never finds half a line
            if self._cleaned != now.date():
                expire(self.folder, self.contract.kept["retention_days"], now.date())
                self._cleaned = now.date()
        except Exception as error:
            logger.warning("inputs for review: %s", type(error).__name__)  # a message could quote an input

    def _lines(self, frame: "pd.DataFrame", ids: Sequence[str] | None, now: datetime, name: str) -> Iterator[str]:
        share, seed = self.contract.kept["kept_share"], self.contract.kept["seed"]
        for position, row in enumerate(frame.to_dict("records")):
            contents = {column: value for column, value in row.items() if isinstance(value, bytes)}
            row |= {column: hashlib.sha256(value).hexdigest()[:32] for column, value in contents.items()}
            text = json.dumps(row, ensure_ascii=False, sort_keys=True)
            key = ids[position] if ids is not None else hashlib.sha256(text.encode()).hexdigest()[:32]
            if is_kept(key, share, seed):
                for column, value in contents.items():
                    row[column] = f"{name}/{row[column]}"
                    _store(self.folder / row[column], value)
                known = {self.contract.id: key} if self.contract.id else {}
                yield json.dumps(known | row | {RECEIVED: now.isoformat()}, ensure_ascii=False) + "\n"


def _store(path: Path, content: bytes) -> None:
    """Write a file before the line that names it, so that a reader finds all of it or no line."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(f".{path.name}")
        partial.write_bytes(content)
        partial.replace(path)


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
    """Return what keeps inputs for this model; None if it asks for none, or no folder is named."""
    folder = environment.get(FOLDER)
    return KeptInputs(Path(folder), contract) if folder and contract.kept else None
