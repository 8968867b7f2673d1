"""Texts as what people look at: in a queue, on a screen, as vectors, in a version of the training data."""

import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import duplicates, embedding, observation
from ..config.project import ProjectConfig
from ..content import contents
from ..models import Model
from . import items
from .display import visible

if TYPE_CHECKING:
    import numpy.typing as npt
    import pandas as pd
    from prompt_toolkit.formatted_text import StyleAndTextTuples

    from .contract import Merged, QueueItem

TAG = "Text"  # of Label Studio, that shows a content
EMPTY = "empty"  # rows without content
CANDIDATES = 20_000  # rows among which the items of a queue are sought
SHOWN = 200  # letters of a text in a list of items
ROWS = "rows.jsonl"


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


def in_part(config: ProjectConfig) -> ProjectConfig:
    """Return a configuration for data of which only a part is here."""
    return config


def there(frame: "pd.DataFrame", config: ProjectConfig) -> "pd.DataFrame":
    """Return the rows whose content is on this machine."""
    return frame  # texts stand in the rows


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
    if model is not None:
        assert model.embedder is not None
        return model.embedder.transform(found)
    with tempfile.TemporaryDirectory() as folder:
        return embedding.fit(found, config, Path(folder)).transform(found)


def reference_vectors(reference: "pd.DataFrame", config: ProjectConfig, model: Model) -> "npt.NDArray[Any]":
    """Return the vectors of the rows that a model's evaluation kept of its training data (see `vectors`).

    What a registered model carries of them has no texts, and the first components alone.
    """
    import numpy as np

    if config.columns.text not in reference:
        named = [name for name in observation.NAMES if name in reference]
        return reference[named].dropna().to_numpy(np.float32)
    return vectors(reference[contents(reference, config).notna()], config, model)


def write_rows(merged: "Sequence[Merged]", config: ProjectConfig, folder: Path) -> "Sequence[Merged]":
    """Write rows of training data into a folder, in the project's own columns, so that `data.read` reads them.

    Return the rows as the list of the version has them: as they are.
    """
    with (folder / ROWS).open("w", encoding="utf-8", newline="\n") as stream:
        for row in merged:
            stream.write(json.dumps(items.row_of(row, row.text or "", config), ensure_ascii=False) + "\n")
    return merged
