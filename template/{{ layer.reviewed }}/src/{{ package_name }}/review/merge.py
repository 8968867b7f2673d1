"""Answers of people become a new version of the training data; what they disagree about is queued again.

A version follows from its parent, the queues and the logs alone: the order in which files are read, or in which people
answered, does not matter, and merging twice makes one version.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from ..config.project import ProjectConfig
from ..errors import UserError
from ..figures import plural
from . import agreement, answers, contract, queue, versions
from .answers import Decision, LabelRules, Reviewed
from .contract import Agreement, Manifest, Merged, QueueItem
from .workspace import Workspace

ENOUGH = 30  # double items from which on the agreement is judged
HELD_OUT = (
    "split.by is 'time': the newest rows are held out, reviewed ones among them; a model learns from these only after"
    " newer ones arrive, or with split.by 'id'"
)


@dataclass(frozen=True)
class Outcome:
    """What a merge found and made.

    Args:
        version: the newest version afterwards; None if there is none yet.
        made: whether this merge made it.
        rows: rows of that version.
        added: rows that its parent does not have.
        changed: rows with another label than there.
        removed: rows of the parent whose label was withdrawn or is disputed now.
        labels: items with a label that stands, in all queues.
        skipped: items that people skipped and no person labelled.
        disputed: items over which people disagree.
        requeued: the queue that this merge made of disputed items.
        agreement: of all blind answers.
        notes: sentences that a reader must know beside the figures.
    """

    version: int | None
    made: bool
    rows: int
    added: int
    changed: int
    removed: int
    labels: int
    skipped: int
    disputed: int
    requeued: str | None
    agreement: Agreement
    notes: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        """All of it in one sentence."""
        disputed = f"{self.disputed} disputed" + (" (back in the queue)" if self.disputed else "")
        found = f"{plural(self.labels, 'label')}, {self.skipped} skipped, {disputed}"
        found += f", {agreement.sentence(self.agreement)}; "
        if self.version is None:
            return found + "no training data yet: nothing is labelled"
        if not self.made:
            return f"{found}nothing new: training data version {self.version} stays, {plural(self.rows, 'row')}."
        kinds = ((self.added, "new"), (self.changed, "changed"), (self.removed, "removed"))
        changes = ", ".join(f"{count:,} {kind}" for count, kind in kinds if count or kind == "new")
        return f"{found}training data version {self.version}: {plural(self.rows, 'row')}, {changes}."


def merge(
    workspace: Workspace,
    config: ProjectConfig,
    original: Callable[[], Sequence[Merged]],
    at: datetime | None = None,
) -> Outcome:
    """Make the next version of the training data, unless it would equal the newest one.

    Args:
        workspace: holds queues, logs and versions.
        config: the labels, and the columns of the rows.
        original: returns the rows of the data before any review; called if there is no version yet.
        at: the time of a queue of disputed items; default: now.

    Raises:
        UserError: another merge is at work, a file breaks a rule, a label is unknown, or one id has two contents;
            nothing is written then.
    """
    with workspace.hold():
        parent = workspace.newest_version()
        before = versions.rows(workspace, parent) if parent else list(original())
        rules = label_rules(config, before)
        reviewed = answers.collect(workspace)
        decisions = _decisions(reviewed, rules)
        base = [_renamed(row, rules) for row in before]
        rows, counts = _merged(base, reviewed, decisions)
        measured = agreement.measure(reviewed, rules)
        disputed = [sample for sample, decision in decisions.items() if decision.disputed]
        skipped = sum(not decision.labels for decision in decisions.values())
        made = contract.dumps(rows) != contract.dumps(before) if parent else bool(counts["added"] + counts["changed"])
        if made:
            described = Manifest(
                version=(parent or 0) + 1,
                parent=parent,
                batch_ids=sorted(name for name, given in reviewed.batches.items() if given),
                rows=len(rows),
                added=counts["added"],
                changed=counts["changed"],
                removed=counts["removed"],
                skipped=skipped,
                disputed=len(disputed),
                renamed=dict(sorted(rules.renamed.items())),
                agreement=measured,
                files={},
            )
            versions.write(workspace, described, rows, config)
        requeued = _requeue(workspace, reviewed, disputed, decisions, at or contract.now())
    return Outcome(
        version=(parent or 0) + 1 if made else parent,
        made=made,
        rows=len(rows) if made else len(before),
        **counts,
        labels=sum(decision.label is not None for decision in decisions.values()),
        skipped=skipped,
        disputed=len(disputed),
        requeued=requeued,
        agreement=measured,
        notes=tuple(_notes(config, measured, made)),
    )


def label_rules(config: ProjectConfig, rows: Sequence[Merged]) -> LabelRules:
    """Return the labels that may be given: those of the configuration, else those of the training data.

    Raises:
        UserError: there are none, or the training data have one that the configuration does not list.
    """
    rules = LabelRules.of(config.labels.names, config.labels.renamed)
    held: dict[str, int] = {}
    for row in rows:
        label = rules.current(row.label)
        held[label] = held.get(label, 0) + 1
    if rules.names is not None:
        strange = sorted(held.keys() - rules.names)
        if strange:
            raise UserError(
                f"config/project.yml: labels.names: does not list {strange[0]!r}, the label of"
                f" {plural(held[strange[0]], 'row')} of the training data; list it, or map it in labels.renamed"
            )
        return rules
    if not held:
        raise UserError(
            "config/project.yml: labels.names is missing, and there are no training data to take labels from; name"
            " them with `mlops review setup`"
        )
    return LabelRules(frozenset(held), rules.renamed)


def _decisions(reviewed: Reviewed, rules: LabelRules) -> dict[str, Decision]:
    """Return sample id -> decision, for all items with an answer.

    Raises:
        UserError: a label is unknown; the first few are named.
    """
    found, problems = {}, []
    for sample, given in reviewed.newest().items():
        try:
            found[sample] = answers.decide(given, rules)
        except UserError as error:
            problems.append(str(error))
    if problems:
        more = f"\nand {len(problems) - 3} more" if len(problems) > 3 else ""
        raise UserError("\n".join(problems[:3]) + more)
    return found


def _renamed(row: Merged, rules: LabelRules) -> Merged:
    previous = None if row.previous_label is None else rules.current(row.previous_label)
    label = rules.current(row.label)
    if (label, previous) == (row.label, row.previous_label):
        return row
    return row.model_copy(update={"label": label, "previous_label": None if previous == label else previous})


def _merged(
    base: Sequence[Merged], reviewed: Reviewed, decisions: Mapping[str, Decision]
) -> tuple[list[Merged], dict[str, int]]:
    """Return the rows, original ones first and the others by id, and how many were added, changed and removed."""
    rows = {row.sample_id: row for row in base}
    if len(rows) < len(base):
        twice = next(row.sample_id for position, row in enumerate(base) if rows[row.sample_id] is not base[position])
        raise UserError(f"the training data: id {twice!r} is there twice; give each row an id of its own")
    added = changed = removed = 0
    for sample, queued in sorted(reviewed.items.items()):
        old, item = rows.get(sample), queued[-1]
        contents = {each.content_sha256 for each in (*queued, *([old] if old else []))}
        if len(contents) > 1:
            raise UserError(
                f"id {sample!r} has different contents in queues {', '.join(each.batch_id for each in queued)}"
                f"{' and the training data' if old else ''}: give each item an id of its own"
            )
        decision = decisions.get(sample, Decision(None))
        new = _decided(item, decision, old) if decision.label is not None else _undecided(old)
        if new is None and old is not None:
            del rows[sample]
            removed += 1
        elif new is not None and new is not old:
            rows[sample] = new
            added += old is None
            changed += old is not None and old.label != new.label
    kept = [row for row in rows.values() if row.source == "original"]
    new_rows = sorted((row for row in rows.values() if row.source == "review"), key=lambda row: row.sample_id)
    return [*kept, *new_rows], {"added": added, "changed": changed, "removed": removed}


def _decided(item: QueueItem, decision: Decision, old: Merged | None) -> Merged:
    """Return the row of a labelled item: the old one if it has that label already."""
    if old is not None and old.label == decision.label:
        return old
    newest = max(decision.answers, key=lambda answer: (answer.annotation.annotated_at, answer.annotation.batch_id))
    review = {
        "label": decision.label,
        "batch_id": max(answer.annotation.batch_id for answer in decision.answers),
        "annotators": tuple(answer.annotation.annotator for answer in decision.answers),
        "agreement": decision.agreement,
        "reviewed_at": newest.annotation.annotated_at,
    }
    if old is None:
        content = {"text": item.text, "path": item.path, "columns": item.columns}
        return Merged.model_validate(
            {"sample_id": item.sample_id, "content_sha256": item.content_sha256, **content, "source": "review"} | review
        )
    first = old.previous_label if old.source == "original" and old.previous_label else old.label
    return old.model_copy(update=review | {"previous_label": None if first == decision.label else first})


def _undecided(old: Merged | None) -> Merged | None:
    """Return what remains of a row whose label was withdrawn or is disputed: its original form, if it has one."""
    if old is None or old.source == "review":
        return None
    if old.batch_id is None:
        return old
    return old.model_copy(
        update={
            "label": old.previous_label or old.label,
            "previous_label": None,
            "batch_id": None,
            "annotators": (),
            "agreement": None,
            "reviewed_at": None,
        }
    )


def _requeue(
    workspace: Workspace,
    reviewed: Reviewed,
    disputed: Sequence[str],
    decisions: Mapping[str, Decision],
    at: datetime,
) -> str | None:
    """Queue the disputed items that no open queue asks about, and return that queue's id."""
    answered: dict[tuple[str, str], int] = {}
    for name, given in reviewed.batches.items():
        for answer in given:
            key = (name, answer.item.sample_id)
            answered[key] = answered.get(key, 0) + (answer.annotation.label is not None)
    found = []
    for sample in sorted(disputed):
        again = [item for item in reviewed.items[sample] if item.reason == "disputed"]
        if any(answered.get((item.batch_id, sample), 0) < item.annotations_wanted for item in again):
            continue
        labels = decisions[sample].labels
        score = 1 - max(labels.values()) / sum(labels.values())
        item = reviewed.items[sample][0]
        found.append(item.model_copy(update={"reason": "disputed", "score": score, "annotations_wanted": 1}))
    return queue.write(workspace, found, at) if found else None


def _notes(config: ProjectConfig, measured: Agreement, made: bool) -> list[str]:
    notes = []
    limit, value = config.review.agreement, measured.value
    if value is not None and value < limit:
        few = f" (of {measured.items} double items only: a first hint)" if measured.items < ENOUGH else ""
        notes.append(
            f"{measured.kind} {value:.2f} is below review.agreement {limit:g}{few}: people read the labels"
            " differently; agree on what each of them means before training"
        )
    if made and config.split.by == "time":
        notes.append(HELD_OUT)
    return notes
