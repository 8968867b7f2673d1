"""The images of the parts of the data that one step hands to another, in archives beside the rows."""

import io
import zipfile
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from . import measuring
from .images import MEMBER, ImageError, Rules, Source

SHARD = 2000  # images in one archive


def store(sources: Sequence[Source], rules: Rules, folder: Path, name: str) -> list[str]:
    """Write images as PNG to <name>-00000.zip and so on, and return their references relative to `folder`.

    They are decoded once, here, so that the steps after this one need nothing but `folder`. Same images, same bytes.

    Raises:
        ImageError: an image cannot be read.
    """
    references: list[str] = []
    pictures = measuring.each(_png, sources, rules)
    for start in range(0, len(sources), SHARD):
        shard = f"{name}-{start // SHARD:05}.zip"
        with zipfile.ZipFile(folder / shard, "w", zipfile.ZIP_STORED) as archive:
            for number in range(start, min(start + SHARD, len(sources))):
                picture = next(pictures)
                if isinstance(picture, ImageError):
                    raise picture
                member = zipfile.ZipInfo(f"{number:08}.png")  # its time is fixed
                archive.writestr(member, picture)
                references.append(f"{shard}{MEMBER}{member.filename}")
    return references


def _png(image: Image.Image) -> bytes:
    stream = io.BytesIO()
    image.save(stream, format="PNG", compress_level=1)
    return stream.getvalue()
