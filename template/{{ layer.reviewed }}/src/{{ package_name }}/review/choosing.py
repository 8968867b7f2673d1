"""Which rows become a queue: those that no one has seen yet, chosen by `select`, with what the model says of them.

One definition for the folders of this machine and for the data lake.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from ..config.project import ProjectConfig
from ..content import FIELD
from ..errors import UserError
from ..figures import plural
from . import contract, items, media, queue, versions
from .contract import QueueItem
from .workspace import Workspace

if TYPE_CHECKING:
    import pandas as pd

    from ..models import Model
    from .select import Pick

# Of more rows than media.CANDIDATES so many are drawn by chance: among more the highest scores are but more extreme.
CANDIDATES_FOR_EACH = 50  # item of the queue, where that is more
Known = Mapping[str, str]  # id -> hash of the content


@dataclass(frozen=True)
class Queued:
    """A queue that was made.

    Args:
        batch_id: its id.
        items: number of its items.
        reasons: reason -> number of items.
        double: items that two people shall answer.
        known: rows that are in the training data or in a queue already, or like one in a queue.
        empty: rows without content.
        rows: rows that were looked at.
        of: rows of the window.
    """

    batch_id: str
    items: int
    reasons: Mapping[str, int]
    double: int
    known: int
    empty: int
    rows: int
    of: int

    @property
    def sentence(self) -> str:
        """What was queued and why."""
        kinds = ", ".join(f"{count} {reason}" for reason, count in sorted(self.reasons.items()))
        found = (
            f"{plural(self.items, 'item')} of {plural(self.of, 'row')} queued: {kinds}; {self.double} for two people"
        )
        if self.rows < self.of:
            found += f"; {self.rows:,} rows drawn by chance were looked at"
        left_out = ((self.known, "known already"), (self.empty, media.EMPTY))
        return found + "".join(f"; {plural(count, 'row')} left out: {why}" for count, why in left_out if count)


@dataclass(frozen=True)
class Source:
    """Rows to choose from.

    Args:
        label: where they are, for messages.
        frame: the rows as they were read.
        original: returns what the data before any review hold; called if there is no version of the training data.
    """

    label: str
    frame: "pd.DataFrame"
    original: Callable[[], Known]


@dataclass(frozen=True)
class InService:
    """The model that answers.

    Args:
        label: NAME:VERSION.
        model: itself.
        reference: rows that it learned from, or the figures that it carries of them.
    """

    label: str
    model: "Model"
    reference: "pd.DataFrame"


@dataclass(frozen=True)
class _Rows:
    """The rows of a window that are looked at, as items.

    Args:
        frame: the rows as they were read.
        found: sample_id, content and content_sha256 of each.
        keys: the item of each row, None for one that must not be queued.
        known: rows that are in the training data or in a queue already, or like one in a queue.
        empty: rows without content.
        of: rows of the window.
        ids: id -> hash of the content, of training data and queues.
    """

    frame: "pd.DataFrame"
    found: "pd.DataFrame"
    keys: Sequence[str | None]
    known: int
    empty: int
    of: int
    ids: dict[str, str]

    def first_rows(self, taken: set[str | None]) -> list[int]:
        """Return the first row of each item that is not taken."""
        first: dict[str, int] = {}
        for position, key in enumerate(self.keys):
            if key is not None and key not in taken:
                first.setdefault(key, position)
        return list(first.values())


def different(config: ProjectConfig, workspace: Workspace, source: Source, budget: int | None = None) -> Queued:
    """Queue items before there is a model: different ones, and some by chance.

    Raises:
        UserError: all rows are queued or labelled already, or the queue cannot be written.
    """
    from . import select

    with workspace.hold():
        wanted = budget or config.review.budget
        rows = _rows(config, workspace, source, wanted)
        drawn = select.by_chance(rows.keys, _share(wanted, config.review.random), config.seed)
        candidates = rows.first_rows({rows.keys[pick.position] for pick in drawn})
        chosen = []
        if candidates:
            vectors = media.vectors(rows.frame.iloc[candidates], config, None)
            for pick in select.diverse(vectors, wanted - len(drawn), config.seed):
                chosen.append(select.Pick(candidates[pick.position], pick.reason, pick.score))
        return _write(workspace, config, rows, drawn, chosen, lambda picks: [{} for _ in picks], None)


def doubtful(
    config: ProjectConfig,
    workspace: Workspace,
    source: Source,
    serving: InService,
    budget: int | None = None,
    at: datetime | None = None,
) -> Queued:
    """Queue what people should look at: drifted, uncertain and random items.

    A registered model carries the first components of its reference alone; then these are compared.

    Args:
        config: of the project.
        workspace: where.
        source: the rows.
        serving: the model that is asked.
        budget: items to queue; default: `review.budget`.
        at: time of the queue, to the second; default: now.

    Raises:
        UserError: the model does not fit the configuration, all rows are queued or labelled already, or the queue
            cannot be written.
    """
    from .. import predictions
    from . import select

    model = serving.model
    if problem := config.mismatch(model.contract):
        raise UserError(f"config/project.yml has changed since the model was trained: {problem}; train it again")
    classes = model.contract.classes or ()
    with workspace.hold():
        wanted = budget or config.review.budget
        rows = _rows(config, workspace, source, wanted)
        drawn = select.by_chance(rows.keys, _share(wanted, config.review.random), config.seed)
        candidates = rows.first_rows({rows.keys[pick.position] for pick in drawn})
        chosen = []
        if candidates:
            reference = serving.reference
            reference = reference.sample(min(len(reference), select.REFERENCE_ROWS), random_state=config.seed)
            known = media.reference_vectors(reference, config, model)
            asked = predictions.predict(model, rows.frame.iloc[candidates])
            probability = predictions.probabilities(asked, classes)
            assert probability is not None
            drifted = min(_share(wanted, config.review.drifted), wanted - len(drawn))
            picks = select.choose(
                media.vectors(rows.frame.iloc[candidates], config, model)[:, : known.shape[1]],
                probability,
                known,
                drifted=drifted,
                uncertain=wanted - len(drawn) - drifted,
                seed=config.seed,
            )
            chosen = [select.Pick(candidates[pick.position], pick.reason, pick.score) for pick in picks]

        def predicted(picks: "Sequence[Pick]") -> list[dict[str, object]]:
            frame = predictions.predict(model, rows.frame.iloc[[pick.position for pick in picks]])
            sure = predictions.confidence(frame, classes)
            return [
                {"pred_label": label, "pred_confidence": min(max(float(confidence), 0.0), 1.0), "model": serving.label}
                for label, confidence in zip(frame[predictions.PREDICTION], sure, strict=True)
            ]

        return _write(workspace, config, rows, drawn, chosen, predicted, at)


def _rows(config: ProjectConfig, workspace: Workspace, source: Source, wanted: int) -> _Rows:
    import numpy as np

    frame = source.frame
    of, most = len(frame), max(media.CANDIDATES, CANDIDATES_FOR_EACH * wanted)
    if of > most:
        looked_at = np.sort(np.random.default_rng(config.seed).permutation(of)[:most])
        frame = frame.iloc[looked_at].reset_index(drop=True)
    found = items.identified(frame, config)
    queued = [item for name in workspace.batches() for item in queue.read(workspace, name)]
    ids = _known(workspace, queued, source.original)
    keys, empty = _keys(frame, found, set(ids.values()), queued, config)
    known = sum(key is None for key in keys) - empty
    if all(key is None for key in keys):
        raise UserError(
            f"{source.label}: none of its {plural(len(keys), 'row')} is left to review: {known:,} are in"
            f" the training data or in a queue already, {empty:,} are {media.EMPTY}"
        )
    return _Rows(frame, found, keys, known, empty, of, ids)


def _keys(
    frame: "pd.DataFrame",
    found: "pd.DataFrame",
    known: set[str],
    queued: Sequence[QueueItem],
    config: ProjectConfig,
) -> tuple[list[str | None], int]:
    """Return the item of each row, and the number of rows without content.

    Rows that are alike are one item; the key of a row that is known, or like a queued one, is None, as that of a row
    without content is.
    """
    digests = found["content_sha256"].tolist()
    new = [place for place, digest in enumerate(digests) if digest is not None and digest not in known]
    before = list({item.content_sha256: item for item in queued}.values())
    first = media.alike(before, frame.iloc[new], config)
    keys: list[str | None] = [None] * len(digests)
    for place, alike in zip(new, first, strict=True):
        if alike is not None and alike >= 0:
            keys[place] = digests[new[alike]]
    return keys, sum(digest is None for digest in digests) + sum(alike is None for alike in first)


def _known(workspace: Workspace, queued: Sequence[QueueItem], original: Callable[[], Known]) -> dict[str, str]:
    """Return id -> hash of the content of all items that are training data or queued."""
    known = {item.sample_id: item.content_sha256 for item in queued}
    newest = workspace.newest_version()
    return known | dict(versions.contents(workspace, newest) if newest else original())


def _write(
    workspace: Workspace,
    config: ProjectConfig,
    rows: _Rows,
    drawn: "Sequence[Pick]",
    chosen: "Sequence[Pick]",
    predicted: "Callable[[Sequence[Pick]], list[dict[str, object]]]",
    now: datetime | None,
) -> Queued:
    import numpy as np

    twice = {pick.position for pick in drawn[: round(len(drawn) * config.review.double)]}
    picks, ids, at = [*drawn, *chosen], dict(rows.ids), now or contract.now()
    queued = []
    others = items.others(rows.frame.iloc[[pick.position for pick in picks]], config)
    for pick, answer, columns in zip(picks, predicted(picks), others, strict=True):
        sample_id, content, digest = rows.found.iloc[pick.position]
        if ids.setdefault(sample_id, digest) != digest:
            raise UserError(
                f"columns.id: id {sample_id!r} has another content in the training data or a queue: give each row an id"
                " of its own"
            )
        queued.append(
            QueueItem.model_validate(
                {
                    "sample_id": sample_id,
                    "content_sha256": digest,
                    FIELD: content,
                    "columns": columns,
                    "batch_id": queue.UNNAMED,
                    "reason": pick.reason,
                    "score": min(pick.score, 1.0),
                    "queued_at": at,
                    "annotations_wanted": 2 if pick.position in twice else 1,
                    **answer,
                }
            )
        )
    # Mixed, so that whoever stops early has answered some of each kind.
    order = np.random.default_rng(config.seed).permutation(len(queued))
    batch_id = queue.write(workspace, [queued[index] for index in order], at)
    reasons = Counter(str(pick.reason) for pick in picks)
    return Queued(batch_id, len(picks), reasons, len(twice), rows.known, rows.empty, len(rows.keys), rows.of)


def _share(budget: int, share: float) -> int:
    return max(round(budget * share), 1)
