"""Proposals for config/project.yml from images: labels of folders or of a table, metric and limits, with reasons."""

import tempfile
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from . import content, data, drafts, duplicates, label_columns, label_drafts, pixels, recordings, sources, split
from .config.commented_yaml import Noted
from .config.inputs import DERIVED, FIGURES, FINGERPRINT, IMAGES, TAKEN
from .config.limits import Limits
from .config.project import RESERVED, ProjectConfig
from .config.proposal import ColumnFinding, Proposal, Wishes
from .errors import UserError
from .figures import plural
from .images import Rules
from .label_drafts import Content
from .pixels import PixelClassifier
from .roles import Roles
from .survey import Column, Survey, look_at

if TYPE_CHECKING:
    import pandas as pd

SAMPLE = 5_000  # images that the limits are measured on
SIZES = (32, 64, 96, 128, 224)  # sides of what a model sees
IMAGE, LABEL = "image", "label"  # columns of label folders, which have none
ADDED = (*RESERVED, *DERIVED, *FIGURES, FINGERPRINT, TAKEN)


@dataclass(frozen=True)
class _Measured:
    """What a look at the images shows: limits, columns that make slices, side, near duplicates, and warnings."""

    limits: Limits
    slices: list[str]
    side: int = SIZES[-1]
    rows: int = 0
    copies: int = 0
    left_out: tuple[str, ...] = ()
    suspicions: tuple[str, ...] = ()


def look(path: Path, usual_target: str | None = None) -> Survey:
    """Return the columns of the tables that list the images at `path`, or the labels that folders give them.

    Raises:
        UserError: nothing can be read, or tables stand beside images that none of them lists.
    """
    found = sources.find(path)
    tables = [source for source in found if source.table is not None]
    if not tables:
        return _of_folders(path, found, usual_target)
    if len(tables) < len(found):
        alone = next(source.path for source in found if source.table is None)
        raise UserError(
            f"{path}: {alone.name} has images that no table lists, beside {tables[0].table}; move them away"
        )
    with tempfile.TemporaryDirectory() as folder:
        return look_at(path, [_unpacked(source, Path(folder)) for source in tables], usual_target)


def _of_folders(path: Path, found: Sequence[sources.Source], usual_target: str | None) -> Survey:
    import pandas as pd

    members = [source.prefix + member for source in found for member in source.members]
    labels = [label for source in found for label in source.labels(())]
    if not any(labels):
        raise UserError(
            f"{path}: its images stand in no folders that could be their labels, and no table lists them; for images"
            " without labels `mlops review start --data` lets people label some first"
        )
    columns = {
        IMAGE: pd.Series(members, dtype=object),
        LABEL: pd.Series(labels, dtype=object),
    }
    size = f"{plural(len(members), 'image')}, {plural(len({*labels} - {None}), 'label folder')}"
    known = {name: Column(name, "categorical", values) for name, values in columns.items()}
    return Survey(path, size, {}, known, len(members), usual_target)


def _unpacked(source: sources.Source, folder: Path) -> Path:
    """Return the file of a table; a copy of it, if it is in an archive."""
    table = source.table or ""
    if source.path.name.endswith(table):
        return source.path
    copy = folder / f"{source.path.stem}-{PurePosixPath(table).name}"
    with zipfile.ZipFile(source.path) as archive:
        copy.write_bytes(archive.read(table))
    return copy


def propose(survey: Survey, wishes: Wishes) -> Proposal:
    """Propose roles, metric and limits for the surveyed images.

    Raises:
        UserError: a wish names no column or does not fit, there are no images or no labels, or an image has several.
    """
    candidates = _images(survey, wishes)
    column = candidates[0]
    image = Content(column, "image", "paths of images")
    roles, questions = label_columns.assigned(survey, wishes, candidates)
    findings = label_drafts.findings(survey, roles, image, ADDED)
    draft = _sections(survey, image, roles, findings, _Measured(Limits(roles.metric, 0.0, 1.0), []))
    measured = _measure(survey, drafts.validated(draft, survey))
    sections = _sections(survey, image, roles, findings, measured)
    return Proposal(survey.source, findings, questions, sections, _notes(survey, image, roles, sections, measured))


def _images(survey: Survey, wishes: Wishes) -> list[Column]:
    """Return the columns of which most values are paths of images, that of the most paths first.

    Raises:
        UserError: there is none, or the one that a person named cannot be it.
    """
    known = [*survey.columns.values()]
    if wishes.content is not None:
        known = [label_columns.content(survey, wishes, "image")]
    shares = {
        column.name: float(column.filled.str.lower().str.endswith(IMAGES).mean())
        for column in known
        if column.kind in label_columns.KINDS and not column.unusable and column.name not in ADDED
    }
    names = sorted((name for name, share in shares.items() if share >= 0.5), key=lambda name: -shares[name])
    if not names:
        paths = f"paths of images, which end in {', '.join(IMAGES)}"
        if wishes.content is not None:
            raise UserError(
                f"--image: {wishes.content!r} does not hold {paths}; its first value is {known[0].example!r}"
            )
        kinds = ", ".join(f"{column.name} ({column.kind or column.unusable})" for column in known)
        raise UserError(f"{survey.path}: no column holds {paths}; its columns are {kinds}")
    return [survey.columns[name] for name in names]


def _sections(
    survey: Survey, image: Content, roles: Roles, findings: Sequence[ColumnFinding], measured: _Measured
) -> dict[str, Any]:
    """Return the sections of config/project.yml."""
    sections = label_drafts.compose(
        survey,
        roles,
        findings,
        image,
        measured.limits,
        measured.slices,
        inputs={
            "images": {
                "size": Noted(measured.side, "pixels on each side of what the model sees"),
                "duplicates": label_drafts.duplicates(_copies(measured) if measured.copies else ""),
            }
        },
        kind=Noted("network", "in the dependency group deep; base_model names one to fine-tune"),
    )
    for name in ("unseen", "out_of_range"):
        del sections["monitoring"].value[name]
    sections["serving"] = {"max_rows": Noted(100, "in one online request")}
    return sections


def _measure(survey: Survey, config: ProjectConfig) -> _Measured:
    """Read the images; derive limits from the baseline and from a guess, on validation folds of the training part."""
    import numpy as np

    columns, by = config.columns, config.split.by
    found = data.read_dataset(survey.path, config)
    frame = content.derive(found.frame[found.frame[columns.target].notna()].reset_index(drop=True), config)
    first = duplicates.first_alike(frame[FINGERPRINT].tolist(), config.images.similar)
    own = first == np.arange(len(frame))
    shorter = float(frame[["width", "height"]].min(axis="columns").median())
    frame = frame[own]
    if by == "time" and columns.time:
        frame = frame.sort_values(columns.time, kind="stable")
    step = -(-len(frame) // SAMPLE)
    sample = frame.iloc[::step].reset_index(drop=True)
    train = sample[~split.holdout(drafts.moments(sample, config), by, config.split.holdout)]
    slices = label_drafts.slices(sample, config, 1 / step)
    vectors = pixels.read(train[columns.image].tolist(), Rules.of(config.images))

    def fit(known: "pd.DataFrame", new: "pd.DataFrame") -> "tuple[drafts.Score, drafts.Score]":
        places = train.index.get_indexer(known.index), train.index.get_indexer(new.index)
        model = PixelClassifier.fit(vectors[places[0]], known[columns.target].tolist(), False)
        answers = model.regression.predict_proba(vectors[places[1]])
        return label_drafts.scores(model.classes, answers, known[columns.target], new[columns.target])

    return _Measured(
        drafts.measured(train, config, slices, pixels.FOLDS, fit, round(len(frame) * config.split.holdout)),
        slices,
        next((side for side in SIZES if side >= shorter), SIZES[-1]),
        len(own),
        int((~own).sum()),
        found.left_out,
        tuple(recordings.suspicions(found.frame, config)),
    )


def _copies(measured: _Measured) -> str:
    return f"near duplicates, {measured.copies:,} of {plural(measured.rows, 'image')}"


def _notes(
    survey: Survey, image: Content, roles: Roles, sections: dict[str, Any], measured: _Measured
) -> tuple[str, ...]:
    notes = label_drafts.notes(survey, roles, image, sections)
    if measured.copies:
        notes.append(f"{_copies(measured).capitalize()}: the later ones are left out (images.duplicates).")
    if measured.left_out:
        left = plural(len(measured.left_out), "image is", "images are")
        notes.append(f"{left} left out, first {measured.left_out[0]}.")
    notes += [f"{each[0].upper()}{each[1:]}." for each in measured.suspicions]
    return (*notes, *drafts.dropped(survey, roles))
