"""The images of the parts of the data that one step hands to another, in archives beside the rows."""

import zipfile
from collections.abc import Sequence
from pathlib import Path

from . import images, measuring
from .images import MEMBER, Rules, Source

SHARD = 2000  # images in one archive


def store(sources: Sequence[Source], rules: Rules, folder: Path, name: str) -> list[str]:
    """Write images as PNG to <name>-00000.zip and so on, and return their references relative to `folder`.

    They are decoded once, here, so that the steps after this one need nothing but `folder`. Same images, same bytes.

    Raises:
        ImageError: an image cannot be read.
    """
    references: list[str] = []
    pictures = measuring.every(lambda image: images.png(image, level=1), sources, rules)
    for start in range(0, len(sources), SHARD):
        shard = f"{name}-{start // SHARD:05}.zip"
        with zipfile.ZipFile(folder / shard, "w", zipfile.ZIP_STORED) as archive:
            for number in range(start, min(start + SHARD, len(sources))):
                member = zipfile.ZipInfo(f"{number:08}.png")  # its time is fixed
                archive.writestr(member, next(pictures))
                references.append(f"{shard}{MEMBER}{member.filename}")
    return references
