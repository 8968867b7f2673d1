"""Which items of a queue are offered to whom: the answers of others decide it, and are never shown."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from . import log, queue
from .contract import Annotation, QueueItem
from .workspace import Workspace


@dataclass(frozen=True)
class Offers:
    """What one person has to do with a queue.

    Args:
        items: those that the person has answered or may answer, in the order of the queue.
        left_to_others: disputed items that the person has answered in an earlier queue; another person decides them.
    """

    items: list[QueueItem]
    left_to_others: int


def offers(workspace: Workspace, batch_id: str, annotator: str) -> Offers:
    """Return the items of a queue for one person.

    An item is offered until as many people as wanted gave it a label; to skip is no answer, but is not asked again.
    A disputed item goes to people who have not answered it before.

    Raises:
        UserError: the queue or a log breaks a rule.
    """
    people = labelled_by(log.answers(workspace, batch_id))
    own = {each.sample_id for each in log.replay(log.read(workspace.log(batch_id, annotator)))}
    queued = queue.read(workspace, batch_id)
    before = _answered_before(workspace, batch_id, annotator) if any(i.reason == "disputed" for i in queued) else set()
    left = [item for item in queued if item.reason == "disputed" and item.sample_id in before - own]
    refused = {item.sample_id for item in left}
    items = [
        item
        for item in queued
        if item.sample_id in own
        or (item.sample_id not in refused and len(people[item.sample_id]) < item.annotations_wanted)
    ]
    return Offers(items, len(left))


def labelled_by(answers: Iterable[Annotation]) -> Mapping[str, set[str]]:
    """Return the people who gave each item a label, by its sample id; none for any other."""
    people: dict[str, set[str]] = defaultdict(set)
    for each in answers:
        if each.action == "label":
            people[each.sample_id].add(each.annotator)
    return people


def _answered_before(workspace: Workspace, batch_id: str, annotator: str) -> set[str]:
    earlier = [name for name in workspace.batches() if name != batch_id]
    paths = [workspace.log(name, annotator) for name in earlier]
    return {each.sample_id for path in paths for each in log.replay(log.read(path)) if each.action == "label"}
