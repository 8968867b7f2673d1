"""The folders of the loop with people, below any root: the project's data/, or a demo's own folder."""

import hashlib
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ..errors import UserError
from ..paths import Project

PLAIN = re.compile(r"[a-z0-9][a-z0-9._@+-]{0,59}")  # names that are a file's name on every system
BATCH = re.compile(r"[0-9]{8}-[0-9]{6}-[0-9a-f]{10}")


@dataclass(frozen=True)
class Workspace:
    """Where queues, people's answers and versions of the training data lie.

    labeling/queue/<batch_id>.jsonl · labeling/queue/<batch_id>/<file of an item> ·
    labeling/labels/<batch_id>/<annotator>.jsonl · labeling/label-studio/<batch_id>.json ·
    versions/<number>/{manifest.json, merged.jsonl, rows/}
    """

    root: Path

    @classmethod
    def of(cls, project: Project) -> "Workspace":
        """Return that of a project: its folder data/."""
        return cls(project.root / "data")

    @property
    def labeling(self) -> Path:
        return self.root / "labeling"

    @property
    def versions_folder(self) -> Path:
        return self.root / "versions"

    @property
    def queues(self) -> Path:
        return self.labeling / "queue"

    def queue(self, batch_id: str) -> Path:
        """Return the file of a queue."""
        return self.queues / f"{batch_id}.jsonl"

    def files(self, batch_id: str) -> Path:
        """Return the folder of the files that the items of a queue name, where they are files."""
        return self.queues / batch_id

    def labels(self, batch_id: str) -> Path:
        """Return the folder of the logs of a queue, one file a person."""
        return self.labeling / "labels" / batch_id

    def log(self, batch_id: str, annotator: str) -> Path:
        """Return the log of one person for a queue; a name that is no file's name gets a digest behind it."""
        return self.labels(batch_id) / f"{file_name(annotator)}.jsonl"

    def label_studio(self, batch_id: str) -> Path:
        """Return the file with the state of push and pull of a queue."""
        return self.labeling / "label-studio" / f"{batch_id}.json"

    def version(self, number: int) -> Path:
        """Return the folder of a version of the training data."""
        return self.versions_folder / str(number)

    def batches(self) -> list[str]:
        """Return the ids of all queues, oldest first."""
        found = self.queues.glob("*.jsonl")
        return sorted(path.stem for path in found if BATCH.fullmatch(path.stem))

    def logs(self, batch_id: str) -> list[Path]:
        """Return the logs of a queue, sorted by name."""
        return sorted(path for path in self.labels(batch_id).glob("*.jsonl") if not path.name.startswith("."))

    def versions(self) -> list[int]:
        """Return the numbers of all versions, smallest first."""
        found = self.versions_folder.glob("[1-9]*")
        return sorted(int(path.name) for path in found if path.name.isdecimal() and (path / "manifest.json").is_file())

    def newest_version(self) -> int | None:
        """Return the largest number of a version, None if there is none yet."""
        return max(self.versions(), default=None)

    def require_batch(self, batch_id: str | None) -> str:
        """Return `batch_id`, by default that of the newest queue.

        Raises:
            UserError: there is no such queue.
        """
        known = self.batches()
        if batch_id is None and known:
            return known[-1]
        if batch_id in known:
            return batch_id
        if not known:
            raise UserError(
                f"{self.queues}: there is no queue yet; make one with `mlops review select`, or with"
                " `mlops review start --data FILE` before there is a model"
            )
        raise UserError(f"{self.queues}: there is no queue {batch_id!r}; known: {', '.join(known)}")

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Keep other processes from making queues or versions here during the block, in which it may be held again.

        The system ends the hold of a process that dies.

        Raises:
            UserError: another process holds it, or the folder cannot be written.
        """
        from filelock import FileLock, Timeout

        path = self.labeling / ".lock"
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            lock = FileLock(path, is_singleton=True)
            lock.acquire(timeout=0)
        except Timeout:
            raise UserError(
                f"{self.labeling}: another command is selecting or merging here; run this again when it has ended"
            ) from None
        except OSError as error:
            raise UserError(f"{self.labeling}: cannot be written: {error.strerror or error}") from None
        try:
            yield
        finally:
            lock.release()


def batch_id(queued_at: datetime, contents: Iterable[str]) -> str:
    """Return the id of a queue: its time and a digest of its items, so that ids sort by time and show a changed item.

    >>> batch_id(datetime(2026, 11, 29, 6, 43, tzinfo=UTC), ["a", "b"])
    '20261129-064300-911169ddaa'
    """
    digest = hashlib.sha256()
    for content in contents:
        digest.update(content.encode() + b"\n")
    return f"{queued_at.astimezone(UTC):%Y%m%d-%H%M%S}-{digest.hexdigest()[:10]}"


def file_name(name: str) -> str:
    """Return the name of the file of a person or an item: the name itself, or a form that no other name has anywhere.

    >>> file_name("anna@example.com"), file_name("Åsa M.")
    ('anna@example.com', 'sa-m-778ef692')
    """
    if PLAIN.fullmatch(name):
        return name
    plain = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40]
    return f"{plain}-{hashlib.sha256(name.encode()).hexdigest()[:8]}".lstrip("-")
