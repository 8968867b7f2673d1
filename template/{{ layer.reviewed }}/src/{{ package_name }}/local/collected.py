"""Requests that Azure's data collector kept in the data lake, as files that `mlops review select` reads.

The collector appends CloudEvents to inputs/.../<year>/<month>/<day>/<hour>/<instance>.jsonl of the container
`inference`; the rows of one or more requests are a list under the key `data` (Microsoft, "Collect production data from
models deployed for real-time inferencing").
"""

import base64
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import UserError
from ..figures import plural
from ..files import atomic_write
from ..scoring.kept import BYTES, COLLECTION, RECEIVED, stored

TYPE = f"azureml.inference.{COLLECTION}"
RULE = f"each line must be an event of the type {TYPE}, as the data collector writes it"


@dataclass(frozen=True)
class Unpacked:
    """What was taken over.

    Args:
        rows: rows that can be reviewed.
        apart: events whose rows Azure stored in a file of their own, because they are large.
    """

    rows: int
    apart: int

    @property
    def sentence(self) -> str:
        """What was taken over and what was not."""
        said = f"{plural(self.rows, 'request')} can be reviewed"
        return f"{said}; {plural(self.apart, 'event')} left out: Azure stored their rows apart" if self.apart else said


def unpack(source: Path, target: Path) -> Unpacked:
    """Write the rows of downloaded events into a folder: a file for each day and file; the same again changes nothing.

    Args:
        source: folder that holds what was downloaded from inputs/, at any depth.
        target: for files like those that a server on this machine keeps.

    Raises:
        UserError: there is no such file, or one breaks the rule; then nothing is written.
    """
    files = sorted(source.rglob("*.jsonl")) if source.is_dir() else []
    if not files:
        raise UserError(f"{source}: holds no *.jsonl at any depth; download inputs/ of the container `inference` there")
    apart = sum(row is None for path in files for row in _rows(path))  # reads all before anything is written
    written: dict[str, str] = {}
    rows = 0
    for path in files:
        origin = hashlib.sha256(path.relative_to(source).as_posix().encode()).hexdigest()[:8]
        for row in _rows(path):
            if row is None:
                continue
            name = f"{row[RECEIVED][:10]}.{origin}"
            target.mkdir(parents=True, exist_ok=True)
            line = json.dumps(stored(row, target, name), ensure_ascii=False)
            written[name] = written.get(name, "") + line + "\n"
            rows += 1
    for name, text in written.items():
        atomic_write(target / f"{name}.jsonl", text)
    return Unpacked(rows, apart)


def _rows(path: Path) -> Iterator[dict[str, Any] | None]:
    """Yield the rows of a file; None for an event whose rows are elsewhere."""
    with path.open("rb") as stream:
        for number, line in enumerate(stream, 1):
            try:
                event = json.loads(line)
                if event["type"] != TYPE:
                    raise ValueError
                if isinstance(event["data"], str):
                    yield None
                    continue
                for row in event["data"]:
                    _ = str(row[RECEIVED])[:10]
                    yield {key: _value(value) for key, value in row.items()}
            except (ValueError, KeyError, TypeError):
                raise UserError(f"{path}: line {number}: {RULE}") from None


def _value(value: Any) -> Any:
    """Return a value of an event as the request had it: bytes were coded (see `kept.BYTES`)."""
    is_coded = isinstance(value, str) and value.startswith(BYTES)
    return base64.urlsafe_b64decode(value.removeprefix(BYTES)) if is_coded else value
