"""The loop with people on this machine, each step in one call: queue, merge, estimate."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from .. import data
from ..config.project import ProjectConfig
from ..config.project import load as load_config
from ..content import FIELD
from ..dataset import Dataset
from ..errors import UserError
from ..figures import plural
from ..paths import Project
from ..pipeline import load
from ..review import answers, contract, estimate, items, media, queue, versions
from ..review import merge as merging
from ..review.contract import Merged, QueueItem
from ..review.workspace import Workspace
from ..scoring import kept as kept_inputs
from . import lifecycle, windows

if TYPE_CHECKING:
    import pandas as pd

    from ..review.select import Pick

# Of more rows than media.CANDIDATES so many are drawn by chance: among more the highest scores are but more extreme.
CANDIDATES_FOR_EACH = 50  # item of the queue, where that is more


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


def start(project: Project, source: Path, budget: int | None = None, workspace: Workspace | None = None) -> Queued:
    """Queue items before there is a model: different ones, and some by chance.

    Args:
        project: whose labels people give.
        source: file or folder of items, with or without labels.
        budget: items to queue; default: `review.budget`.
        workspace: where; default: the project's.

    Raises:
        UserError: the data cannot be used, or all of it is queued or labelled already.
    """
    from ..review import select

    config, place = load_config(project.config_path), workspace or Workspace.of(project)
    with place.hold():
        wanted = budget or config.review.budget
        rows = _rows(project, config, place, source, data.read(source, config, require_target=False), wanted)
        drawn = select.by_chance(rows.keys, _share(wanted, config.review.random), config.seed)
        candidates = rows.first_rows({rows.keys[pick.position] for pick in drawn})
        chosen = []
        if candidates:
            vectors = media.vectors(rows.frame.iloc[candidates], config, None)
            for pick in select.diverse(vectors, wanted - len(drawn), config.seed):
                chosen.append(select.Pick(candidates[pick.position], pick.reason, pick.score))
        return _write(place, config, rows, drawn, chosen, lambda picks: [{} for _ in picks])


def select(
    project: Project,
    source: Path | None = None,
    budget: int | None = None,
    workspace: Workspace | None = None,
) -> Queued:
    """Queue what people should look at: drifted, uncertain and random items of a window.

    Args:
        project: whose champion is asked.
        source: file or folder; default: the newest of data/production, else the requests that serving kept.
        budget: items to queue; default: `review.budget`.
        workspace: where; default: the project's.

    Raises:
        UserError: there is no champion, the data cannot be used, or all of it is queued or labelled already.
    """
    import pandas as pd

    from .. import models, predictions
    from ..review import select

    config, place = load_config(project.config_path), workspace or Workspace.of(project)
    champion = lifecycle.current(project)
    window = source or _default_source(project)
    with place.hold():
        model = models.load(champion.model)
        if problem := config.mismatch(model.contract):
            raise UserError(f"config/project.yml has changed since the model was trained: {problem}; train it again")
        classes = model.contract.classes or ()
        kept = window.resolve().is_relative_to((project.root / "data" / kept_inputs.INPUTS).resolve())
        # A request has the model's inputs and no other column.
        frame = data.read_inputs(window, model.contract) if kept else data.read(window, config, require_target=False)
        wanted = budget or config.review.budget
        rows = _rows(project, config, place, window, frame, wanted)
        drawn = select.by_chance(rows.keys, _share(wanted, config.review.random), config.seed)
        candidates = rows.first_rows({rows.keys[pick.position] for pick in drawn})
        chosen = []
        if candidates:
            reference = pd.read_parquet(champion.evaluation / "reference.parquet")
            reference = reference.sample(min(len(reference), select.REFERENCE_ROWS), random_state=config.seed)
            asked = predictions.predict(model, rows.frame.iloc[candidates])
            probability = predictions.probabilities(asked, classes)
            assert probability is not None
            drifted = min(_share(wanted, config.review.drifted), wanted - len(drawn))
            picks = select.choose(
                media.vectors(rows.frame.iloc[candidates], config, model),
                probability,
                media.reference_vectors(reference, config, model),
                drifted=drifted,
                uncertain=wanted - len(drawn) - drifted,
                seed=config.seed,
            )
            chosen = [select.Pick(candidates[pick.position], pick.reason, pick.score) for pick in picks]

        def predicted(picks: "Sequence[Pick]") -> list[dict[str, object]]:
            frame = predictions.predict(model, rows.frame.iloc[[pick.position for pick in picks]])
            sure = predictions.confidence(frame, classes)
            name = f"{champion.name}:{champion.version}"
            return [
                {"pred_label": label, "pred_confidence": min(max(float(confidence), 0.0), 1.0), "model": name}
                for label, confidence in zip(frame[predictions.PREDICTION], sure, strict=True)
            ]

        return _write(place, config, rows, drawn, chosen, predicted)


def merge(project: Project, workspace: Workspace | None = None) -> merging.Outcome:
    """Make the next version of the training data from what people answered (see `review.merge`)."""
    config = load_config(project.config_path)
    return merging.merge(workspace or Workspace.of(project), config, lambda: original_rows(project, config))


def original_rows(project: Project, config: ProjectConfig) -> list[Merged]:
    """Return the labelled data that the pipeline reads, as rows of a version; none if the folder holds no data.

    Raises:
        UserError: a file cannot be used, a row has no label or no content, or an id is there twice.
    """
    dataset = _original(project, config)
    if dataset is None:
        return []
    found, target = items.identified(dataset.frame, config), dataset.frame[config.columns.target]
    rows = []
    for position, (sample_id, content, digest, label, columns) in enumerate(
        zip(*(found[name] for name in found), target, items.others(dataset.frame, config), strict=True)
    ):
        if content is None or label is None or label != label:
            what = "no content" if content is None else f"no {config.columns.target}"
            place = dataset.place(position, project.relative)
            raise UserError(f"{place} has {what}; `mlops check` lists all such rows")
        row = {"sample_id": sample_id, "content_sha256": digest, FIELD: content, "columns": columns}
        rows.append(Merged.model_validate(row | {"label": str(label), "source": "original"}))
    return rows


def _original(project: Project, config: ProjectConfig) -> Dataset | None:
    path = project.root / str(load.load(project, project.pipeline).inputs["data"].default)
    if not path.exists() or (path.is_dir() and all(entry.name.startswith(".") for entry in path.iterdir())):
        return None
    return data.read_dataset(path, config)


def measure(project: Project, workspace: Workspace | None = None) -> estimate.Estimate:
    """Estimate the accuracy in production and write estimate.json: in outputs/review, or beside a given workspace.

    Raises:
        UserError: a queue or a log breaks a rule, or there is no queue.
    """
    config, place = load_config(project.config_path), workspace or Workspace.of(project)
    place.require_batch(None)
    rules = answers.LabelRules.of(None, config.labels.renamed)
    found = estimate.estimate(answers.collect(place), rules, config)
    found.save(workspace.root if workspace else project.outputs / "review")
    return found


def _default_source(project: Project) -> Path:
    """Return what is reviewed where no data is named.

    Raises:
        UserError: nothing has arrived and nothing was kept.
    """
    if found := windows.windows(project):
        return found[-1]
    kept = project.root / "data" / kept_inputs.INPUTS
    if kept.is_dir() and any(not path.name.startswith(".") for path in kept.iterdir()):
        return kept
    raise UserError(
        f"{project.relative(project.production)}: no data has arrived yet; put a file there, name one with --data, or"
        " let serving keep requests (review.keep_inputs)"
    )


def _rows(
    project: Project, config: ProjectConfig, workspace: Workspace, source: Path, frame: "pd.DataFrame", wanted: int
) -> _Rows:
    import numpy as np

    of, most = len(frame), max(media.CANDIDATES, CANDIDATES_FOR_EACH * wanted)
    if of > most:
        looked_at = np.sort(np.random.default_rng(config.seed).permutation(of)[:most])
        frame = frame.iloc[looked_at].reset_index(drop=True)
    found = items.identified(frame, config)
    queued = [item for name in workspace.batches() for item in queue.read(workspace, name)]
    ids = _known(project, config, workspace, queued)
    keys, empty = _keys(frame, found, set(ids.values()), queued, config)
    known = sum(key is None for key in keys) - empty
    if all(key is None for key in keys):
        raise UserError(
            f"{project.relative(source)}: none of its {plural(len(keys), 'row')} is left to review: {known:,} are in"
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


def _known(
    project: Project, config: ProjectConfig, workspace: Workspace, queued: Sequence[QueueItem]
) -> dict[str, str]:
    """Return id -> hash of the content of all items that are training data or queued."""
    known = {item.sample_id: item.content_sha256 for item in queued}
    if newest := workspace.newest_version():
        known |= {row.sample_id: row.content_sha256 for row in versions.rows(workspace, newest)}
    elif dataset := _original(project, config):
        found = items.identified(dataset.frame, config)
        known |= dict(zip(found["sample_id"], found["content_sha256"], strict=True))
    return known


def _write(
    workspace: Workspace,
    config: ProjectConfig,
    rows: _Rows,
    drawn: "Sequence[Pick]",
    chosen: "Sequence[Pick]",
    predicted: "Callable[[Sequence[Pick]], list[dict[str, object]]]",
) -> Queued:
    import numpy as np

    twice = {pick.position for pick in drawn[: round(len(drawn) * config.review.double)]}
    picks, ids, at = [*drawn, *chosen], dict(rows.ids), contract.now()
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
