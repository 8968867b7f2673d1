"""Images as what people look at: copies in a queue, on a screen, as vectors, in a version of the training data.

A content is a reference to an image (see `images`); the bytes of its file are kept as they are.
"""

import hashlib
import json
import sys
import zipfile
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import duplicates, explain, images, measuring, observation, pixels
from ..config.inputs import FINGERPRINT
from ..config.project import ProjectConfig
from ..errors import UserError
from ..images import MEMBER, ImageError, Rules
from ..models import Model
from . import items
from .display import visible
from .workspace import file_name

if TYPE_CHECKING:
    import numpy.typing as npt
    import pandas as pd
    from prompt_toolkit.formatted_text import StyleAndTextTuples

    from .contract import Merged, QueueItem

TAG = "Image"  # of Label Studio, that shows a content
EMPTY = "no images that can be read"  # rows without content
CANDIDATES = 4_000  # rows among which the items of a queue are sought: each is decoded several times
ROWS, METADATA, FOLDER = "rows.zip", "metadata.jsonl", "images"
SUFFIXES = {"PNG": ".png", "JPEG": ".jpg", "MPO": ".jpg", "WEBP": ".webp", "BMP": ".bmp", "TIFF": ".tif", "GIF": ".gif"}
_ANY_SIZE = Rules(max_bytes=sys.maxsize, max_pixels=sys.maxsize)


def alike(queued: "Sequence[QueueItem]", frame: "pd.DataFrame", config: ProjectConfig) -> list[int | None]:
    """Return for each row of `frame` the position of the first row that is equal or nearly equal (see `duplicates`).

    Below zero, where an item that is queued already comes first; None for a row that people could not look at.

    Args:
        queued: what is queued already.
        frame: rows with content.
        config: says how equal is nearly equal.
    """
    rules, column = Rules.of(config.images), config.columns.image
    read = frame if FINGERPRINT in frame else measuring.measure(frame[column].tolist(), rules)[0]
    known = measuring.measure([item.path for item in queued], rules)[0][FINGERPRINT].dropna().tolist()
    new = [(place, each) for place, each in enumerate(read[FINGERPRINT]) if isinstance(each, str)]
    first = duplicates.first_alike([*known, *(each for _, each in new)], config.images.similar)[len(known) :]
    found: list[int | None] = [None] * len(frame)
    for (place, _), position in zip(new, first.tolist(), strict=True):
        found[place] = position - len(known) if position < len(known) else new[position - len(known)][0]
    return found


def in_part(config: ProjectConfig) -> ProjectConfig:
    """Return a configuration for data of which only a part is here: images that a table lists may be missing."""
    return config.model_copy(update={"images": config.images.model_copy(update={"unreadable": "leave_out"})})


def there(frame: "pd.DataFrame", config: ProjectConfig) -> "pd.DataFrame":
    """Return the rows whose images are on this machine."""
    found = frame[config.columns.image]
    return frame[[isinstance(path, str) and Path(path.partition(MEMBER)[0]).is_file() for path in found]]


def keep(item: "QueueItem", folder: Path) -> "QueueItem":
    """Return an item whose image is a copy in the folder of its queue, under a name that every system can show.

    Raises:
        UserError: the image cannot be read or has changed, or the copy cannot be written.
    """
    content = _unchanged(item)
    path = folder / f"{file_name(item.sample_id)}{_suffix(content)}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    except OSError as error:
        raise UserError(f"{path}: cannot be written: {error.strerror or error}") from None
    return item.model_copy(update={"path": str(path)})


def screen_rows(item: "QueueItem", config: ProjectConfig, columns: int, rows: int) -> "list[StyleAndTextTuples]":
    """Return the rows in which the terminal shows an item, each `columns` wide at most: its picture and its path."""
    from . import keys

    path: list[StyleAndTextTuples] = [[("", row)] for row in keys.rows(visible(item.path or ""), columns)]
    try:
        picture = _picture(item.path or "", Rules.of(config.images), columns, max(rows - len(path) - 1, 1))
    except ImageError as error:
        picture = [[("", row)] for row in keys.rows(visible(str(error)), columns)]
    return [*picture, [("", "")], *path]


def shown(content: str, config: ProjectConfig) -> str:
    """Return what a page shows of a content: a small picture as a data address; nothing for one that is gone."""
    try:
        return explain.address(images.decode(content, Rules.of(config.images)))
    except ImageError:
        return ""


def vectors(frame: "pd.DataFrame", config: ProjectConfig, model: Model | None) -> "npt.NDArray[Any]":
    """Return the images of rows as vectors, float32 (rows, components).

    Args:
        frame: rows with images that can be read.
        config: says how images are decoded.
        model: what it sees in them; None for the grey levels of small images.

    Raises:
        ImageError: an image cannot be read.
    """
    if model is not None:
        return model.embed(frame)
    return pixels.read(frame[config.columns.image].tolist(), Rules.of(config.images))


def reference_vectors(reference: "pd.DataFrame", config: ProjectConfig, model: Model) -> "npt.NDArray[Any]":
    """Return the vectors that a model's evaluation kept of its training images (see `vectors`)."""
    import numpy as np

    return reference[[name for name in observation.NAMES if name in reference]].to_numpy(np.float32)


def write_rows(merged: "Sequence[Merged]", config: ProjectConfig, folder: Path) -> "list[Merged]":
    """Write an archive with the images and a table of the rows into a folder, so that `data.read` reads them.

    The same rows give the same bytes: members are sorted, stored, and without a time of their own.

    Returns:
        The rows, `path` relative to the folder.

    Raises:
        UserError: an image cannot be read or has changed.
    """
    written: dict[str, Merged] = {}
    with zipfile.ZipFile(folder / ROWS, "w", zipfile.ZIP_STORED) as archive:
        for row in sorted(merged, key=lambda row: file_name(row.sample_id)):
            content = _unchanged(row)
            member = f"{FOLDER}/{file_name(row.sample_id)}{_suffix(content)}"
            _add(archive, member, content)
            written[row.sample_id] = row.model_copy(update={"path": f"{ROWS}{MEMBER}{member}"})
        rows = [written[row.sample_id] for row in merged]
        table = [items.row_of(row, (row.path or "").partition(MEMBER)[2], config) for row in rows]
        lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in table)
        _add(archive, METADATA, lines.encode())
    return rows


def _add(archive: zipfile.ZipFile, member: str, content: bytes) -> None:
    info = zipfile.ZipInfo(member)
    info.create_system = 3  # as on Linux, on every system
    archive.writestr(info, content)


def _unchanged(item: "QueueItem | Merged") -> bytes:
    content = images.read(item.path or "")
    if hashlib.sha256(content).hexdigest() != item.content_sha256:
        raise UserError(
            f"{images.name(item.path or '')}: was changed: its SHA-256 is not that of item {item.sample_id}; get the"
            " file back as it was"
        )
    return content


def _suffix(content: bytes) -> str:
    return SUFFIXES[images.look(content, _ANY_SIZE).format]


@lru_cache(maxsize=8)
def _picture(path: str, rules: Rules, columns: int, rows: int) -> "list[StyleAndTextTuples]":
    from .blocks import half_blocks

    return half_blocks(images.decode(path, rules), columns, rows)
