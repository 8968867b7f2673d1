"""Queues: what people shall look at, one file a batch, which is written once and never changed."""

from collections.abc import Sequence
from datetime import datetime

from ..errors import UserError
from ..files import atomic_write
from . import contract
from .contract import QueueItem
from .workspace import Workspace, batch_id

UNNAMED = "00000000-000000-0000000000"  # the batch of an item whose queue has no id yet


def write(workspace: Workspace, items: Sequence[QueueItem], queued_at: datetime) -> str:
    """Write a queue and return its id.

    Raises:
        UserError: there are no items, or the file cannot be written.
    """
    if not items:
        raise UserError(f"{workspace.labeling / 'queue'}: there is nothing to queue")
    dated = [item.model_copy(update={"queued_at": queued_at, "batch_id": UNNAMED}) for item in items]
    name = batch_id(queued_at, map(contract.dump, dated))
    named = [item.model_copy(update={"batch_id": name}) for item in dated]
    atomic_write(workspace.queue(name), contract.dumps(named))
    return name


def read(workspace: Workspace, name: str) -> list[QueueItem]:
    """Read a queue.

    Raises:
        UserError: it is missing, a line breaks a rule, or it is not as it was written.
    """
    path = workspace.queue(name)
    items = contract.read(path, QueueItem)
    unnamed = [item.model_copy(update={"batch_id": UNNAMED}) for item in items]
    times = {item.queued_at for item in items}
    if {item.batch_id for item in items} != {name} or len(times) != 1:
        raise UserError(f"{path}: not all of its lines are of queue {name}; {_WAY_OUT}")
    if batch_id(times.pop(), map(contract.dump, unnamed)) != name:
        raise UserError(f"{path}: it was changed after it was written: its lines no longer give its name; {_WAY_OUT}")
    return items


_WAY_OUT = "get the file back as it was written (git, the data lake); no answer is lost meanwhile"
