"""Where the browsers of people find the files of a queue: on the server of this machine, on a web server, or signed.

An address is made when a task is sent and never kept in a queue, which outlives it. A function that gives the address
of a file takes its place below the folder of the queues, such as `20261129-063000-0123456789/s1.png`.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, quote, urlsplit

from ..errors import UserError
from .workspace import Workspace

Address = Callable[[str], str]

# A signature that a user delegation key makes is refused when the key ends, after seven days at most (Azure Storage,
# "Create a user delegation SAS").
LONGEST = timedelta(days=7)
SOON = timedelta(days=1)
AGAIN = "sign open tasks again with `mlops review push --refresh`"


def on_this_machine(workspace: Workspace) -> Address:
    """Return the addresses that `review serve` has for the files of queues: its root is the folder of `labeling`."""
    folder = workspace.queues.relative_to(workspace.labeling).as_posix()
    return lambda path: f"/data/local-files/?d={quote(f'{folder}/{path}')}"


def below(base: str) -> Address:
    """Return the addresses on a web server that serves the folder of the queues at `base`.

    Raises:
        UserError: `base` is no such address.

    >>> below("https://files.example.com/queue/")("20261129-063000-0123456789/s1.png")
    'https://files.example.com/queue/20261129-063000-0123456789/s1.png'
    """
    parts = urlsplit(base)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise UserError(
            f"--files: {base!r} is not the address of a folder: it looks like https://files.example.com/queue"
        )
    return lambda path: f"{base.rstrip('/')}/{quote(path)}"


def expiry(address: str) -> datetime | None:
    """Return when a signed address of Azure Storage ends (`se`), None for one that does not say so.

    >>> expiry("https://a.blob.core.windows.net/q/s1.png?sv=2025-01-05&se=2026-12-06T10%3A00%3A00Z&sig=x").isoformat()
    '2026-12-06T10:00:00+00:00'
    """
    try:
        end = datetime.fromisoformat(parse_qs(urlsplit(address).query)["se"][0])
    except (KeyError, ValueError):
        return None
    return end.astimezone(UTC) if end.tzinfo else end.replace(tzinfo=UTC)


def warning(end: datetime | None, now: datetime) -> str | None:
    """Return what a person must know about addresses that end at some time, None if there is nothing."""
    if end is None:
        return None
    at = f"{end:%Y-%m-%d %H:%M} UTC"
    if end <= now:
        return f"the addresses of open tasks ended at {at}, and people see nothing there: {AGAIN}"
    if end - now <= SOON:
        return f"the addresses of open tasks end at {at}: {AGAIN}"
    if end - now > LONGEST:
        return (
            f"addresses say that they end at {at}, but a user delegation key is good for {LONGEST.days} days: {AGAIN}"
            f" before {now + LONGEST:%Y-%m-%d %H:%M} UTC"
        )
    return None
