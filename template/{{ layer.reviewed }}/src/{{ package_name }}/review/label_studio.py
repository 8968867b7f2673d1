"""Queues to Label Studio, and people's answers back into their logs.

Tasks carry fixed keys (`content.FIELD` and `sample_id`), whatever the columns are called. Items that one person shall
label are in a project for everyone. A project does not show a finished task to other people, and shows earlier answers:
so each person has a project of their own for items that several people label, or over which people disagree.
"""

import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pydantic import Field

from ..errors import UserError
from ..figures import plural
from ..files import atomic_write
from . import addresses, contract, log, offers, queue
from .addresses import Address
from .contract import Annotation, Line, QueueItem
from .label_studio_api import LOOPBACK, Client, ServerError
from .label_studio_tasks import annotations, config, data, is_open, note, task
from .workspace import Workspace

URL = "http://127.0.0.1:8181"
CHUNK = 200  # tasks of one request
MARK = re.compile(r"mlops review (?P<batch>\S+) (?:for everyone|of (?P<person>.+)), labels (?P<labels>[0-9a-f]{8})")
TITLE = 50  # characters of a project's title
EARLIER = timedelta(seconds=1)  # changes that were under way when the server was asked


class ProjectState(Line):
    """A project that a queue was sent to.

    Args:
        id: of the project on the server.
        annotator: whose it is; None for everyone.
        labels: digest of the labels that it offers.
        cursor: changes up to this time have been pulled; None before the first pull.
        until: when the first address of its tasks ends; None where none does.
    """

    id: int
    annotator: str | None = None
    labels: str
    cursor: contract.Utc | None = None
    until: contract.Utc | None = None


class State(Line):
    """Where a queue is in Label Studio; it could be found again without this file."""

    server: str
    projects: list[ProjectState] = Field(default_factory=list)


@dataclass(frozen=True)
class Pushed:
    """Outcome of a push.

    Args:
        sent: tasks that were added, one for each person that shall label an item.
        there: tasks that were there before.
        projects: address of each project -> whose it is, None for everyone.
        waiting: items that every person has answered before.
        refreshed: open tasks of which the content was sent again; None if that was not asked for.
        warning: what a person must know about the addresses of the tasks; None if there is nothing.
    """

    sent: int
    there: int
    projects: dict[str, str | None]
    waiting: int
    refreshed: int | None = None
    warning: str | None = None

    @property
    def sentence(self) -> str:
        """The outcome for a reader."""
        text = f"{plural(self.sent, 'task')} sent, {self.there:,} were there"
        if self.refreshed is not None:
            text += f"; the content of {plural(self.refreshed, 'open task')} was sent again"
        if self.waiting:
            text += f"; {plural(self.waiting, 'disputed item waits', 'disputed items wait')} for one more --annotator"
        return "\n".join([text, *(f"{who or 'everyone'}: {url}" for url, who in self.projects.items())])


@dataclass
class Pulled:
    """Outcome of a pull: actions that were added to the logs, and what a person should look at."""

    labelled: int = 0
    skipped: int = 0
    withdrawn: int = 0
    warnings: list[str] = field(default_factory=list)

    @property
    def sentence(self) -> str:
        """The outcome for a reader."""
        withdrawn = f", {self.withdrawn:,} withdrawn" if self.withdrawn else ""
        return f"{plural(self.labelled, 'label')}, {self.skipped:,} skipped{withdrawn} since the last pull"


def push(
    workspace: Workspace,
    batch_id: str | None,
    labels: Sequence[str],
    *,
    url: str = URL,
    annotators: Sequence[str] = (),
    token: str | None = None,
    address: Address | None = None,
    refresh: bool = False,
    now: datetime | None = None,
) -> Pushed:
    """Send what is open of a queue; what the server has is not sent again.

    Args:
        workspace: where queues and logs lie.
        batch_id: the queue; default: the newest.
        labels: what to choose from; after a change of them, new projects are made.
        url: address of the server.
        annotators: people who get projects of their own; default: the users of the server.
        token: default: LABEL_STUDIO_TOKEN of the environment.
        address: of an item that is a file; default: on the server of this machine (see `addresses`).
        refresh: send the content of open tasks again, which gives them new addresses; their annotations stay.
        now: default: the time.

    Raises:
        UserError: a file breaks a rule, there are too few annotators, the server cannot read files of this machine,
            or it is down or refuses; what was sent until then stays, and the next push sends the rest.
    """
    name = workspace.require_batch(batch_id)
    interface = config(labels)
    queued = {item.sample_id: item for item in queue.read(workspace, name)}
    files = any(item.path is not None for item in queued.values())
    if files and address is None and urlsplit(url).hostname not in LOOPBACK:
        raise UserError(
            f"{url}: cannot read {workspace.queues} of this machine: name the address of a web server that serves this"
            " folder with --files, or label on this machine (`mlops review serve`)"
        )
    place = address or addresses.on_this_machine(workspace)
    digest = hashlib.sha256(json.dumps(list(labels)).encode()).hexdigest()[:8]
    client = Client(url, token)
    state = _state(workspace, name, client)
    people = list(dict.fromkeys(annotators)) or sorted(client.users().values())
    here = {each.annotator: each.id for each in state.projects if each.labels == digest}
    held = {person: _sample_ids(client, project) for person, project in here.items()}
    plan, waiting = _plan(workspace, name, people, held, client.url)
    missing = {
        person: [item for item in planned if item.sample_id not in held.get(person, ())]
        for person, planned in plan.items()
    }
    total, sent = sum(map(len, missing.values())), 0
    try:
        for person, items in missing.items():
            if items and person not in here:
                here[person] = _create(client, name, person, digest, interface)
                if files and address is None:
                    client.show_files(here[person], str(workspace.queues.resolve()))
                state.projects.append(ProjectState(id=here[person], annotator=person, labels=digest))
                _save(workspace, name, state)
            for start in range(0, len(items), CHUNK):
                chunk = items[start : start + CHUNK]
                made = [task(item, labels, place) for item in chunk]
                client.send(here[person], made)
                sent += len(chunk)
                _note_end(state, here[person], made)
                _save(workspace, name, state)
        refreshed = _refresh(client, workspace, name, state, queued, place) if refresh else None
    except ServerError as error:
        raise ServerError(
            f"{error}; {sent:,} of {plural(total, 'task')} were sent, and the next push sends the rest", error.status
        ) from None
    links = {f"{client.url}/projects/{here[person]}": person for person, planned in plan.items() if planned}
    end = min((each.until for each in state.projects if each.until), default=None)
    said = addresses.warning(end, now or contract.now())
    return Pushed(sent, sum(map(len, plan.values())) - total, links, waiting, refreshed, said)


def pull(
    workspace: Workspace,
    batch_id: str | None,
    labels: Sequence[str],
    *,
    url: str = URL,
    token: str | None = None,
    now: datetime | None = None,
) -> Pulled:
    """Append what people answered since the last pull to their logs; skips too, and answers that they deleted.

    Args:
        workspace: where queues and logs lie.
        batch_id: the queue; default: the newest.
        labels: the known ones; others are kept with a warning, and refused by the merge.
        url: address of the server.
        token: default: LABEL_STUDIO_TOKEN of the environment.
        now: default: the time.

    Raises:
        UserError: a file breaks a rule, the queue was never sent there, or the server is down or refuses.
    """
    name = workspace.require_batch(batch_id)
    items = {item.sample_id: item for item in queue.read(workspace, name)}
    client = Client(url, token)
    state = _state(workspace, name, client)
    if not state.projects:
        raise UserError(f"{client.url}: queue {name} is not there; send it with `mlops review push`")
    users = client.users()
    pulled = Pulled()
    answers = _Answers(workspace, name)
    for number, project in enumerate(state.projects):
        changed = client.tasks(project.id, project.cursor)
        for each in changed.tasks:
            item = items.get(str(each["data"].get("sample_id")))
            if item is not None:
                answers.take(each, item, users, pulled)
            elif each["annotations"]:
                pulled.warnings.append(f"task {each['id']} of {client.url} is no item of queue {name}: left out")
        answers.write()
        pulled.warnings += [
            f"{client.url}: task {bad} of project {project.id} cannot be read; all others were. It holds what the"
            " server cannot show: delete it there, and push sends the item again"
            for bad in changed.unreadable
        ]
        if changed.tasks and not changed.unreadable:
            newest = max(datetime.fromisoformat(each["updated_at"]) for each in changed.tasks)
            cursor = min(newest, changed.asked_at) - EARLIER
            state.projects[number] = project.model_copy(update={"cursor": cursor})
            _save(workspace, name, state)
    unknown = {each.label for each in log.answers(workspace, name) if each.label is not None} - set(labels)
    end = min((each.until for each in state.projects if each.until), default=None)
    if said := addresses.warning(end, now or contract.now()):
        pulled.warnings.append(said)
    pulled.warnings += [f"label {each!r} is none of this project's: a merge refuses it" for each in sorted(unknown)]
    return pulled


class _Answers:
    """The logs of a queue, and which lines of them came from which task."""

    def __init__(self, workspace: Workspace, batch_id: str) -> None:
        self._path = partial(workspace.log, batch_id)
        self._logs = {path: log.Log(path) for path in workspace.logs(batch_id)}
        self._new: dict[Path, list[Annotation]] = defaultdict(list)
        self._of_task: dict[str | None, dict[str, Annotation]] = defaultdict(dict)
        for each in self._logs.values():
            for entry in each.kept:
                if entry.tool == "label-studio":
                    self._of_task[entry.note][entry.annotation_id] = entry

    def take(self, content: Mapping[str, Any], item: QueueItem, users: Mapping[int, str], pulled: Pulled) -> None:
        """Note how the annotations of a task differ from what the logs have of it."""
        before = self._of_task[note(content)]
        after = {each.annotation_id: each for each in annotations(content, item, users, pulled.warnings)}
        for name, old in before.items():
            if name not in after or after[name].annotator != old.annotator:
                self._append(log.withdrawal(old))
                pulled.withdrawn += name not in after
        for name, new in after.items():
            if before.get(name) != new:
                self._append(new)
                pulled.labelled += new.action == "label"
                pulled.skipped += new.action == "skip"
        self._of_task[note(content)] = after

    def write(self) -> None:
        """Append what was noted."""
        for path, entries in self._new.items():
            self._logs.setdefault(path, log.Log(path)).append(*entries)
        self._new.clear()

    def _append(self, entry: Annotation) -> None:
        self._new[self._path(entry.annotator)].append(entry)


def _plan(
    workspace: Workspace, batch_id: str, people: Sequence[str], held: Mapping[str | None, set[str]], url: str
) -> tuple[dict[str | None, list[QueueItem]], int]:
    """Return the open items for everyone (None) and for each person, and how many wait for another person."""
    here = offers.labelled_by(log.answers(workspace, batch_id))
    earlier = [each for name in workspace.batches() if name != batch_id for each in log.answers(workspace, name)]
    before = offers.labelled_by(earlier)
    plan: dict[str | None, list[QueueItem]] = defaultdict(list)
    waiting = 0
    for item in queue.read(workspace, batch_id):
        wanted = item.annotations_wanted - len(here[item.sample_id])
        if wanted <= 0:
            continue
        if item.annotations_wanted == 1 and item.reason != "disputed":
            plan[None].append(item)
            continue
        if item.annotations_wanted > len(people):
            raise UserError(
                f"item {item.sample_id} wants {item.annotations_wanted} people, and {len(people)} known to {url}: name"
                " them with --annotator, once for each, or let them sign up there"
            )
        done = here[item.sample_id] | (before[item.sample_id] if item.reason == "disputed" else set())
        turn = int(item.content_sha256[:8], 16) % len(people)
        able = [person for person in [*people[turn:], *people[:turn]] if person not in done]
        able.sort(key=lambda person: item.sample_id not in held.get(person, ()))  # who has the item keeps it
        for person in able[:wanted]:
            plan[person].append(item)
        waiting += not able
    return plan, waiting


def _state(workspace: Workspace, batch_id: str, client: Client) -> State:
    """Return the projects of a queue, as the server knows them, with what has been pulled from each.

    Raises:
        UserError: the state cannot be read, or is of another server.
    """
    path = workspace.label_studio(batch_id)
    known = State(server=client.url)
    if path.exists():
        known = contract.parse(path.read_bytes(), State, str(path))
    if known.server != client.url:
        raise UserError(
            f"{path}: queue {batch_id} is on {known.server}, not on {client.url}; name that with --url, or, if the"
            " server has moved, change the address in this file"
        )
    noted = {each.id: each for each in known.projects}
    found = []
    for project in client.projects():
        mark = MARK.fullmatch(project.description)
        if mark and mark["batch"] == batch_id:
            fresh = ProjectState(id=project.id, annotator=mark["person"], labels=mark["labels"])
            found.append(noted.get(project.id, fresh))
    return State(server=client.url, projects=sorted(found, key=lambda each: each.id))


def _refresh(
    client: Client,
    workspace: Workspace,
    batch_id: str,
    state: State,
    queued: Mapping[str, QueueItem],
    address: Address,
) -> int:
    """Send the content of all open tasks of a queue again, and return their number."""
    count = 0
    for number, project in enumerate(state.projects):
        sent = []
        for each in client.tasks(project.id).tasks:
            item = queued.get(str(each["data"].get("sample_id")))
            if item is not None and is_open(each):
                sent.append({"data": data(item, address)})
                client.change(each["id"], sent[-1]["data"])
        state.projects[number] = project.model_copy(update={"until": None})
        _note_end(state, project.id, sent)
        count += len(sent)
    _save(workspace, batch_id, state)
    return count


def _note_end(state: State, project: int, tasks: Sequence[Mapping[str, Any]]) -> None:
    """Note when the first address of these tasks ends, or of those before."""
    ends = [end for each in tasks if (end := addresses.expiry(each["data"].get("path", "")))]
    for number, each in enumerate(state.projects):
        if each.id == project and ends:
            first = min([*ends, each.until] if each.until else ends)
            state.projects[number] = each.model_copy(update={"until": first})


def _save(workspace: Workspace, batch_id: str, state: State) -> None:
    atomic_write(workspace.label_studio(batch_id), state.model_dump_json(indent=2) + "\n")


def _create(client: Client, batch_id: str, person: str | None, digest: str, interface: str) -> int:
    mark = f"mlops review {batch_id} {'for everyone' if person is None else f'of {person}'}, labels {digest}"
    title = f"{'everyone' if person is None else person} {batch_id}"[:TITLE]  # lists cut off its end
    return client.create_project(title, mark, interface).id


def _sample_ids(client: Client, project: int) -> set[str]:
    found = client.tasks(project)
    if found.unreadable:
        raise UserError(
            f"{client.url}: task {found.unreadable[0]} of project {project} cannot be read, so its item is"
            " unknown; delete it there, and push again"
        )
    return {str(each["data"].get("sample_id")) for each in found.tasks}
