"""Requests that show a serving model at work, and that bad requests do not stop it."""

import base64
import io
import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from PIL import Image

from .. import images
from ..figures import plural
from ..images import Rules
from ..records import Contract
from .request import JSON, SmokeRequest

if TYPE_CHECKING:
    import pandas as pd

CLASSES = 5  # that get a request of their own
BOUNDARY = "a-boundary-in-no-image"
FORM = f"multipart/form-data; boundary={BOUNDARY}"


def rows_of(contract: Contract, frame: "pd.DataFrame") -> list[dict[str, Any]]:
    """Return rows of a frame in the form of a request's `data`, with the id if the frame has it."""
    column = contract.names[0]
    rows = [{column: base64.b64encode(sendable(source, contract)).decode()} for source in frame[column]]
    if contract.id is not None and contract.id in frame:
        rows = [row | {str(contract.id): str(each)} for row, each in zip(rows, frame[contract.id], strict=True)]
    return rows


def sendable(source: images.Source, contract: Contract) -> bytes:
    """Return an image as a client should send it: its file, or a PNG of what the model sees of a larger one.

    Raises:
        ImageError: it cannot be decoded.
    """
    rules = Rules.load(contract.preparation)
    content, look = images.read(source, rules.max_bytes), images.look(source, rules)
    if min(look.width, look.height) <= rules.stored and len(content) <= (contract.max_size or len(content)):
        return content
    return _png(images.decode(content, rules))


def form(files: Sequence[bytes], column: str, texts: Sequence[tuple[str, str]] = ()) -> bytes:
    """Return image files as a body of type `FORM`."""
    parts = [f'Content-Disposition: form-data; name="{name}"\r\n\r\n{text}'.encode() for name, text in texts]
    head = f'Content-Disposition: form-data; name="{column}"; filename="image"\r\n\r\n'.encode()
    parts += [head + content for content in files]
    return b"".join(b"--%s\r\n%s\r\n" % (BOUNDARY.encode(), part) for part in parts) + f"--{BOUNDARY}--\r\n".encode()


def smoke_requests(contract: Contract, frame: "pd.DataFrame") -> Iterator[SmokeRequest]:
    """Yield good requests made of images of `frame`, one of each class where it has labels, and bad ones like them.

    Args:
        contract: of the model that is asked.
        frame: rows with references to images that can be decoded, at least one.
    """
    column = contract.names[0]
    sources = list(frame[column].head(3))
    files = [sendable(source, contract) for source in sources]
    first, rows = files[0], rows_of(contract, frame.head(3))
    yield SmokeRequest("an image", first, 200, "image/png")
    yield SmokeRequest("bytes", first, 200, "application/octet-stream")
    yield SmokeRequest("a form", form(files[:1], column), 200, FORM)
    yield SmokeRequest(f"a form of {plural(len(files), 'image')}", form(files, column), 200, FORM)
    yield SmokeRequest("base64", json.dumps({"data": rows[:1]}), 200)
    yield SmokeRequest(f"base64 of {plural(len(rows), 'image')}", json.dumps({"data": rows}), 200)
    split = {"columns": list(rows[0]), "data": [list(row.values()) for row in rows]}
    yield SmokeRequest("MLflow's shape", json.dumps({"input_data": split}), 200)
    if contract.target in frame:
        for label, group in list(frame.groupby(contract.target, sort=True))[:CLASSES]:
            yield SmokeRequest(f"an image of {label!r}", sendable(group[column].iloc[0], contract), 200, "image/png")
    yield SmokeRequest("one pixel", _png(Image.new("RGB", (1, 1))), 200, "image/png")
    yield SmokeRequest("transparency", _png(Image.new("RGBA", (40, 30))), 200, "image/png")

    yield SmokeRequest("half an image", first[: len(first) // 2], 422, "image/png")
    yield SmokeRequest("no image", b"GIF, or not", 422, "image/gif")
    yield SmokeRequest("no body", b"", 400, "image/png")
    yield SmokeRequest("another type of content", first, 415, "application/x-www-form-urlencoded")
    yield SmokeRequest("a broken form", form(files[:1], column)[:-20], 400, FORM)
    yield SmokeRequest("a form without a file", form([], column, [(column, "text")]), 422, FORM)
    yield SmokeRequest("not JSON", json.dumps({"data": rows})[:-1], 400)
    yield SmokeRequest("bytes as JSON", first, 400, JSON)
    yield SmokeRequest("no images", json.dumps({"data": []}), 422)
    yield SmokeRequest("not base64", json.dumps({"data": [rows[0] | {column: "an image"}]}), 422)
    for name, value in (("a number", 3), ("null", None), ("a list", [0, 255])):
        yield SmokeRequest(name, json.dumps({"data": [rows[0] | {column: value}]}), 422)
    yield SmokeRequest("an unknown column", json.dumps({"data": [rows[0] | {f"{column}_": "a"}]}), 422)
    if contract.max_size is not None:
        yield SmokeRequest("too many bytes", first.ljust(contract.max_size + 1, b"\0"), 413, "image/png")


def _png(image: Image.Image) -> bytes:
    stream = io.BytesIO()
    image.save(stream, "PNG")
    return stream.getvalue()
