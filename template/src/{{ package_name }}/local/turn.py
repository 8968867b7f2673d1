"""One command at a time trains in a project: two would promote over each other's champion."""

import os
import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

from ..errors import UserError
from ..files import read_json, write_json
from ..paths import Project
from ..pipeline.store import writing


@contextmanager
def hold(project: Project) -> Iterator[None]:
    """Keep other commands from training in this project during the block, in which it may be held again.

    The system ends the hold of a process that dies.

    Raises:
        UserError: another command trains here, or outputs/ cannot be written.
    """
    from filelock import FileLock, Timeout

    note = project.outputs / "training.json"
    with writing(project.outputs):
        project.outputs.mkdir(parents=True, exist_ok=True)
        lock = FileLock(note.with_suffix(".lock"), is_singleton=True)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            raise UserError(_busy(project, note)) from None
    try:
        if lock.lock_counter == 1:
            command = shlex.join([Path(sys.argv[0]).name, *sys.argv[1:]])
            write_json(note, {"process": os.getpid(), "command": command, "since": f"{datetime.now():%H:%M:%S}"})
        yield
    finally:
        if lock.lock_counter == 1:
            note.unlink(
                missing_ok=True
            )  # so that the next one, before it has written its own, is not called by this name
        lock.release()


def _busy(project: Project, note: Path) -> str:
    who = "another command"
    with suppress(UserError, KeyError):
        content = read_json(note)
        who = f"`{content['command']}` (process {content['process']}, since {content['since']})"
    return (
        f"{project.relative(project.outputs)}: {who} is training in this project; wait until it has ended,"
        " or run this in a copy of the project"
    )
