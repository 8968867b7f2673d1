"""Proposals for config/project.yml from images: labels of folders or of a table, metric and limits, with reasons."""

import tempfile
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from . import content, data, drafts, duplicates, label_columns, measuring, metrics, pixels, recordings, sources, split
from .config.commented_yaml import Noted
from .config.inputs import DERIVED, FIGURES, FINGERPRINT, IMAGES, TAKEN
from .config.limits import Limits
from .config.project import RESERVED, ProjectConfig
from .config.proposal import ColumnFinding, Proposal, Wishes
from .errors import UserError
from .figures import plural
from .images import ImageError, Rules
from .pixels import PixelClassifier
from .roles import Roles
from .survey import Column, Survey, look_at

if TYPE_CHECKING:
    import pandas as pd

SAMPLE = 5_000  # images that the limits are measured on
FOLDS = 3
FEW_VALUES = 20  # more different values make no slices
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
    image = _image(survey)
    roles, questions = label_columns.assigned(survey, wishes, image)
    findings = tuple(
        drafts.finding(
            column, roles, "categorical", _useless(column), ("image", "paths of images") if column is image else None
        )
        for column in survey.columns.values()
    )
    draft = _sections(roles, image, survey, findings, _Measured(Limits(roles.metric, 0.0, 1.0), []))
    measured = _measure(survey, drafts.validated(draft, survey))
    sections = _sections(roles, image, survey, findings, measured)
    return Proposal(survey.source, findings, questions, sections, _notes(survey, image, roles, sections, measured))


def _image(survey: Survey) -> Column:
    """Return the column of which most values are paths of images."""
    shares = {
        column.name: float(column.filled.str.lower().str.endswith(IMAGES).mean())
        for column in survey.columns.values()
        if column.kind in ("text", "categorical") and not column.unusable and column.name not in ADDED
    }
    name = max(shares, key=lambda each: shares[each], default=None)
    if name is None or shares[name] < 0.5:
        kinds = ", ".join(f"{column.name} ({column.kind or column.unusable})" for column in survey.columns.values())
        raise UserError(
            f"{survey.path}: no column holds paths of images, which end in {', '.join(IMAGES)}; its columns are {kinds}"
        )
    return survey.columns[name]


def _useless(column: Column) -> str:
    """Return why a column makes no slices; a colon ends the kind of reason."""
    if column.name in ADDED:
        return drafts.ADDED
    if column.unusable or column.distinct < 2:
        return column.unusable or "constant: one value"
    if column.kind in ("text", "time") or column.distinct > FEW_VALUES:
        return "not read: the model sees the image alone, and slices need few values"
    return ""


def _sections(
    roles: Roles, image: Column, survey: Survey, findings: Sequence[ColumnFinding], measured: _Measured
) -> dict[str, Any]:
    """Return the sections of config/project.yml."""
    own = drafts.columns_of(roles)
    columns: dict[str, Any] = {"target": own.pop("target"), "image": Noted(image.name, "path of an image"), **own}
    if categorical := [finding.name for finding in findings if finding.role == "categorical"]:
        columns["categorical"] = Noted(categorical, "not for the model: they may be slices")
    kept = Noted("refuse", "near duplicates on both sides of the split; or drop: leave the later ones out")
    if measured.copies:
        kept = Noted("drop", f"{_copies(measured)}: the later ones are left out; or refuse")
    balanced, alike = roles.metric == "f1_macro", "rare labels count as much as frequent ones"
    sections = drafts.compose(
        survey,
        roles,
        findings,
        columns,
        measured.limits,
        measured.slices,
        gain=label_columns.NO_WORSE,
        inputs={
            "images": {
                "size": Noted(measured.side, "pixels on each side of what the model sees"),
                "duplicates": kept,
            }
        },
        learner={
            "model": {
                "kind": Noted("network", "in the dependency group deep; base_model names one to fine-tune"),
                "class_weights": Noted("balanced", alike) if balanced else Noted("none", f"or balanced: {alike}"),
            },
            "review": {"budget": Noted(60, "images that people look at after a breach")},
        },
    )
    limits = sections["monitoring"].value
    for name in ("unseen", "out_of_range"):
        del limits[name]
    limits["unsure"] = Noted(0.1, "rise in the share of images predicted with a probability below")
    limits["confident"] = 0.6 if roles.target.distinct == 2 else 0.5
    sections["serving"] = {"max_rows": Noted(100, "in one online request")}
    return sections


def _measure(survey: Survey, config: ProjectConfig) -> _Measured:
    """Read the images; derive limits from the baseline and from a guess, on validation folds of the training part.

    A column makes slices if two of its values have enough rows in the holdout.
    """
    import numpy as np

    columns, by = config.columns, config.split.by
    found = data.read_dataset(survey.path, config)
    frame = content.derive(found.frame[found.frame[columns.target].notna()].reset_index(drop=True), config)
    first = duplicates.first_alike(frame[FINGERPRINT].tolist(), config.images.similar)
    own = first == np.arange(len(frame))
    shorter = float(frame[["width", "height"]].min(axis="columns").median())
    if by == "time" and columns.time:
        frame = frame[own].sort_values(columns.time, kind="stable")
    step = -(-int(own.sum()) // SAMPLE)
    sample = (frame if by == "time" else frame[own]).iloc[::step].reset_index(drop=True)
    train = sample[~split.holdout(drafts.moments(sample, config), by, config.split.holdout)]
    needed = config.gate.slice_rows / config.split.holdout / step
    slices = [column for column in columns.sliceable if (sample[column].value_counts() >= needed).sum() > 1][:3]
    vectors = _features(train, config)

    def fit(known: "pd.DataFrame", new: "pd.DataFrame") -> "tuple[drafts.Score, drafts.Score]":
        places = train.index.get_indexer(known.index), train.index.get_indexer(new.index)
        model = PixelClassifier.fit(vectors[places[0]], known[columns.target].tolist(), False)
        classes, truth = np.array(model.classes, dtype=object), new[columns.target].to_numpy()
        shares = known[columns.target].value_counts(normalize=True).reindex(classes).to_numpy()

        def score(answers: Any) -> "drafts.Score":
            return lambda rows: metrics.score(
                "classification", truth[rows], classes[answers[rows].argmax(axis=1)], answers[rows], classes
            )

        return score(model.regression.predict_proba(vectors[places[1]])), score(np.tile(shares, (len(new), 1)))

    return _Measured(
        drafts.measured(train, config, slices, FOLDS, fit, round(len(frame) * config.split.holdout)),
        slices,
        next((side for side in SIZES if side >= shorter), SIZES[-1]),
        len(own),
        int((~own).sum()),
        found.left_out,
        tuple(recordings.suspicions(found.frame, config)),
    )


def _features(frame: "pd.DataFrame", config: ProjectConfig) -> Any:
    """Return the grey levels of small images, float32 (rows, values)."""
    import numpy as np

    found = []
    for each in measuring.each(
        lambda image: pixels.features([image])[0], frame[config.columns.image].tolist(), Rules.of(config.images)
    ):
        if isinstance(each, ImageError):
            raise each
        found.append(each)
    return np.stack(found)


def _copies(measured: _Measured) -> str:
    return f"near duplicates, {measured.copies:,} of {plural(measured.rows, 'image')}"


def _notes(
    survey: Survey, image: Column, roles: Roles, sections: dict[str, Any], measured: _Measured
) -> tuple[str, ...]:
    notes = [
        f"Images {image.name!r}; labels {roles.target.name!r}: {label_columns.shown(roles.target)}. Metric"
        f" {drafts.pass_mark(roles, sections)}"
    ]
    notes += label_columns.notes(survey, roles, image)
    if measured.copies:
        notes.append(f"{_copies(measured).capitalize()}: the later ones are left out (images.duplicates).")
    if measured.left_out:
        left = plural(len(measured.left_out), "image is", "images are")
        notes.append(f"{left} left out, first {measured.left_out[0]}.")
    notes += [f"{each[0].upper()}{each[1:]}." for each in measured.suspicions]
    return (*notes, *drafts.dropped(survey, roles))
