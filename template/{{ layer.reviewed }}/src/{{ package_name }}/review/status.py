"""How far the work on each queue is, by item and by person: from the answers alone, never from a tool's own state."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from . import answers, queue
from .answers import Answer, LabelRules
from .workspace import Workspace


@dataclass(frozen=True)
class Person:
    """What one person did in a queue."""

    name: str
    labelled: int
    skipped: int
    last: datetime


@dataclass(frozen=True)
class Progress:
    """The state of one queue.

    Args:
        batch_id: its id.
        queued_at: when it was made.
        items: its items.
        reasons: reason -> number of items.
        done: items with as many labels as are wanted.
        partly: items that lack a further label.
        skipped: items that people skipped and no person labelled.
        disputed: items over which people disagree.
        waiting: items without an answer.
        people: who answered, by name.
    """

    batch_id: str
    queued_at: datetime
    items: int
    reasons: Mapping[str, int]
    done: int
    partly: int
    skipped: int
    disputed: int
    waiting: int
    people: Sequence[Person]


def progress(workspace: Workspace) -> list[Progress]:
    """Return the state of all queues, oldest first.

    Raises:
        UserError: a queue or a log breaks a rule.
    """
    reviewed = answers.collect(workspace)
    newest, rules = reviewed.newest(), LabelRules(None, {})
    found = []
    for name, given in reviewed.batches.items():
        items = queue.read(workspace, name)
        states: Counter[str] = Counter()
        by_item: dict[str, list[Answer]] = {}
        for answer in given:
            by_item.setdefault(answer.item.sample_id, []).append(answer)
        for item in items:
            here = by_item.get(item.sample_id, [])
            labels = sum(answer.annotation.label is not None for answer in here)
            if labels and answers.decide(newest.get(item.sample_id, []), rules).disputed:
                states["disputed"] += 1
            elif labels:
                states["done" if labels >= item.annotations_wanted else "partly"] += 1
            else:
                states["skipped" if here else "waiting"] += 1
        people = []
        for person in sorted({answer.annotation.annotator for answer in given}):
            own = [answer.annotation for answer in given if answer.annotation.annotator == person]
            labelled = sum(each.label is not None for each in own)
            last = max(each.annotated_at for each in own)
            people.append(Person(person, labelled, len(own) - labelled, last))
        found.append(
            Progress(
                batch_id=name,
                queued_at=items[0].queued_at,
                items=len(items),
                reasons=Counter(str(item.reason) for item in items),
                done=states["done"],
                partly=states["partly"],
                skipped=states["skipped"],
                disputed=states["disputed"],
                waiting=states["waiting"],
                people=people,
            )
        )
    return found


def age(since: datetime, now: datetime) -> str:
    """Return a duration in its largest whole unit.

    >>> from datetime import UTC
    >>> age(datetime(2026, 11, 27, tzinfo=UTC), datetime(2026, 11, 29, 6, tzinfo=UTC))
    '2 days'
    """
    seconds = max((now - since).total_seconds(), 0)
    for unit, length in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds >= length:
            count = int(seconds // length)
            return f"{count} {unit}{'' if count == 1 else 's'}"
    return "now"
