"""What people review here: texts, in the form that the model sees, with their ids and the other columns of their rows.

An item of a queue is made from a row of data by this module, and becomes a row of training data again.
"""

import hashlib
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import duplicates, embedding, texts
from ..config.project import ProjectConfig
from ..models import Model
from .display import visible

if TYPE_CHECKING:
    import numpy.typing as npt
    import pandas as pd
    from prompt_toolkit.formatted_text import StyleAndTextTuples

    from .contract import Merged, QueueItem, Value

FIELD = "text"  # field of a queue that holds the content
TAG = "Text"  # of Label Studio, that shows it
EMPTY = "empty"  # rows without content
CANDIDATES = 20_000  # rows among which the items of a queue are sought
SHOWN = 200  # letters of a text in a list of items
ROWS = "rows.jsonl"
_SAMPLE_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")


def contents(frame: "pd.DataFrame", config: ProjectConfig) -> "pd.Series":
    """Return what people and model see of each row, str (rows,); None where that is nothing."""
    found = texts.normalised(frame[config.columns.text], config.texts.mask)
    return found.where(found.notna() & (found != ""), None)


def sha256(content: str) -> str:
    """Return the SHA-256 of a content, in hexadecimal."""
    return hashlib.sha256(content.encode()).hexdigest()


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
    found: dict[str, Any] = {columns.text: [item.text for item in queued]}
    found |= {name: [item.columns.get(name) for item in queued] for name in names}
    frame = pd.DataFrame(found, dtype=object)
    if columns.time:
        frame[columns.time] = pd.to_datetime(frame[columns.time], utc=True, format="ISO8601").dt.as_unit("ns")
    return frame


def alike(queued: "Sequence[QueueItem]", frame: "pd.DataFrame", config: ProjectConfig) -> list[int | None]:
    """Return for each row of `frame` the position of the first row that is equal or nearly equal (see `duplicates`).

    Below zero, where an item that is queued already comes first; None for a row that people could not look at.

    Args:
        queued: what is queued already.
        frame: rows with content.
        config: says how equal is nearly equal.
    """
    known = [item.text or "" for item in queued]
    first = duplicates.first_alike([*known, *contents(frame, config)], config.texts.similar)
    return [int(position) - len(known) for position in first[len(known) :]]


def keep(item: "QueueItem", folder: Path) -> "QueueItem":
    """Return an item as a queue holds it: a text is in its line, and needs no file in the folder of the queue."""
    return item


def screen_rows(item: "QueueItem", config: ProjectConfig, columns: int, rows: int) -> "list[StyleAndTextTuples]":
    """Return the rows in which the terminal shows an item, each `columns` wide at most; a text may take many rows."""
    from . import keys

    return [[("", row)] for row in keys.rows(visible(item.text or ""), columns)]


def shown(content: str, config: ProjectConfig) -> str:
    """Return what a page shows of a content: its beginning."""
    return content if len(content) <= SHOWN else content[:SHOWN] + "…"


def vectors(frame: "pd.DataFrame", config: ProjectConfig, model: Model | None) -> "npt.NDArray[Any]":
    """Return the contents of rows as vectors, float32 (rows, components).

    Args:
        frame: rows with content.
        config: says how an embedder learns.
        model: whose embedder to use; None for one that learns from `frame` itself.
    """
    found = contents(frame, config).tolist()
    embedder = embedding.Embedder.fit(found, config) if model is None else model.embedder
    assert embedder is not None
    return embedder.transform(found)


def reference_vectors(reference: "pd.DataFrame", config: ProjectConfig, model: Model) -> "npt.NDArray[Any]":
    """Return the vectors of the rows that a model's evaluation kept of its training data (see `vectors`)."""
    return vectors(reference[contents(reference, config).notna()], config, model)


def write_rows(merged: "Sequence[Merged]", config: ProjectConfig, folder: Path) -> "Sequence[Merged]":
    """Write rows of training data into a folder, in the project's own columns, so that `data.read` reads them.

    Return the rows as the list of the version has them: as they are.
    """
    columns = config.columns
    with (folder / ROWS).open("w", encoding="utf-8", newline="\n") as stream:
        for row in merged:
            content: dict[str, Any] = {columns.text: row.text, columns.target: row.label}
            if columns.id:
                content[columns.id] = row.columns.get(columns.id) or row.sample_id
            if columns.time:
                reviewed = row.reviewed_at and row.reviewed_at.isoformat()
                content[columns.time] = row.columns.get(columns.time) or reviewed
            content |= {name: row.columns.get(name) for name in columns.categorical}
            stream.write(json.dumps(content, ensure_ascii=False) + "\n")
    return merged


def _plain(value: Any) -> "Value":
    if value is None or value != value:
        return None
    return value.isoformat() if hasattr(value, "isoformat") else value
