"""What people review: the contents of rows (see `content`) with their ids and other columns.

An item of a queue is made from a row of data by this module, and becomes a row of training data again.
"""

import hashlib
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ..config.project import ProjectConfig
from ..content import FIELD, contents, sha256

if TYPE_CHECKING:
    import pandas as pd

    from .contract import Merged, QueueItem, Value

NOTHING = hashlib.sha256().hexdigest()
_SAMPLE_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")


def sample_ids(frame: "pd.DataFrame", config: ProjectConfig) -> list[str]:
    """Return the id of each row as a sample: its own where it has the form of one, else a hash of its content."""
    return identified(frame, config)["sample_id"].tolist()


def identified(frame: "pd.DataFrame", config: ProjectConfig) -> "pd.DataFrame":
    """Return columns sample_id, content and content_sha256 (str; None without content), with the index of `frame`."""
    import pandas as pd

    found = contents(frame, config)
    hashes = [None if content is None else sha256(content) for content in found]
    own = frame[config.columns.id] if config.columns.id in frame else [None] * len(frame)
    ids = [
        each if isinstance(each, str) and _SAMPLE_ID.fullmatch(each) else (digest or NOTHING)[:32]
        for each, digest in zip(own, hashes, strict=True)
    ]
    there = [None if digest is None else content for content, digest in zip(found, hashes, strict=True)]
    named = {"sample_id": ids, "content": there, "content_sha256": hashes}
    return pd.DataFrame(named, index=frame.index, dtype=object)


def others(frame: "pd.DataFrame", config: ProjectConfig) -> "list[dict[str, Value]]":
    """Return the columns beside content and target that configuration names, by row; times as ISO 8601."""
    names = [name for name in _names(config) if name in frame]
    values = [[_plain(value) for value in frame[name]] for name in names]
    return (
        [dict(zip(names, row, strict=True)) for row in zip(*values, strict=True)]
        if names
        else [{} for _ in frame.index]
    )


def frame_of(queued: "Sequence[QueueItem | Merged]", config: ProjectConfig) -> "pd.DataFrame":
    """Return items as the rows that they were made from, without a target; a column that an item lacks is missing."""
    import pandas as pd

    columns = config.columns
    found: dict[str, Any] = {columns.features[0]: [getattr(item, FIELD) for item in queued]}
    found |= {name: [item.columns.get(name) for item in queued] for name in _names(config)}
    frame = pd.DataFrame(found, dtype=object)
    if columns.time:
        frame[columns.time] = pd.to_datetime(frame[columns.time], utc=True, format="ISO8601").dt.as_unit("ns")
    return frame


def row_of(merged: "Merged", content: str, config: ProjectConfig) -> dict[str, Any]:
    """Return a row of training data in the project's own columns.

    Args:
        merged: the row with its origin.
        content: what stands in the column of contents.
        config: names the columns.
    """
    columns = config.columns
    found: dict[str, Any] = {columns.features[0]: content, columns.target: merged.label}
    found |= {name: merged.columns.get(name) for name in _names(config)}
    if columns.id:
        found[columns.id] = found[columns.id] or merged.sample_id
    if columns.time:
        reviewed = merged.reviewed_at and merged.reviewed_at.isoformat()
        found[columns.time] = found[columns.time] or reviewed
    return found


def _names(config: ProjectConfig) -> list[str]:
    columns = config.columns
    named = (columns.id, columns.time, columns.group, *columns.categorical)
    return list(dict.fromkeys(name for name in named if name is not None))


def _plain(value: Any) -> "Value":
    if value is None or value != value:
        return None
    return value.isoformat() if hasattr(value, "isoformat") else value
