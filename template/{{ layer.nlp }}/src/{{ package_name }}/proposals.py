"""Proposals for config/project.yml from a file of texts: roles of its columns, metric and limits, with reasons."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import (
    annotate,
    content,
    data,
    data_folder,
    drafts,
    duplicates,
    label_columns,
    label_drafts,
    models,
    split,
    texts,
)
from .config.commented_yaml import Noted
from .config.inputs import DERIVED, MASKED
from .config.limits import Limits
from .config.project import RESERVED, ProjectConfig
from .config.proposal import ColumnFinding, Proposal, Wishes
from .errors import UserError
from .figures import plural
from .label_drafts import Content
from .roles import TARGETS, Roles
from .survey import NAMES_THINGS, Column, Survey, look_at

if TYPE_CHECKING:
    import pandas as pd

SAMPLE = 10_000  # texts that the limits are measured on
LOOKED_AT = 1000  # texts of a column whose length is counted
USUAL_NAMES = ("text", "body", "content", "message", "review", "comment", "sentence", "description")


@dataclass(frozen=True)
class _Measured:
    """What a sample of the texts shows: limits, columns that make slices, shares of languages, near duplicates."""

    limits: Limits
    slices: list[str]
    languages: dict[str, float]
    rows: int = 0
    copies: int = 0
    whole: bool = True  # whether the sample is all there is


def look(path: Path, usual_target: str | None = None) -> Survey:
    """Read every column of the files at `path`, and tell its kind (see `survey.look_at`)."""
    return look_at(path, data_folder.files(path), usual_target)


def propose(survey: Survey, wishes: Wishes) -> Proposal:
    """Propose roles, metric and limits for the surveyed texts.

    Raises:
        UserError: a wish names no column or does not fit, there are no texts or no labels, or a text has several.
    """
    candidates = _texts(survey, wishes)
    column = candidates[0]
    text = Content(column, "text", f"{_words(column):.0f} words on average")
    roles, questions = label_columns.assigned(survey, wishes, candidates)
    findings = label_drafts.findings(survey, roles, text, (*RESERVED, *DERIVED))
    draft = _sections(survey, text, roles, findings, _Measured(Limits(roles.metric, 0.0, 1.0), [], {}))
    config = drafts.validated(draft, survey)
    frame = data.read(survey.path, config)
    measured = _measure(frame[frame[column.name].notna()].reset_index(drop=True), config)
    sections = _sections(survey, text, roles, findings, measured)
    return Proposal(survey.source, findings, questions, sections, _notes(survey, text, roles, sections, measured))


def _texts(survey: Survey, wishes: Wishes) -> list[Column]:
    """Return the columns that may hold the texts: those of more words first, where the usual names count twice.

    Raises:
        UserError: there is none, or the one that a person named cannot be it.
    """
    if wishes.content is not None:
        return [label_columns.content(survey, wishes, "text")]
    taken = (wishes.target, wishes.id, wishes.time)
    able = {
        column.name: _words(column) * (2 if column.name.lower() in USUAL_NAMES else 1)
        for column in survey.columns.values()
        if column.kind in label_columns.KINDS and not column.unusable and column.name not in (*taken, *RESERVED)
    }
    able = {name: words for name, words in able.items() if words > 2 or (words and not _named_otherwise(name))}
    if not able:
        kinds = ", ".join(f"{column.name} ({column.kind or column.unusable})" for column in survey.columns.values())
        raise UserError(f"{survey.path}: no column holds texts; its columns are {kinds}")
    first, *others = sorted(able, key=lambda name: -able[name])
    return [survey.columns[name] for name in (first, *(name for name in others if able[name] > 2))]


def _words(column: Column) -> float:
    """Return the mean number of words of the different values, numbers not counted; less where values repeat."""
    distinct = column.filled.drop_duplicates()
    looked_at = distinct.iloc[:: -(-len(distinct) // LOOKED_AT)]
    own = len(distinct) / column.count
    words = sum(not token.isdecimal() for value in looked_at for token in annotate.tokens(str(value)))
    return own * words / len(looked_at)


def _named_otherwise(name: str) -> bool:
    return name.lower() in TARGETS or bool(NAMES_THINGS.search(name))


def _sections(
    survey: Survey, text: Content, roles: Roles, findings: Sequence[ColumnFinding], measured: _Measured
) -> dict[str, Any]:
    """Return the sections of config/project.yml."""
    copies = _copies(measured) if measured.copies or not measured.whole else ""
    return label_drafts.compose(
        survey,
        roles,
        findings,
        text,
        measured.limits,
        measured.slices,
        inputs={
            "texts": {
                "mask": Noted(list(MASKED), "personal data that become a word such as [EMAIL]; names stay"),
                "duplicates": label_drafts.duplicates(copies),
            }
        },
        kind=Noted("linear", "or transformer, with the dependency group deep"),
    )


def _measure(frame: "pd.DataFrame", config: ProjectConfig) -> _Measured:
    """Derive limits from the linear family and from a guess, on validation folds of the training part."""
    columns, by = config.columns, config.split.by
    count = min(len(frame), SAMPLE)
    if by == "time" and columns.time:
        frame = frame.sort_values(columns.time, kind="stable")
    sample = frame.iloc[[row * len(frame) // count for row in range(count)]].reset_index(drop=True)
    normal = texts.normalised(sample[columns.text], config.texts.mask)
    own = duplicates.first_alike(normal.tolist(), config.texts.similar) == range(len(sample))
    sample = content.derive(sample.assign(**{columns.text: normal})[own].reset_index(drop=True), config)
    train = sample[~split.holdout(drafts.moments(sample, config), by, config.split.holdout)]
    slices = label_drafts.slices(sample, config, count / len(frame))
    languages = sample["language"].value_counts(normalize=True)

    def fit(known: "pd.DataFrame", new: "pd.DataFrame") -> "tuple[drafts.Score, drafts.Score]":
        model = models.fit_linear(known, config)
        answers = model.predict_proba(new[columns.text].tolist())
        return label_drafts.scores(model.classes, answers, known[columns.target], new[columns.target])

    return _Measured(
        drafts.measured(train, config, slices, models.FOLDS, fit, round(len(frame) * config.split.holdout)),
        slices,
        {str(language): share for language, share in languages.items()},
        len(own),
        len(own) - len(sample),
        count == len(frame),
    )


def _copies(measured: _Measured) -> str:
    return f"near duplicates, {measured.copies:,} of {plural(measured.rows, 'text')} looked at"


def _notes(
    survey: Survey, text: Content, roles: Roles, sections: dict[str, Any], measured: _Measured
) -> tuple[str, ...]:
    notes = label_drafts.notes(survey, roles, text, sections)
    mix = ", ".join(f"{name} {share:.0%}" for name, share in list(measured.languages.items())[:5] if share >= 0.005)
    notes.append(f"Languages: {mix} (und: too short to tell, or unsure).")
    blank = int(text.column.filled.map(lambda value: not str(value).strip()).sum())
    if empty := survey.rows - text.column.count + blank:
        gaps = plural(empty, "row has", "rows have")
        notes.append(f"{gaps} no {text.column.name!r}: `mlops check` refuses an empty text; remove these rows.")
    if roles.by == "time":
        notes.append(
            "By time the newest texts are held out, and so most of those that people review: with split.by: id the next"
            " training learns from them."
        )
    if measured.copies:
        notes.append(f"{_copies(measured).capitalize()}: the later ones are left out (texts.duplicates).")
    return (*notes, *drafts.dropped(survey, roles))
