"""The lock of a Terraform state: who holds it, since when, and its removal after a run that was killed.

Terraform holds the lock while it works, and gives it back when it ends, also after an interrupt. The lock of a process
that was killed stays: Azure Storage keeps its lease for ever.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from ..errors import UserError

_REFUSED = re.compile(r"acquiring the state lock.*?\bLock Info:\s*\n(.+)", re.DOTALL)
_FIELD = re.compile(r"^\W*(ID|Operation|Who|Created):[ \t]+(\S.*?)[ \t]*$", re.MULTILINE)


@dataclass(frozen=True)
class Lock:
    """A lock as Terraform describes it."""

    id: str
    operation: str
    who: str  # user and machine; on a machine of the CI system, of that machine
    created: datetime | None

    def described(self, now: datetime | None = None) -> str:
        """Return holder and age in words.

        >>> lock = Lock("7d1", "apply", "runner@vm-1", datetime(2026, 11, 30, 6, 0, tzinfo=UTC))
        >>> lock.described(datetime(2026, 11, 30, 8, 30, tzinfo=UTC))
        'runner@vm-1 holds it for apply, since 2026-11-30 06:00 UTC (150 minutes)'
        """
        since = ""
        if self.created:
            minutes = int(((now or datetime.now(UTC)) - self.created).total_seconds() // 60)
            age = f"{minutes} minute{'' if minutes == 1 else 's'}" if minutes < 180 else f"{minutes // 60} hours"
            since = f", since {self.created:%Y-%m-%d %H:%M} UTC ({age})"
        return f"{self.who} holds it for {self.operation}{since}"


class LockedError(UserError):
    """Another run holds the lock of the state."""

    def __init__(self, lock: Lock, cure: str) -> None:
        super().__init__(f"Terraform's state is locked: {lock.described()}. {cure}")
        self.lock = lock


def refused(message: str) -> Lock | None:
    """Return the lock that made Terraform refuse to work, None if its message is about something else.

    >>> refused("Error: Error acquiring the state lock\\n\\nLock Info:\\n  ID:   7d1\\n  Who:  ada@vm\\n")
    Lock(id='7d1', operation='an operation', who='ada@vm', created=None)
    """
    found = _REFUSED.search(message)
    fields = dict(_FIELD.findall(found[1])) if found else {}
    if "ID" not in fields:
        return None
    operation = fields.get("Operation", "an operation").removeprefix("OperationType").lower()
    return Lock(fields["ID"], operation, fields.get("Who", "unknown"), _time(fields.get("Created", "")))


def _time(text: str) -> datetime | None:
    """Return Terraform's time, such as 2026-11-30 06:00:00.1234567 +0000 UTC."""
    found = re.match(r"(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)", text)
    return datetime.fromisoformat(f"{found[1]}T{found[2]}+00:00") if found else None
