"""Proposals for config/project.yml from a file of texts: roles of its columns, metric and limits, with reasons."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import annotate, content, data, data_folder, duplicates, metrics, models, split, texts
from .config.commented_yaml import Noted, plain
from .config.inputs import DERIVED, MASKED
from .config.limits import Limits, about, derive
from .config.limits import sections as limit_sections
from .config.project import RESERVED, ProjectConfig
from .config.proposal import LEFT_OUT, ColumnFinding, Proposal, Wishes
from .errors import UserError
from .figures import plural
from .roles import TARGETS, Roles, assign, describe, suspicion
from .survey import NAMES_THINGS, Column, Survey, look_at

if TYPE_CHECKING:
    import pandas as pd

SAMPLE = 10_000  # texts that the limits are measured on
LOOKED_AT = 1000  # texts of a column whose length is counted
CLASSES = 1000  # more different labels are no classes
FEW_VALUES = 20  # more different values make no slices
UNEQUAL = 5  # times as frequent as the rarest class: the most frequent one alone decides the accuracy
USUAL_NAMES = ("text", "body", "content", "message", "review", "comment", "sentence", "description")
MARKS = (";", "|", ",")  # that join several labels in one value
SHOWN_LABELS = 5
LISTS = "not one value a row: list"
ONE_LABEL = "this project gives a text one: keep the most important one, or make a column and a project for each"


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
    if wishes.target is None and (problem := _named_target_problem(survey)):
        raise UserError(f"{survey.path}: {problem}")
    text = _text(survey, wishes)
    others = {name: column for name, column in survey.columns.items() if column is not text}
    try:
        roles, questions = assign(replace(survey, columns=others), wishes, ("classification",), CLASSES)
    except UserError as error:
        raise UserError(_reason(survey, wishes, str(error))) from None
    if wishes.target is None and (several := _several(roles.target)):
        raise UserError(f"{survey.path}: {several}")
    if wishes.metric is None:
        counts = roles.target.filled.value_counts()
        roles = replace(roles, metric="f1_macro" if counts.iloc[0] > UNEQUAL * counts.iloc[-1] else "accuracy")
        questions = tuple(replace(one, default=roles.metric) if one.wish == "metric" else one for one in questions)
    findings = tuple(_finding(column, text, roles) for column in survey.columns.values())
    sections, measured = _sections(survey, text, roles, findings)
    return Proposal(survey.source, findings, questions, sections, _notes(survey, text, roles, sections, measured))


def _text(survey: Survey, wishes: Wishes) -> Column:
    """Return the column of texts: that of the most words, where the usual names count twice."""
    taken = (wishes.target, wishes.id, wishes.time)
    able = {
        column.name: _words(column) * (2 if column.name.lower() in USUAL_NAMES else 1)
        for column in survey.columns.values()
        if column.kind in ("text", "categorical") and not column.unusable and column.name not in (*taken, *RESERVED)
    }
    able = {name: words for name, words in able.items() if words > 2 or (words and not _named_otherwise(name))}
    if not able:
        kinds = ", ".join(f"{column.name} ({column.kind or column.unusable})" for column in survey.columns.values())
        raise UserError(f"{survey.path}: no column holds texts; its columns are {kinds}")
    return survey.columns[max(able, key=lambda name: able[name])]


def _words(column: Column) -> float:
    """Return the mean number of words of the different values, numbers not counted; less where values repeat."""
    distinct = column.filled.drop_duplicates()
    looked_at = distinct.iloc[:: -(-len(distinct) // LOOKED_AT)]
    own = len(distinct) / len(column.filled)
    words = sum(not token.isdecimal() for value in looked_at for token in annotate.tokens(str(value)))
    return own * words / len(looked_at)


def _named_otherwise(name: str) -> bool:
    return name.lower() in TARGETS or bool(NAMES_THINGS.search(name))


def _named_target_problem(survey: Survey) -> str:
    """Return why a column that is named like the labels cannot hold them."""
    for column in survey.columns.values():
        if column.name.lower() in (*TARGETS, *(f"{name}s" for name in TARGETS), "tags", "topics", "categories"):
            if column.unusable.startswith(LISTS):
                return f"{column.name!r} holds several labels for one text; {ONE_LABEL}"
            if column.distinct == 1 and not column.unusable:
                return f"{column.name!r} has one label only ({column.example!r}); a model needs texts of two or more"
    return ""


def _reason(survey: Survey, wishes: Wishes, reason: str) -> str:
    """Return why a column cannot hold the labels, or that none does, in terms of texts."""
    if wishes.target is not None:
        column = survey.columns.get(wishes.target)
        several = column is not None and column.unusable.startswith(LISTS)
        return f"--target: {wishes.target!r} holds several labels for one text; {ONE_LABEL}" if several else reason
    if "--target" not in reason:
        return reason
    return (
        f"{survey.path}: no column holds labels: few different values, each for many texts. Name it with --target; for"
        " texts without labels `mlops review start --data` lets people label some first"
    )


def _several(target: Column) -> str:
    """Return the reason if most values of the target join several labels, such as `sport;politics`."""
    values = set(target.filled.unique())
    for mark in MARKS:
        joined = [[part.strip() for part in value.split(mark)] for value in values if mark in value]
        parts = {part for value in joined for part in value}
        if joined and all(parts) and len(joined) > 1 and len(parts) < 2 * len(joined) and parts & values:
            shown = mark.join(joined[0])
            return f"{target.name!r} holds several labels for one text, such as {shown!r}; {ONE_LABEL}"
    return ""


def _finding(column: Column, text: Column, roles: Roles) -> ColumnFinding:
    role, suspicious = roles.role(column), False
    reason = describe(role, column, roles) if role else ""
    if column is text:
        role, reason = "text", f"{_words(column):.0f} words on average"
    elif not role:
        reason = _useless(column)
        if not reason:
            reason = suspicion(column, roles)
            suspicious = bool(reason)
        role = LEFT_OUT if reason else "categorical"
    kind = column.kind or "unknown"
    return ColumnFinding(column.name, role, kind, column.missing, column.distinct, column.example, reason, suspicious)


def _useless(column: Column) -> str:
    """Return why a column makes no slices; a colon ends the kind of reason."""
    if column.name in (*RESERVED, *DERIVED):
        return "a name that this project adds: rename it"
    if column.unusable or column.distinct < 2:
        return column.unusable or "constant: one value"
    if column.kind in ("text", "time") or column.distinct > FEW_VALUES:
        return "not read: the model sees the text alone, and slices need few values"
    return ""


def _sections(
    survey: Survey, text: Column, roles: Roles, findings: Sequence[ColumnFinding]
) -> tuple[dict[str, Any], _Measured]:
    """Return the sections of config/project.yml, with limits measured on the data."""
    draft = _with_limits(survey, text, roles, findings, _Measured(Limits(roles.metric, 0.0, 1.0), [], {}))
    try:
        config = ProjectConfig.model_validate(plain(draft))
    except ValueError as error:
        raise UserError(f"{survey.path}: {' '.join(str(error).split())}") from None
    frame = data.read(survey.path, config)
    measured = _measure(frame[frame[text.name].notna()].reset_index(drop=True), config)
    return _with_limits(survey, text, roles, findings, measured), measured


def _with_limits(
    survey: Survey, text: Column, roles: Roles, findings: Sequence[ColumnFinding], measured: _Measured
) -> dict[str, Any]:
    target, rows = roles.target, len(roles.target.filled)
    files = dict(survey.files)
    if target.missing:
        gaps = f"{plural(survey.rows - rows, 'row has', 'rows have')} no {target.name!r}"
        files["without_target"] = Noted("drop", f"{gaps}; refuse: stop instead")
    columns: dict[str, Any] = {
        "target": Noted(target.name, describe("target", target, roles)),
        "text": Noted(text.name, f"{_words(text):.0f} words on average"),
    }
    if roles.id is not None:
        columns["id"] = Noted(roles.id.name, "unique for each row")
    if roles.time is not None:
        columns["time"] = Noted(roles.time.name, describe("time", roles.time, roles))
    if categorical := [finding.name for finding in findings if finding.role == "categorical"]:
        columns["categorical"] = Noted(categorical, "not for the model: they may be slices")
    left = [f"{one.name}: {one.reason}" for one in findings if one.role == LEFT_OUT]
    limited = limit_sections("classification", roles.by, measured.limits, measured.slices, rows)
    limited["monitoring"].value["unsure"] = Noted(0.1, "rise in the share of texts predicted with a probability below")
    limited["monitoring"].value["confident"] = 0.6 if target.distinct == 2 else 0.5
    sections: dict[str, Any] = {
        "about": about(),
        "task": "classification",
        "files": Noted(files, "how the files are written"),
        "columns": Noted(
            columns, "each column has one role; all others are ignored", ("Left out:", *left) if left else ()
        ),
        "texts": {
            "mask": Noted(list(MASKED), "personal data that become a word such as [EMAIL]; names stay"),
            "duplicates": Noted(
                "refuse", "near duplicates on both sides of the split; or drop: leave the later ones out"
            )
            if measured.whole and not measured.copies
            else Noted("drop", f"{_copies(measured)}: the later ones are left out; or refuse"),
        },
        **limited,
        "model": {
            "kind": Noted("linear", "or transformer, with the dependency group deep"),
            "class_weights": Noted("balanced", "rare labels count as much as frequent ones")
            if roles.metric == "f1_macro"
            else Noted("none", "or balanced: rare labels count as much as frequent ones"),
        },
        "review": {"budget": Noted(60, "texts that people look at after a breach")},
        "serving": {"max_rows": Noted(1000, "in one online request")},
        "seed": 42,
    }
    if not files:
        del sections["files"]
    return sections


def _measure(frame: "pd.DataFrame", config: ProjectConfig) -> _Measured:
    """Derive limits from the linear family and from a guess, on validation folds of the training part.

    A column makes slices if two of its values have enough rows in the holdout.
    """
    import pandas as pd

    columns, by = config.columns, config.split.by
    step = -(-len(frame) // SAMPLE)
    if by == "time" and columns.time:
        frame = frame.sort_values(columns.time, kind="stable")
    sample = frame.iloc[::step].reset_index(drop=True)
    normal = texts.normalised(sample[columns.text], config.texts.mask)
    own = duplicates.first_alike(normal.tolist(), config.texts.similar) == range(len(sample))
    sample = content.derive(sample.assign(**{columns.text: normal})[own].reset_index(drop=True), config)
    moments = sample[columns.time] if by == "time" and columns.time else pd.Series(range(len(sample))).astype(str)
    train = sample[~split.holdout(moments, by, config.split.holdout)]
    needed = config.gate.slice_rows / config.split.holdout / step
    slices = [column for column in columns.sliceable if (sample[column].value_counts() >= needed).sum() > 1][:3]
    folds = [
        figures
        for learn, test in split.folds(moments[train.index], by, models.FOLDS)
        if (figures := _figures(train[learn], train[test], config, slices))
    ]
    languages = sample["language"].value_counts(normalize=True)
    return _Measured(
        derive(
            config.metric.name,
            [baseline for baseline, _, _ in folds],
            [guess for _, guess, _ in folds],
            [gap for _, _, gaps in folds for gap in gaps],
            round(len(frame) * config.split.holdout),
        ),
        slices,
        {str(language): share for language, share in languages.items()},
        len(own),
        len(own) - len(sample),
        step == 1,
    )


def _figures(
    known: "pd.DataFrame", new: "pd.DataFrame", config: ProjectConfig, slices: Sequence[str]
) -> tuple[float, float, list[float]] | None:
    """Return the metric of a linear model of `known` on `new`, that of a guess, and the gap of each slice column.

    None if a fold has nothing to learn from or does not define the metric.
    """
    import numpy as np

    target, name = config.columns.target, config.metric.name
    if not len(new) or known[target].nunique() < 2:
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it may not converge: it is a yardstick only
        classifier = models.fit_linear(known, config)
    classes = np.array(classifier.classes, dtype=object)
    shares = known[target].value_counts(normalize=True).reindex(classes).to_numpy()

    def score(rows: Any, probability: Any) -> dict[str, float]:
        answers = classes[probability.argmax(axis=1)]
        return metrics.score("classification", rows[target].to_numpy(), answers, probability, classes)

    probability = classifier.predict_proba(new[config.columns.text].tolist())
    found, guess = score(new, probability), score(new, np.tile(shares, (len(new), 1)))
    if name not in found or name not in guess:
        return None
    gaps = []
    for column in slices:
        groups = new.groupby(column).indices.values()
        parts = [score(new.iloc[group], probability[group]) for group in groups if len(group) >= config.gate.slice_rows]
        figures = [each[name] for each in parts if name in each]
        gaps += [max(figures) - min(figures)] if figures else []
    return found[name], guess[name], gaps


def _copies(measured: _Measured) -> str:
    return f"near duplicates, {measured.copies:,} of {plural(measured.rows, 'text')} looked at"


def _notes(
    survey: Survey, text: Column, roles: Roles, sections: dict[str, Any], measured: _Measured
) -> tuple[str, ...]:
    gate, target = plain(sections["gate"]), roles.target
    counts = target.filled.value_counts()
    shown = ", ".join(f"{label} {count:,}" for label, count in counts.head(SHOWN_LABELS).items())
    rest = len(counts) - SHOWN_LABELS
    notes = [
        f"Text {text.name!r}; labels {target.name!r}: {shown}{f', and {rest:,} more' if rest > 0 else ''}."
        f" Metric {roles.metric}, at {'most' if roles.metric in metrics.MINIMIZED else 'least'} {gate['minimum']:g} to"
        f" pass the gate; split by {roles.by}."
    ]
    mix = ", ".join(f"{name} {share:.0%}" for name, share in list(measured.languages.items())[:5] if share >= 0.005)
    notes.append(f"Languages: {mix} (und: too short to tell, or unsure).")
    single = counts[counts == 1]
    if len(single):
        notes.append(
            f"{plural(len(single), 'label has', 'labels have')} one text only, such as {str(single.index[0])!r}:"
            " `mlops check` refuses it; add texts, or give these another label."
        )
    flags = [
        column.name
        for column in survey.columns.values()
        if column.kind == "boolean" and column.name not in (target.name, text.name)
    ]
    if target.kind == "boolean" and flags:
        notes.append(
            f"{', '.join(flags[:5])} {'is' if len(flags) == 1 else 'are'} yes or no as well: if several may hold for"
            f" one text, this project learns {target.name!r} alone, and each other one needs a project of its own."
        )
    if text.missing:
        gaps = plural(survey.rows - len(text.filled), "row has", "rows have")
        notes.append(f"{gaps} no {text.name!r}: `mlops check` refuses an empty text; remove these rows.")
    if measured.copies:
        notes.append(f"{_copies(measured).capitalize()}: the later ones are left out (texts.duplicates).")
    if target.missing:
        notes.append(f"{plural(survey.rows - len(target.filled), 'row')} without {target.name!r} dropped.")
    return tuple(notes)
