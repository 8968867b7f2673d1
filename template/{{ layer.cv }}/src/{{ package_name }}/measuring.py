"""Figures of many images, read once each, a few at a time: memory does not grow with their number."""

import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from PIL import Image

from . import images
from .config.inputs import CHANNELS, FIGURES, FINGERPRINT, TAKEN
from .images import ImageError, Rules, Source

if TYPE_CHECKING:
    import pandas as pd

AT_ONCE = 64
SMALLEST_HASHED = 32  # pixels on the shorter side
FLAT = 8  # of 255 grey levels: what differs less has no contrast
DIGEST = 16  # hexadecimal digits of the digest of the pixels, at the beginning of a fingerprint

T = TypeVar("T")


def measure(sources: Sequence[Source | None], rules: Rules) -> "tuple[pd.DataFrame, dict[int, ImageError]]":
    """Return what each image is like, and why of some it is not known.

    Returns:
        A frame (images,) of `FIGURES`, float64, `FINGERPRINT` and `CHANNELS` (the file's mode), str, and `TAKEN`,
        datetime64 without a zone; a row of missing values for an image that cannot be read. And position -> reason of
        those.
    """
    import pandas as pd

    problems: dict[int, ImageError] = {}
    rows: list[list[Any]] = []
    for found in each(_measured, sources, rules):
        if isinstance(found, ImageError):
            problems[len(rows)] = found
            found = [*[float("nan")] * len(FIGURES), None, None, None]
        rows.append(found)
    frame = pd.DataFrame(rows, columns=[*FIGURES, FINGERPRINT, CHANNELS, TAKEN])
    kinds = dict.fromkeys(FIGURES, "float64") | {FINGERPRINT: "object", CHANNELS: "object", TAKEN: "datetime64[ns]"}
    return frame.astype(kinds), problems


def each(
    function: Callable[[Image.Image], T], sources: Sequence[Source | None], rules: Rules
) -> "Iterator[T | ImageError]":
    """Yield what `function` returns for each decoded image, in order, or why it cannot be decoded."""

    def one(source: Source | None) -> T | ImageError:
        if source is None:
            return ImageError("a row without a path of an image")
        try:
            return function(images.decode(source, rules))
        except ImageError as error:
            return error

    if len(sources) == 1:  # a request of one image should not wait for threads
        yield one(sources[0])
        return
    rest = iter(sources)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        while some := list(islice(rest, AT_ONCE)):
            yield from pool.map(one, some)


def every(function: Callable[[Image.Image], T], sources: Sequence[Source | None], rules: Rules) -> "Iterator[T]":
    """Yield what `function` returns for each decoded image, in order.

    Raises:
        ImageError: one cannot be decoded.
    """
    for found in each(function, sources, rules):
        if isinstance(found, ImageError):
            raise found
        yield found


def fingerprint(image: Image.Image) -> str:
    """Return a digest of the pixels, 16 hexadecimal digits, and a difference hash of 32 where the image can have one.

    The hash tells of 9 x 9 grey cells which one is lighter than its left and its upper neighbour (N. Krawetz, Kind of
    Like That, 2013). Images of less than 32 pixels on a side and those without contrast have none: of these only equal
    ones are alike.
    """
    content = f"{image.width}x{image.height}".encode() + image.tobytes()
    digest = hashlib.sha256(content).hexdigest()[:DIGEST]
    if min(image.size) < SMALLEST_HASHED:
        return digest
    cells = np.asarray(image.convert("L").resize((9, 9), Image.Resampling.BOX, reducing_gap=3.0), np.int16)
    if np.ptp(cells) < FLAT:
        return digest
    across, down = cells[:-1, 1:] > cells[:-1, :-1], cells[1:, :-1] > cells[:-1, :-1]
    return digest + np.packbits([across, down]).tobytes().hex()


def _measured(image: Image.Image) -> list[Any]:
    file = image.info[images.FILE]
    return [*images.figures(image).values(), fingerprint(image), file.mode, file.taken]
