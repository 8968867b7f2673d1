"""What people answered: the newest answer of each person to each item, and the label that follows."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ..errors import UserError
from ..values import normal
from . import contract, log, queue
from .contract import Annotation, QueueItem
from .workspace import Workspace


@dataclass(frozen=True)
class Answer:
    """A label or a skip that stands, with the item as it was queued, and file and line of the answer."""

    annotation: Annotation
    item: QueueItem
    place: str


@dataclass(frozen=True)
class Reviewed:
    """All queues and answers of a workspace.

    Args:
        items: sample id -> the item in each queue that holds it, oldest queue first.
        batches: batch id -> the answers that stand in that queue, by sample id and person.
    """

    items: Mapping[str, Sequence[QueueItem]]
    batches: Mapping[str, Sequence[Answer]]

    def newest(self) -> dict[str, list[Answer]]:
        """Return sample id -> the newest answer of each person, by name; items without an answer are left out."""
        found: dict[tuple[str, str], Answer] = {}
        for answers in self.batches.values():
            for answer in answers:
                key = (answer.annotation.sample_id, answer.annotation.annotator)
                other = found.get(key)
                if other is None or _age(answer) >= _age(other):
                    found[key] = answer
        grouped: dict[str, list[Answer]] = {}
        for (sample, _), answer in sorted(found.items(), key=lambda pair: pair[0]):
            grouped.setdefault(sample, []).append(answer)
        return grouped


@dataclass(frozen=True)
class Decision:
    """What follows from the answers to one item.

    Args:
        label: the one that most people gave; None if there is none or two lead.
        disputed: whether two or more labels lead.
        answers: those that gave the label, by name of the person.
        agreement: their share of the labels given.
        labels: every label given with its number.
    """

    label: str | None
    disputed: bool = False
    answers: Sequence[Answer] = ()
    agreement: float | None = None
    labels: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class LabelRules:
    """The labels that may be given, and those that have another name now.

    Args:
        names: labels in the form that training data have (see `values.normal`); None for any.
        renamed: old label -> new label.
    """

    names: frozenset[str] | None
    renamed: Mapping[str, str]

    @classmethod
    def of(cls, names: Sequence[str] | None, renamed: Mapping[str, str]) -> "LabelRules":
        """Return the rules for labels as config/project.yml has them."""
        forms = {normal(old): normal(new) for old, new in renamed.items()}
        return cls(None if names is None else frozenset(map(normal, names)), forms)

    def current(self, label: str) -> str:
        """Return the name that a label has now."""
        form = normal(label)
        return self.renamed.get(form, form)


def collect(workspace: Workspace, batches: Sequence[str] | None = None) -> Reviewed:
    """Read queues (default: all) and their logs.

    Raises:
        UserError: a file breaks a rule, a queue was changed, or an answer belongs to no item of its queue.
    """
    known = workspace.batches()
    folder = workspace.labeling / "labels"
    for entry in sorted(folder.iterdir()) if folder.is_dir() else ():
        if entry.is_dir() and entry.name not in known and any(entry.glob("*.jsonl")):
            raise UserError(f"{entry}: holds answers, but the queue {workspace.queue(entry.name)} is gone; get it back")
    items: dict[str, list[QueueItem]] = {}
    found: dict[str, list[Answer]] = {}
    for name in known if batches is None else batches:
        queued = {item.sample_id: item for item in queue.read(workspace, name)}
        for sample, item in queued.items():
            items.setdefault(sample, []).append(item)
        found[name] = _standing(workspace, name, queued)
    return Reviewed(items, found)


def decide(answers: Sequence[Answer], rules: LabelRules) -> Decision:
    """Return the label that most of these people gave, each of them once.

    Raises:
        UserError: a label is not among those that may be given.
    """
    given = [(_label(answer, rules), answer) for answer in answers if answer.annotation.label is not None]
    counts = Counter(label for label, _ in given)
    if not counts:
        return Decision(None)
    most = max(counts.values())
    leading = sorted(label for label, count in counts.items() if count == most)
    if len(leading) > 1:
        return Decision(None, disputed=True, labels=dict(sorted(counts.items())))
    chosen = [answer for label, answer in given if label == leading[0]]
    return Decision(leading[0], False, chosen, most / len(given), dict(sorted(counts.items())))


def _standing(workspace: Workspace, name: str, queued: Mapping[str, QueueItem]) -> list[Answer]:
    places: dict[int, str] = {}
    people: dict[str, list[Annotation]] = {}
    for path in workspace.logs(name):
        for place, line in contract.read_placed_log(path, Annotation):
            item = queued.get(line.sample_id)
            if line.batch_id != name:
                raise UserError(f"{place}: batch_id: {line.batch_id!r} is not {name!r}, the queue of this folder")
            if item is None:
                raise UserError(f"{place}: sample_id: {line.sample_id!r} is not in {workspace.queue(name)}")
            if item.content_sha256 != line.content_sha256:
                raise UserError(
                    f"{place}: content_sha256: {line.content_sha256[:12]}... is not that of {line.sample_id!r} in"
                    f" {workspace.queue(name)}: another content was answered"
                )
            places[id(line)] = place
            people.setdefault(line.annotator, []).append(line)
    standing = [line for person in sorted(people) for line in log.replay(people[person])]
    return sorted(
        (Answer(line, queued[line.sample_id], places[id(line)]) for line in standing),
        key=lambda answer: (answer.annotation.sample_id, answer.annotation.annotator),
    )


def _age(answer: Answer) -> tuple[object, str]:
    return answer.annotation.annotated_at, answer.annotation.batch_id


def _label(answer: Answer, rules: LabelRules) -> str:
    label = rules.current(answer.annotation.label or "")
    if rules.names is not None and label not in rules.names:
        raise UserError(
            f"{answer.place}: label: {answer.annotation.label!r} is not one of {', '.join(sorted(rules.names))}; list"
            " it in labels.names or map it in labels.renamed of config/project.yml, or answer the item again"
        )
    return label
