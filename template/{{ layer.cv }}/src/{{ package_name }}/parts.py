"""The parts of the data that one step hands to another: rows as Parquet, their images in archives beside it."""

import io
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from . import measuring
from .images import MEMBER, ImageError, Rules

if TYPE_CHECKING:
    import pandas as pd

SHARD = 2000  # images in one archive
COLUMN = b"image_column"  # key in the file's metadata


def write(frame: "pd.DataFrame", column: str, rules: Rules, folder: Path, name: str) -> None:
    """Write the rows to <name>.parquet, and their images as PNG to <name>-00000.zip and so on.

    Images are decoded once, here, so that the steps after this one need nothing but `folder`.

    Args:
        frame: the rows.
        column: the column of references to images; in the file they are relative to `folder`.
        rules: of the decoder.
        folder: is there.
        name: of the part.

    Raises:
        ImageError: an image cannot be read.
    """
    import pyarrow as pa
    from pyarrow import parquet

    references: list[str] = []
    pictures = measuring.each(_png, frame[column].tolist(), rules)
    for start in range(0, len(frame), SHARD):
        shard = f"{name}-{start // SHARD:05}.zip"
        with zipfile.ZipFile(folder / shard, "w", zipfile.ZIP_STORED) as archive:
            for number in range(start, min(start + SHARD, len(frame))):
                picture = next(pictures)
                if isinstance(picture, ImageError):
                    raise picture
                member = zipfile.ZipInfo(f"{number:08}.png")  # its time is fixed: same images, same bytes
                archive.writestr(member, picture)
                references.append(f"{shard}{MEMBER}{member.filename}")
    table = pa.Table.from_pandas(frame.assign(**{column: references}), preserve_index=False)
    metadata = {**(table.schema.metadata or {}), COLUMN: column.encode()}
    parquet.write_table(table.replace_schema_metadata(metadata), folder / f"{name}.parquet")


def read(folder: Path, name: str, columns: Sequence[str] | None = None) -> "pd.DataFrame":
    """Return the rows of a part, or some of their columns; references to its images are absolute."""
    from pyarrow import parquet

    table = parquet.read_table(folder / f"{name}.parquet", columns=None if columns is None else list(columns))
    column = table.schema.metadata[COLUMN].decode()
    frame = table.to_pandas()
    if column in frame:
        frame[column] = f"{folder.absolute().as_posix()}/" + frame[column]
    return frame


def _png(image: Image.Image) -> bytes:
    stream = io.BytesIO()
    image.save(stream, format="PNG", compress_level=1)
    return stream.getvalue()
