"""Queues: what people shall look at, one file a batch, which is written once and never changed.

An item that is a file has a copy of it in the folder of its queue, so that nothing moves or changes it before people
have answered. `path` is absolute in memory; in the file of a queue it is relative to the root of the workspace.
"""

import shutil
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from ..errors import UserError
from ..files import atomic_write
from . import contract, media
from .contract import QueueItem
from .workspace import Workspace, batch_id

UNNAMED = "00000000-000000-0000000000"  # the batch of an item whose queue has no id yet


def write(workspace: Workspace, chosen: Sequence[QueueItem], queued_at: datetime) -> str:
    """Write a queue, with copies of the files that its items name, and return its id.

    Raises:
        UserError: there are no items, or a file cannot be read or written; the queue is not there then.
    """
    if not chosen:
        raise UserError(f"{workspace.queues}: there is nothing to queue")
    folder = workspace.files(UNNAMED)
    shutil.rmtree(folder, ignore_errors=True)  # left by a process that was killed
    try:
        dated = [item.model_copy(update={"queued_at": queued_at, "batch_id": UNNAMED}) for item in chosen]
        kept = [_relative(workspace, _kept(workspace, item, folder)) for item in dated]
        name = batch_id(queued_at, map(contract.dump, kept))
        if folder.is_dir():
            shutil.rmtree(workspace.files(name), ignore_errors=True)
            folder.rename(workspace.files(name))
        atomic_write(workspace.queue(name), contract.dumps([_renamed(item, UNNAMED, name) for item in kept]))
    except OSError as error:
        raise UserError(f"{workspace.queues}: cannot be written: {error.strerror or error}") from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return name


def read(workspace: Workspace, name: str) -> list[QueueItem]:
    """Read a queue.

    Raises:
        UserError: it is missing, a line breaks a rule, or it is not as it was written.
    """
    path = workspace.queue(name)
    found = contract.read(path, QueueItem)
    unnamed = [_renamed(item, name, UNNAMED) for item in found]
    times = {item.queued_at for item in found}
    if {item.batch_id for item in found} != {name} or len(times) != 1:
        raise UserError(f"{path}: not all of its lines are of queue {name}; {_WAY_OUT}")
    if batch_id(times.pop(), map(contract.dump, unnamed)) != name:
        raise UserError(f"{path}: it was changed after it was written: its lines no longer give its name; {_WAY_OUT}")
    return [_absolute(workspace, item) for item in found]


def _kept(workspace: Workspace, item: QueueItem, folder: Path) -> QueueItem:
    """Return an item with a copy of its file in the folder; a copy in the folder of an earlier queue stays there."""
    queued = item.path is not None and Path(item.path).parent.parent == workspace.queues
    return item if queued else media.keep(item, folder)


def _relative(workspace: Workspace, item: QueueItem) -> QueueItem:
    if item.path is None:
        return item
    return item.model_copy(update={"path": Path(item.path).relative_to(workspace.root).as_posix()})


def _absolute(workspace: Workspace, item: QueueItem) -> QueueItem:
    if item.path is None:
        return item
    path = workspace.root / item.path
    if path.parent.parent != workspace.queues or ".." in path.parts[len(workspace.root.parts) :]:
        raise UserError(f"{workspace.queue(item.batch_id)}: path: {item.path!r} is not in the folder of a queue")
    return item.model_copy(update={"path": str(path)})


def _renamed(item: QueueItem, old: str, new: str) -> QueueItem:
    path = item.path and item.path.replace(f"/{old}/", f"/{new}/")
    return item.model_copy(update={"batch_id": new, "path": path})


_WAY_OUT = "get the file back as it was written (git, the data lake); no answer is lost meanwhile"
