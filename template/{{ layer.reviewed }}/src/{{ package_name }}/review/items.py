"""What people review: the contents of rows (see `content`) with their ids and other columns.

An item of a queue is made from a row of data by this module, and becomes a row of training data again.
"""

import json
import re
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import embedding
from ..config.project import ProjectConfig
from ..content import FIELD, contents, sha256

if TYPE_CHECKING:
    import numpy.typing as npt
    import pandas as pd

    from .contract import Merged, QueueItem, Value

ROWS = "rows.jsonl"
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
        each if isinstance(each, str) and _SAMPLE_ID.fullmatch(each) else (digest or sha256(""))[:32]
        for each, digest in zip(own, hashes, strict=True)
    ]
    named = {"sample_id": ids, "content": found.to_numpy(), "content_sha256": hashes}
    return pd.DataFrame(named, index=frame.index, dtype=object)


def others(frame: "pd.DataFrame", config: ProjectConfig) -> "list[dict[str, Value]]":
    """Return the columns beside text and target that configuration names, by row: times as ISO 8601, None missing."""
    columns = config.columns
    wanted = (columns.id, columns.time, *columns.categorical)
    names = list(dict.fromkeys(name for name in wanted if name is not None and name in frame))
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
    names = [name for name in (columns.id, columns.time, *columns.categorical) if name]
    found: dict[str, Any] = {columns.features[0]: [getattr(item, FIELD) for item in queued]}
    found |= {name: [item.columns.get(name) for item in queued] for name in names}
    frame = pd.DataFrame(found, dtype=object)
    if columns.time:
        frame[columns.time] = pd.to_datetime(frame[columns.time], utc=True, format="ISO8601").dt.as_unit("ns")
    return frame


def vectors(found: Sequence[str], config: ProjectConfig, model: Path | None) -> "npt.NDArray[Any]":
    """Return contents as vectors, float32 (contents, components).

    Args:
        found: contents.
        config: says how an embedder learns.
        model: model folder with the embedder to use; None for one that learns from `found` themselves.
    """
    if model:
        return embedding.load(model).transform(found)
    with tempfile.TemporaryDirectory() as folder:
        return embedding.fit(found, config, Path(folder)).transform(found)


def write_rows(merged: "Sequence[Merged]", config: ProjectConfig, folder: Path) -> None:
    """Write rows of training data into a folder, in the project's own columns, so that `data.read` reads them."""
    columns = config.columns
    with (folder / ROWS).open("w", encoding="utf-8", newline="\n") as stream:
        for row in merged:
            content: dict[str, Any] = {columns.features[0]: getattr(row, FIELD), columns.target: row.label}
            if columns.id:
                content[columns.id] = row.columns.get(columns.id) or row.sample_id
            if columns.time:
                reviewed = row.reviewed_at and row.reviewed_at.isoformat()
                content[columns.time] = row.columns.get(columns.time) or reviewed
            content |= {name: row.columns.get(name) for name in columns.categorical}
            stream.write(json.dumps(content, ensure_ascii=False) + "\n")


def _plain(value: Any) -> "Value":
    if value is None or value != value:
        return None
    return value.isoformat() if hasattr(value, "isoformat") else value
