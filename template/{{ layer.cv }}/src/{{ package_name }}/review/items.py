"""What people review here: images, each a file, with their ids and the other columns of their rows.

An item of a queue is made from a row of data by this module, and becomes a row of training data again. `content` is a
reference to an image (see `images`), and its hash that of the bytes of the file, which is kept as it is.
"""

import hashlib
import json
import re
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
from .display import visible
from .workspace import file_name

if TYPE_CHECKING:
    import numpy.typing as npt
    import pandas as pd
    from prompt_toolkit.formatted_text import StyleAndTextTuples

    from .contract import Merged, QueueItem, Value

FIELD = "path"  # field of a queue that holds the content
TAG = "Image"  # of Label Studio, that shows it
EMPTY = "no images that can be read"  # rows without content
CANDIDATES = 4_000  # rows among which the items of a queue are sought: each is decoded several times
ROWS, METADATA, FOLDER = "rows.zip", "metadata.jsonl", "images"
SUFFIXES = {"PNG": ".png", "JPEG": ".jpg", "MPO": ".jpg", "WEBP": ".webp", "BMP": ".bmp", "TIFF": ".tif", "GIF": ".gif"}
_SAMPLE_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")
_ANY_SIZE = Rules(max_bytes=sys.maxsize, max_pixels=sys.maxsize)


def sha256(content: bytes) -> str:
    """Return the SHA-256 of the bytes of an image file, in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def sample_ids(frame: "pd.DataFrame", config: ProjectConfig) -> list[str]:
    """Return the id of each row as a sample: its own where it has the form of one, else a hash of its image."""
    return identified(frame, config)["sample_id"].tolist()


def identified(frame: "pd.DataFrame", config: ProjectConfig) -> "pd.DataFrame":
    """Return columns sample_id, content and content_sha256 (str; None without a file), with the index of `frame`."""
    import pandas as pd

    found, hashes = [], []
    for reference in frame[config.columns.image]:
        try:
            hashes.append(sha256(images.read(reference, config.images.max_bytes)) if reference is not None else None)
        except ImageError:
            hashes.append(None)
        found.append(None if hashes[-1] is None else reference)
    own = frame[config.columns.id] if config.columns.id in frame else [None] * len(frame)
    ids = [
        each if isinstance(each, str) and _SAMPLE_ID.fullmatch(each) else (digest or sha256(b""))[:32]
        for each, digest in zip(own, hashes, strict=True)
    ]
    named = {"sample_id": ids, "content": found, "content_sha256": hashes}
    return pd.DataFrame(named, index=frame.index, dtype=object)


def others(frame: "pd.DataFrame", config: ProjectConfig) -> "list[dict[str, Value]]":
    """Return the columns beside image and target that configuration names, by row: times as ISO 8601, None missing."""
    names = [name for name in _names(config) if name in frame]
    values = [[_plain(value) for value in frame[name]] for name in names]
    return [dict(zip(names, row, strict=True)) for row in zip(*values, strict=True)] if names else [{}] * len(frame)


def frame_of(queued: "Sequence[QueueItem | Merged]", config: ProjectConfig) -> "pd.DataFrame":
    """Return items as the rows that they were made from, without a target; a column that an item lacks is missing."""
    import pandas as pd

    columns = config.columns
    found: dict[str, Any] = {columns.image: [item.path for item in queued]}
    found |= {name: [item.columns.get(name) for item in queued] for name in _names(config)}
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
    rules, column = Rules.of(config.images), config.columns.image
    read = frame if FINGERPRINT in frame else measuring.measure(frame[column].tolist(), rules)[0]
    known = measuring.measure([item.path for item in queued], rules)[0][FINGERPRINT].dropna().tolist()
    new = [(place, each) for place, each in enumerate(read[FINGERPRINT]) if isinstance(each, str)]
    first = duplicates.first_alike([*known, *(each for _, each in new)], config.images.similar)[len(known) :]
    found: list[int | None] = [None] * len(frame)
    for (place, _), position in zip(new, first.tolist(), strict=True):
        found[place] = position - len(known) if position < len(known) else new[position - len(known)][0]
    return found


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
    import numpy as np

    if model is not None:
        return model.embed(frame)
    found = []
    for each in measuring.each(
        lambda image: pixels.features([image])[0], frame[config.columns.image].tolist(), Rules.of(config.images)
    ):
        if isinstance(each, ImageError):
            raise each
        found.append(each)
    return np.stack(found)


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
        lines = (json.dumps(_row(row, config), ensure_ascii=False) + "\n" for row in rows)
        _add(archive, METADATA, "".join(lines).encode())
    return rows


def _row(row: "Merged", config: ProjectConfig) -> dict[str, Any]:
    columns = config.columns
    found: dict[str, Any] = {columns.image: (row.path or "").partition(MEMBER)[2], columns.target: row.label}
    found |= {name: row.columns.get(name) for name in _names(config)}
    found[columns.id] = found[columns.id] or row.sample_id
    if columns.time and found[columns.time] is None:
        found[columns.time] = row.reviewed_at and row.reviewed_at.isoformat()
    return found


def _add(archive: zipfile.ZipFile, member: str, content: bytes) -> None:
    info = zipfile.ZipInfo(member)
    info.create_system = 3  # as on Linux, on every system
    archive.writestr(info, content)


def _unchanged(item: "QueueItem | Merged") -> bytes:
    content = images.read(item.path or "")
    if sha256(content) != item.content_sha256:
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


def _names(config: ProjectConfig) -> list[str]:
    columns = config.columns
    named = (columns.id, columns.time, columns.group, *columns.categorical)
    return list(dict.fromkeys(name for name in named if name is not None))


def _plain(value: Any) -> "Value":
    if value is None or value != value:
        return None
    return value.isoformat() if hasattr(value, "isoformat") else value
