"""The header Authorization of requests; set as a header alone, it would give way to an entry of ~/.netrc."""

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import requests


def authorization(value: str) -> "Callable[[requests.PreparedRequest], requests.PreparedRequest]":
    """Return what the library `requests` takes as `auth`, so that each request carries this header."""

    def signed(request: "requests.PreparedRequest") -> "requests.PreparedRequest":
        request.headers["Authorization"] = value
        return request

    return signed
