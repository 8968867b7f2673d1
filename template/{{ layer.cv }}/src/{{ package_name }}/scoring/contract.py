"""What a scoring request about images must be, and how it becomes a frame; `request` and `body` say what its text is.

A body is one of three, by its type of content:

    image/*, application/octet-stream    the bytes of one image file
    multipart/form-data                  image files in fields named like the column, ids in fields named like theirs
    application/json                     the shapes of `request`, each image as base64

An image file has at most `Contract.max_size` bytes; in base64 these are four thirds as many. A frame holds the bytes of
the files; whether they can be decoded the model finds out, which needs the pixels. No message holds a part of an image.
"""

import base64
import binascii
from dataclasses import replace
from typing import Any

from PIL import Image

from .. import images
from ..figures import plural
from ..records import Contract
from . import body, request
from .request import JSON, InvalidRequestError, Rows, Values, kind_of

PARTS = 10  # of a form for each image that it may hold: a file and an id, and room for a message about others
AROUND = 64 * 1024  # bytes of a request beside its largest image: ids, boundaries, brackets
TYPES = f"image/*, application/octet-stream, multipart/form-data or {JSON}"
BASE64 = "the base64 of an image file, without a data: prefix and without line breaks"


def largest_body(contract: Contract) -> int:
    """Return the bytes that a request may have: its largest image in base64, and what is around."""
    return -(-(contract.max_size or 0) // 3) * 4 + AROUND


def parse(sent: bytes, content_type: str, contract: Contract) -> Rows:
    """Check the body of a request and turn it into a frame.

    Raises:
        InvalidRequestError: the body breaks the contract; the first offence found is named.
    """
    kind = body.kind(content_type)
    if kind == JSON:
        try:
            text = sent.decode()
        except UnicodeDecodeError:
            raise InvalidRequestError("the request is not UTF-8", "a JSON text", status=400) from None
        return check(request.parse(text), contract)
    if kind == "multipart/form-data":
        return _checked(_from_form(body.form(sent, content_type, PARTS * contract.max_rows), contract), contract)
    if kind.startswith("image/") or kind == "application/octet-stream":
        return _checked(Values("the body", {contract.names[0]: [sent]}), contract)
    got = f"{kind[:60]!r} is refused" if kind else "is missing"
    raise InvalidRequestError(f"Content-Type {got}: send {TYPES}", f"Content-Type {TYPES}", status=415)


def check(payload: Any, contract: Contract) -> Rows:
    """Do the same for JSON that is parsed already."""
    values, column = request.values(payload, contract), contract.names[0]
    contents = [_decoded(text) for text in values.checked(column, frozenset((str,)), "a string", kind_of)]
    if None in contents:
        found = iter(contents)
        values.refuse(column, BASE64, lambda _: next(found) is not None, lambda text: plural(len(text), "character"))
    return _checked(replace(values, columns={**values.columns, column: contents}), contract)


def example(contract: Contract) -> dict[str, Any]:
    """Return one valid row, without an id: a grey square."""
    square = images.png(Image.new("RGB", (32, 32), "grey"))
    return {contract.names[0]: base64.b64encode(square).decode()}


def _decoded(text: str) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):  # the latter for letters beyond ASCII
        return None


def _from_form(form: body.Form, contract: Contract) -> Values:
    column = contract.names[0]
    rule = f"1 to {plural(contract.max_rows, 'image file')} in fields named {column!r}"
    for name, _ in form.files:
        if name != column:
            raise InvalidRequestError(f"the form has a file in a field named {name[:60]!r}; it must have {rule}", rule)
    if not 1 <= len(form.files) <= contract.max_rows:
        raise InvalidRequestError(f"the form has {plural(len(form.files), 'file')}; it must have {rule}", rule)
    columns: dict[str, Any] = {column: [content for _, content in form.files]}
    if ids := [text for name, text in form.texts if name == contract.id]:
        if len(ids) != len(form.files):
            rule = f"a field {contract.id!r} for each image file, in the same order, or none"
            raise InvalidRequestError(f"the form has {plural(len(ids), 'id')}; it must have {rule}", rule)
        columns[str(contract.id)] = ids
    for name, _ in form.texts:
        if name != contract.id:
            way = f"; send a file: curl -F {column}=@FILE" if name == column else ""
            raise InvalidRequestError(f"the form has a text in a field named {name[:60]!r}{way}", rule)
    return Values("the form", columns)


def _checked(values: Values, contract: Contract) -> Rows:
    import numpy as np
    import pandas as pd

    column, limit = contract.names[0], contract.max_size
    contents = values.columns[column]
    if limit is not None and any(len(content) > limit for content in contents):
        rule = f"an image file of at most {limit:,} bytes"
        values.refuse(column, f"{rule}; {shrink(contract)}", lambda content: len(content) <= limit, _size, 413)
    return Rows(pd.DataFrame({column: np.array(contents, dtype=object)}), values.ids(contract), values.probe)


def shrink(contract: Contract) -> str:
    """Return what a client should do with large images, and why."""
    stored = contract.preparation["stored"]
    return (
        f"{body.CARRIED}: make images smaller first, to {stored} pixels on the shorter side, as this service does with"
        " larger ones, or score them in a batch"
    )


def _size(content: bytes) -> str:
    return f"{len(content):,} bytes"
