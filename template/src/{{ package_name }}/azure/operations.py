"""The record of one command that changes Azure: who changed what, from what to what, and why."""

import json
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ..files import write_json
from .client import Azure
from .sign_in import actor

FOLDER = "operations"  # below outputs/

Say = Callable[[str], None]


@dataclass(frozen=True)
class Change:
    """One change: of a thing, such as `endpoint flights-prod: traffic`, from a state to another one."""

    what: str
    before: Any
    after: Any

    @property
    def sentence(self) -> str:
        """The change in words."""
        return f"{self.what}: {_text(self.before)} -> {_text(self.after)}"


@dataclass
class Operation:
    """A command at work on one environment; `dry_run` says what it would do and does nothing."""

    command: str
    environment: str
    subject: str
    who: str
    reason: str | None
    dry_run: bool
    say: Say
    key: str = field(default_factory=lambda: secrets.token_hex(8))
    began: datetime = field(default_factory=lambda: datetime.now(UTC))
    changes: list[Change] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    outcome: str = "running"

    def applies(self, what: str, before: Any, after: Any) -> bool:
        """Say and record a change that is about to be made; return whether to make it, which a dry run never does."""
        change = Change(what, before, after)
        self.changes.append(change)
        self.say(f"would change {change.sentence}" if self.dry_run else change.sentence)
        return not self.dry_run

    def note(self, text: str) -> None:
        """Say and record something that explains the changes."""
        self.notes.append(text)
        self.say(text)

    def content(self) -> dict[str, Any]:
        """Return the record as JSON."""
        return {
            "command": self.command,
            "environment": self.environment,
            "subject": self.subject,
            "who": self.who,
            "reason": self.reason,
            "key": self.key,
            "began": self.began.isoformat(),
            "ended": datetime.now(UTC).isoformat(),
            "outcome": self.outcome,
            "changes": [{"what": each.what, "from": each.before, "to": each.after} for each in self.changes],
            "notes": self.notes,
        }


@contextmanager
def recorded(
    azure: Azure, command: str, subject: str, *, say: Say, reason: str | None = None, dry_run: bool = False
) -> Iterator[Operation]:
    """Give an operation to a command, and write its record into outputs/operations/ however the command ends.

    Args:
        azure: the environment that the command acts on.
        command: its name.
        subject: what it acts on, such as `flights:7`.
        say: receives every line for the user.
        reason: why, where the user gave one, such as for an override.
        dry_run: change nothing; no record is written then.

    Raises:
        UserError: the record cannot be written.
    """
    operation = Operation(command, azure.config.environment.name, subject, actor(), reason, dry_run, say)
    try:
        yield operation
        operation.outcome = "done"
    except BaseException as error:
        operation.outcome = "failed" if isinstance(error, Exception) else "interrupted"
        operation.notes.append(str(error) or type(error).__name__)
        raise
    finally:
        if not dry_run and (operation.changes or operation.outcome != "done"):
            write_json(_path(azure.project.outputs / FOLDER, operation), operation.content())


def _path(folder: Path, operation: Operation) -> Path:
    return folder / f"{operation.began:%Y%m%d-%H%M%S}-{operation.command}-{operation.key}.json"


def _text(value: Any) -> str:
    if value is None:
        return "nothing"
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True)
