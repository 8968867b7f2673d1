"""The log of one person and queue: a line an action, only ever appended, from which the state is replayed.

A line with the id of an earlier one replaces it; `undo` has the id of the action that it takes back. So a process that
is killed loses at most the action that it was writing, and undo works across sessions.
"""

import uuid
from collections.abc import Iterable
from pathlib import Path

from filelock import FileLock

from . import contract
from .contract import Annotation
from .workspace import Workspace


def replay(entries: Iterable[Annotation]) -> list[Annotation]:
    """Return the actions that stand, label or skip, oldest first; of an item only the newest that was kept.

    Args:
        entries: the lines of one log, in their order.
    """
    newest: dict[str, Annotation] = {}
    for each in kept(entries):
        newest.pop(each.sample_id, None)
        newest[each.sample_id] = each
    return list(newest.values())


def kept(entries: Iterable[Annotation]) -> list[Annotation]:
    """Return the actions that were not taken back, oldest first; of an item all."""
    found: dict[str, Annotation] = {}
    for entry in entries:
        found.pop(entry.annotation_id, None)
        if entry.action != "undo":
            found[entry.annotation_id] = entry
    return list(found.values())


def read(path: Path) -> list[Annotation]:
    """Return the lines of a log; none if there is no log yet.

    Raises:
        UserError: a line that was written whole breaks a rule.
    """
    return contract.read_log(path, Annotation) if path.exists() else []


def answers(workspace: Workspace, batch_id: str) -> list[Annotation]:
    """Return what stands of all people's answers to a queue.

    Raises:
        UserError: a line of a log breaks a rule.
    """
    return [each for path in workspace.logs(batch_id) for each in replay(read(path))]


class Log:
    """The log of one person, opened to be appended to.

    Raises:
        UserError: a line of it breaks a rule.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._entries = read(path)

    @property
    def standing(self) -> list[Annotation]:
        """The actions that stand, as `replay` returns them."""
        return replay(self._entries)

    @property
    def kept(self) -> list[Annotation]:
        """The actions that were not taken back, as `kept` returns them."""
        return kept(self._entries)

    def append(self, *entries: Annotation) -> None:
        """Add actions, and return when the disk has them.

        Raises:
            UserError: the file cannot be written; the actions then do not count.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        # Two terminals of one person: the second must not take a line that is being written for a torn one.
        with FileLock(self.path.with_name(".lock")):
            contract.append(self.path, *entries)
        self._entries += entries

    def undo(self) -> Annotation | None:
        """Take the last action back that stands, and return it; None if there is none.

        Raises:
            UserError: the file cannot be written; the action then still stands.
        """
        actions = self.kept
        if not actions:
            return None
        self.append(withdrawal(actions[-1]))
        return actions[-1]


def withdrawal(entry: Annotation) -> Annotation:
    """Return the line that takes an action back."""
    return entry.model_copy(
        update={"action": "undo", "label": None, "annotated_at": contract.now(), "lead_time_s": None}
    )


def new_id() -> str:
    """Return the id of a new action."""
    return str(uuid.uuid4())
