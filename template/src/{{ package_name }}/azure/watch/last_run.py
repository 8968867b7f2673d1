"""The last good run of the pipeline `watch`: schedules are switched off in silence, so `ci` asks for it."""

from datetime import datetime, timedelta
from typing import NamedTuple


class LastRun(NamedTuple):
    """What a CI system tells of the pipeline `watch`."""

    ended: datetime | None  # when the newest good run ended; None: it lists none
    problem: str | None = None  # why there will be no next one


def sentence(found: LastRun, now: datetime, within: timedelta) -> tuple[str, bool]:
    """Return what is to be said, and whether it is a warning.

    >>> at = datetime(2026, 11, 29, 12)
    >>> sentence(LastRun(at), at + timedelta(minutes=70), timedelta(hours=2))
    ('watch ended well at 2026-11-29 12:00 UTC', False)
    >>> sentence(LastRun(at), at + timedelta(hours=5), timedelta(hours=2))
    ('watch ended well at 2026-11-29 12:00 UTC, and in the 5 hours since then it did not: look at its runs', True)
    >>> sentence(LastRun(at, "its schedule is switched off"), at, timedelta(hours=2))
    ('watch: its schedule is switched off', True)
    >>> sentence(LastRun(None), at, timedelta(hours=2))
    ('watch has no good run yet', False)
    """
    if found.problem:
        return f"watch: {found.problem}", True
    if found.ended is None:
        return "watch has no good run yet", False
    said = f"watch ended well at {found.ended:%Y-%m-%d %H:%M} UTC"
    since = now - found.ended
    if since <= within:
        return said, False
    return f"{said}, and in the {since // timedelta(hours=1)} hours since then it did not: look at its runs", True
