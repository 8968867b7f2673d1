"""Ask Azure several things at once: what takes a round-trip time each takes one together."""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

Key = TypeVar("Key")

AT_ONCE = 16  # calls; Azure Resource Manager throttles by the minute, not by calls at once


def together(calls: Mapping[Key, Callable[[], Any]]) -> dict[Key, Any]:
    """Return the outcome of each call; they run side by side.

    Raises:
        Exception: that of the first call, in their order, which failed.
    """
    if not calls:
        return {}
    with ThreadPoolExecutor(min(AT_ONCE, len(calls))) as pool:
        waiting = {key: pool.submit(call) for key, call in calls.items()}
        return {key: each.result() for key, each in waiting.items()}
