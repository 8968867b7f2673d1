"""Open a review: choose rows of the last days, and queue them in the data lake for people to label.

A review has a key, and a record in the lake beside the queues that says who asked for it, when and why. Each command
with the key chooses rows and lays them beside the queues as a draft. The first one that writes its draft's id into the
record decides which draft becomes the queue; every command with the key publishes that one. So a command that died is
finished by the next one, and two at once make one queue, also where they chose different rows.
"""

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ...config.project import load as load_config
from ...errors import UserError
from ...figures import plural
from ...pipeline import original
from ...review import choosing, contract, status
from ...review.choosing import InService, Source
from ...review.workspace import Workspace
from .. import serving
from ..client import Azure
from ..jobs import champion
from ..operations import Operation, Say, recorded
from ..problems import translated
from ..rollout import model_files, releases
from ..sign_in import actor
from . import rows
from .lake import QUEUES, Lake

RECORDS, DRAFTS = "reviews/", "drafts/"  # of the container of queues
BY_HAND = "by hand"  # reason where none is given


@dataclass(frozen=True)
class Review:
    """A review that was asked for; `queue` is the id of the draft that becomes its queue, empty while there is none."""

    key: str
    number: int  # of the reviews with this key
    reason: str
    who: str
    at: str  # ISO 8601, to the second
    queue: str = ""
    etag: str = field(default="", compare=False)

    @property
    def name(self) -> str:
        """The name of its record."""
        return f"{RECORDS}{hashlib.sha256(self.key.encode()).hexdigest()[:12]}-{self.number}.json"

    @property
    def sentence(self) -> str:
        """Who asked for it, when and why."""
        return f"queue {self.queue} was opened at {self.at} by {self.who}: {self.reason}"


def start(
    azure: Azure,
    *,
    say: Say,
    approve: Callable[[], None],
    key: str | None = None,
    reason: str | None = None,
    again: bool = False,
    dry_run: bool = False,
) -> str | None:
    """Queue rows that the model in service was asked about, once for each key; return the queue, None from a dry run.

    While a queue for the same reason has open items, no other is opened: people answer it first.

    Args:
        azure: the environment whose data lake is read and written.
        say: receives every line for the user.
        approve: asks before anything is written, and raises if the answer is no.
        key: of what asks for it, such as a look's; default: today's date in UTC.
        reason: why.
        again: open another queue although there is one for the key or the reason.
        dry_run: only say what would be done.

    Raises:
        UserError: no model serves, nothing arrived, all of it was reviewed before, or Azure refused or failed.
    """
    now = contract.now()
    key, why = key or f"{now:%Y-%m-%d}", reason or BY_HAND
    with TemporaryDirectory() as scratch:
        lake = Lake(azure, Workspace(Path(scratch) / "lake"))
        where = f"{azure.config.names.data_lake}/{QUEUES}"
        with recorded(azure, "review", where, say=say, reason=why, dry_run=dry_run) as operation:
            lake.fetch()
            known = _records(lake)
            if not again and (found := _standing(lake, known, key, why)):
                queue, sentence = found
                operation.note(f"{sentence}; --again opens another one")
                return queue
            label = _model(azure)
            budget = load_config(azure.project.config_path).review.budget
            about = f"up to {budget} rows of the last {azure.config.monitors.window_days} days, chosen by {label}"
            if not operation.applies(f"review {key}", None, about):
                return None
            approve()
            review = _claimed(lake, known, Review(key, 1, why, actor(), now.isoformat()))
            if not review.queue:
                review = _decided(lake, _drafted(lake, operation, review, label, Path(scratch)))
            operation.note(review.sentence)
            _publish(lake, operation, review.queue)
            return review.queue


def _drafted(lake: Lake, operation: Operation, review: Review, label: str, scratch: Path) -> Review:
    """Choose the rows of a review, and write them as a draft; return the review with its id."""
    import pandas as pd

    from ... import models
    from ...monitoring import kept

    azure, at = lake.azure, datetime.fromisoformat(review.at)
    config = load_config(azure.project.config_path)
    folder = model_files.download(azure, releases.find(azure, label), scratch / "model")
    model = models.load(folder)
    frame, counted = rows.arrived(azure, model.contract, config, scratch / "rows", at, review.name)
    lake.fetch_version(whole=False)
    source = Source(azure.config.names.data_lake, frame, lambda: original.contents(azure.project, config))
    in_service = InService(label, model, pd.read_parquet(folder / kept.FOLDER / kept.REFERENCE))
    queued = choosing.doubtful(config, lake.workspace, source, in_service, at=at)
    lake.send_files(queued.batch_id)
    lake.write_once(lake.container(QUEUES), _draft(queued.batch_id), lake.workspace.queue(queued.batch_id).read_bytes())
    operation.note(f"{queued.batch_id}: {counted}: {queued.sentence}")
    return replace(review, queue=queued.batch_id)


def _publish(lake: Lake, operation: Operation, batch: str) -> None:
    """Make a draft the queue that people find."""
    client = lake.container(QUEUES)
    if operation.applies(f"{QUEUES}/{batch}.jsonl", None, "queued"):
        with translated(lake.azure, f"{QUEUES}/{_draft(batch)}"):
            content = bytes(client.download_blob(_draft(batch)).readall())
        lake.write_once(client, f"{batch}.jsonl", content)


def _draft(batch: str) -> str:
    return f"{DRAFTS}{batch}.jsonl"


def _standing(lake: Lake, known: list[Review], key: str, reason: str) -> tuple[str, str] | None:
    """Return the queue that this key or this reason has, and a sentence; None if another one is to be opened.

    A queue for the reason counts while it has open items.
    """
    there = set(lake.workspace.batches())
    made = [review for review in known if review.queue in there]
    for review in reversed(made):
        if review.key == key:
            return review.queue, review.sentence
    states = {each.batch_id: each.waiting + each.partly for each in status.progress(lake.workspace)}
    for review in reversed(made):
        if review.reason == reason and states[review.queue]:
            count = plural(states[review.queue], "item is", "items are")
            return review.queue, f"{review.sentence}; {count} open"
    return None


def _model(azure: Azure) -> str:
    """Return NAME:VERSION of the model that serves, else of the champion.

    Raises:
        UserError: there is neither.
    """
    for endpoint in serving.endpoints(azure):
        if endpoint.serving and endpoint.serving.model:
            return endpoint.serving.model
    if azure.config.environment.name != releases.FIRST and (best := champion.champion(azure)):
        return best.label
    raise UserError(
        f"{azure.config.names.workspace}: no model serves: 'mlops azure deploy' comes first; before there is a model,"
        " 'mlops review start' queues items"
    )


def _records(lake: Lake) -> list[Review]:
    """Return the reviews of the lake, the oldest first."""
    client = lake.container(QUEUES)
    found = []
    with translated(lake.azure, f"{QUEUES}/{RECORDS}"):
        for blob in client.list_blobs(name_starts_with=RECORDS):
            if blob.size:
                found.append(_read(lake, str(blob.name)))
    return sorted(found, key=lambda review: (review.at, review.name))


def _read(lake: Lake, name: str) -> Review:
    blob = lake.container(QUEUES).download_blob(name)
    content: dict[str, Any] = json.loads(blob.readall())
    return Review(**content, etag=str(blob.properties.etag))


def _claimed(lake: Lake, known: list[Review], wanted: Review) -> Review:
    """Return the record of this review: that of a command with this key that did not end, or a new one."""
    from azure.core.exceptions import ResourceExistsError

    there = set(lake.workspace.batches())
    same = [review for review in known if review.key == wanted.key]
    if unfinished := [review for review in same if review.queue not in there]:
        return unfinished[-1]
    review = replace(wanted, number=len(same) + 1)
    with translated(lake.azure, f"{QUEUES}/{review.name}"):
        try:
            blob = lake.container(QUEUES).get_blob_client(review.name)
            return replace(review, etag=str(blob.upload_blob(_text(review), overwrite=False)["etag"]))
        except ResourceExistsError:  # another command was faster, or the answer of our own request was lost
            return _read(lake, review.name)


def _decided(lake: Lake, review: Review) -> Review:
    """Write the draft of a review into its record; return the record, which has the draft of who was first."""
    from azure.core import MatchConditions
    from azure.core.exceptions import ResourceModifiedError

    unchanged: dict[str, Any] = {"etag": review.etag, "match_condition": MatchConditions.IfNotModified}
    with translated(lake.azure, f"{QUEUES}/{review.name}"):
        try:
            lake.container(QUEUES).upload_blob(review.name, _text(review), overwrite=True, **unchanged)
        except ResourceModifiedError:  # another command was faster, or the answer of our own request was lost
            return _read(lake, review.name)
    return review


def _text(review: Review) -> str:
    return json.dumps({key: value for key, value in asdict(review).items() if key != "etag"}, indent=2)
