"""Images that a serving model must answer or refuse."""

import base64
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from PIL import Image

from .. import images
from ..images import ImageError, Rules
from ..records import Contract
from .request import JSON, SmokeRequest

if TYPE_CHECKING:
    import pandas as pd

BOUNDARY = "a-boundary-in-no-image"
FORM = f"multipart/form-data; boundary={BOUNDARY}"
SHARE = 4  # of the largest image: so many go into one request


def sendable(contract: Contract, frame: "pd.DataFrame") -> "pd.DataFrame":
    """Return rows that a request may hold, their images as base64: the first ones, and the first of each class.

    Images that cannot be read are left out.
    """
    import numpy as np
    import pandas as pd

    column, target = contract.names[0], contract.target
    wanted = np.arange(len(frame)) < contract.max_rows
    if target in frame:
        wanted |= ~frame[target].duplicated().to_numpy()
    found = frame[wanted]
    sent = [_sent(source, contract) for source in found[column]]
    found = found.assign(**{column: pd.Series(sent, index=found.index, dtype=object)})
    return found[found[column].notna()].reset_index(drop=True)


def shrunk(source: images.Source, contract: Contract) -> bytes:
    """Return an image as a client should send it: its file if that is small, else what the model sees of it, as PNG.

    Where even this has more than a fourth of the bytes that an image may have, it is made smaller.

    Raises:
        ImageError: it cannot be decoded.
    """
    rules = Rules.load(contract.preparation)
    content, image = images.read(source, rules.max_bytes), images.decode(source, rules)
    limit = (contract.max_size or rules.max_bytes) // SHARE
    look: images.Look = image.info[images.FILE]
    if len(content) <= limit and min(look.width, look.height) <= rules.stored:
        return content
    content = images.png(image)
    while len(content) > limit and min(image.size) > 1:
        image = image.reduce(2)
        content = images.png(image)
    return content


def good(contract: Contract) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield a name, and what changes in a good row so that it stays good."""
    for name, image in (("one pixel", Image.new("RGB", (1, 1))), ("transparency", Image.new("RGBA", (40, 30)))):
        yield name, {contract.names[0]: _text(images.png(image))}


def bad(contract: Contract) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield a name, and what changes in a good row so that it is refused."""
    wrong = {
        "a number": 3,
        "null": None,
        "a list": [0, 255],
        "not base64": "an image",
        "no bytes": "",
        "no image": _text(b"no image"),
        "half an image": _text(images.png(Image.effect_noise((32, 32), 64))[:500]),
    }
    for name, value in wrong.items():
        yield name, {contract.names[0]: value}


def bodies(contract: Contract, row: Mapping[str, Any]) -> Iterator[SmokeRequest]:
    """Yield requests that are no JSON: good ones, and bad ones like them.

    Args:
        contract: of the model that is asked.
        row: a good row.
    """
    column = contract.names[0]
    content = base64.b64decode(row[column])
    yield SmokeRequest("an image", content, 200, "image/png")
    yield SmokeRequest("bytes", content, 200, "application/octet-stream")
    yield SmokeRequest("a form", form([content], column), 200, FORM)
    yield SmokeRequest("a form of two images", form([content] * min(2, contract.max_rows), column), 200, FORM)
    yield SmokeRequest("no body", b"", 400, "image/png")
    yield SmokeRequest("bytes as JSON", content, 400, JSON)
    yield SmokeRequest("a broken form", form([content], column)[:-20], 400, FORM)
    yield SmokeRequest("a form without a file", form([], column, [(column, "text")]), 422, FORM)
    yield SmokeRequest("a page", b"<!doctype html>", 422, "image/png")
    yield SmokeRequest("another type of content", content, 415, "application/x-www-form-urlencoded")
    if contract.max_size is not None:
        yield SmokeRequest("too many bytes", content.ljust(contract.max_size + 1, b"\0"), 413, "image/png")


def form(files: Sequence[bytes], column: str, texts: Sequence[tuple[str, str]] = ()) -> bytes:
    """Return image files as a body of type `FORM`."""
    parts = [f'Content-Disposition: form-data; name="{name}"\r\n\r\n{text}'.encode() for name, text in texts]
    head = f'Content-Disposition: form-data; name="{column}"; filename="image"\r\n\r\n'.encode()
    parts += [head + content for content in files]
    return b"".join(b"--%s\r\n%s\r\n" % (BOUNDARY.encode(), part) for part in parts) + f"--{BOUNDARY}--\r\n".encode()


def _sent(source: images.Source, contract: Contract) -> str | None:
    try:
        return _text(shrunk(source, contract))
    except ImageError:
        return None


def _text(content: bytes) -> str:
    return base64.b64encode(content).decode()
