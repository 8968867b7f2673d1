"""Proposals for config/project.yml from a table: the roles of its columns, task, metric and limits, with reasons."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import data, data_folder, drafts, features, models, split
from .config.commented_yaml import Noted
from .config.limits import Limits
from .config.project import RESERVED, ProjectConfig
from .config.proposal import LEFT_OUT, ColumnFinding, Proposal, Wishes
from .errors import UserError
from .roles import RARE, Roles, assign, describe
from .survey import NAMES_THINGS, Column, Survey, look_at

if TYPE_CHECKING:
    import pandas as pd

SAMPLE = 20_000  # rows that the limits are measured on
MOSTLY_MISSING = 0.9
FEW_VALUES = 10  # more different values make no slices
FEATURES = ("numeric", "categorical", "boolean", "dates")
SENSITIVE = re.compile(
    r"(^|[^a-z])(sex|gender|age|race|ethnic|nation|country|region|state|origin|language|religion|disab)", re.I
)


def look(path: Path, usual_target: str | None = None) -> Survey:
    """Read every column of the files at `path`, and tell its kind (see `survey.look_at`)."""
    return look_at(path, data_folder.files(path), usual_target)


def propose(survey: Survey, wishes: Wishes) -> Proposal:
    """Propose roles, task, metric and limits for the surveyed table.

    Raises:
        UserError: a wish names no column or does not fit, no target can be told, or nothing is left to learn from.
    """
    roles, questions = assign(survey, wishes)
    findings = _findings(survey, roles)
    sections = _sections(survey, roles, findings)
    return Proposal(survey.source, findings, questions, sections, _notes(survey, roles, findings, sections))


def _findings(survey: Survey, roles: Roles) -> tuple[ColumnFinding, ...]:
    seen: dict[int, Column] = {}
    found = [_finding(column, roles, seen) for column in survey.columns.values()]
    if roles.time is None and not any(finding.role in FEATURES for finding in found):
        raise UserError(
            f"{survey.path}: no column is left to learn {roles.target.name!r} from; left out: "
            + "; ".join(f"{one.name!r} ({one.reason})" for one in found if one.role == LEFT_OUT)
        )
    return tuple(found)


def _finding(column: Column, roles: Roles, seen: dict[int, Column]) -> ColumnFinding:
    """Return the role of a column; `seen` holds the columns before it by a hash of their values."""
    import pandas as pd

    useless = ""
    if not roles.role(column):
        twin = seen.setdefault(hash(pd.util.hash_array(column.values.to_numpy(object)).tobytes()), column)
        useless = _useless(column) or (f"duplicate: the same values as {twin.name!r}" if twin is not column else "")
    return drafts.finding(column, roles, _feature_role(column), useless)


def _feature_role(column: Column) -> str:
    if column.kind == "time":
        return "dates"
    if column.kind == "boolean":
        return "boolean"
    return "numeric" if column.kind == "numeric" and not _is_key(column) else "categorical"


def _is_key(column: Column) -> bool:
    return column.whole and bool(NAMES_THINGS.search(column.name))


def _useless(column: Column) -> str:
    """Return why a column cannot be a feature, whatever the target; a colon ends the kind of reason."""
    filled = column.count
    if column.name in RESERVED:
        return drafts.ADDED
    if column.unusable or column.distinct < 2:
        return (
            column.unusable
            or "constant: one value, and no gaps" * (not column.missing)
            or "constant where it has a value"
        )
    if column.missing > MOSTLY_MISSING:
        return f"mostly missing: {column.missing:.0%} of the rows"
    if column.names_rows:
        return "id: a value of its own in each row"
    if column.kind == "text":
        return "free text: see the nlp scenario"
    if column.distinct > 0.5 * filled and column.kind == "categorical":
        return "nearly unique: says more about a row than about its kind"
    if _is_key(column) and column.distinct > features.MAX_CATEGORIES:
        return f"key: names {column.distinct:,} things, but not each row"
    return ""


def _sections(survey: Survey, roles: Roles, findings: tuple[ColumnFinding, ...]) -> dict[str, Any]:
    """Return the sections of config/project.yml, with limits measured on the data."""
    columns, slices = _columns(survey, roles, findings), _slices(survey, findings, roles.target.count)

    def with_limits(limits: Limits) -> dict[str, Any]:
        return drafts.compose(survey, roles, findings, columns, limits, slices, learner=_learner(roles))

    config = drafts.validated(with_limits(Limits(roles.metric, 0.0, 1.0)), survey)
    frame = data.read(survey.path, config)
    sections = with_limits(_measure(frame, config))
    if roles.task == "classification":
        labels = frame[config.columns.target].value_counts()
        if len(labels) == 2:
            rare = labels.iloc[-1] < RARE * labels.sum()
            sections["decision"].value["positive"] = Noted(str(labels.index[-1]), "the class to find: the rarer one")
            if not rare:
                del sections["decision"].value["threshold"]
        else:
            del sections["decision"]
    return sections


def _columns(survey: Survey, roles: Roles, findings: tuple[ColumnFinding, ...]) -> dict[str, Any]:
    """Return the section `columns`."""
    columns = drafts.columns_of(roles)
    for role in ("numeric", "categorical", "boolean"):
        if listed := [finding for finding in findings if finding.role == role]:
            columns[role] = [Noted(one.name, _facts(survey.columns[one.name], role)) for one in listed]
    dates = [survey.columns[one.name] for one in findings if one.role == "dates"]
    if roles.time is not None and not any(one.role in FEATURES for one in findings):
        dates = [roles.time]  # all that there is to learn from
    if dates:
        columns["dates"] = {column.name: _parts(column) for column in dates}
    return columns


def _learner(roles: Roles) -> dict[str, Any]:
    """Return the sections that stand after the limits."""
    if roles.task == "regression":
        return {"model": _model(roles)}
    decision = {"positive": None, "threshold": Noted("f1", "found on validation folds; or a number")}
    return {"decision": Noted(decision, "how a probability becomes an answer"), "model": _model(roles)}


def _model(roles: Roles) -> dict[str, Any]:
    model: dict[str, Any] = {
        "kind": Noted("auto", "linear or hist_gradient_boosting, whichever validates better; or name one, or lightgbm"),
        "parameters": Noted({}, "as scikit-learn or LightGBM name them; under auto they are the boosted model's"),
    }
    if roles.skewed:
        model["target"] = Noted("log", "a long right tail; none: learn the values as they are")
    return model


def _facts(column: Column, role: str) -> str:
    """Describe a feature in a comment."""
    gaps = f", {column.missing:.0%} missing" if column.missing >= 0.005 else ""
    if role == "numeric" and column.numbers is not None:
        return f"{column.numbers.min():.6g} to {column.numbers.max():.6g}{gaps}"
    top = [str(value)[:24] for value in column.filled.value_counts().index[:3]]
    return f"{', '.join(top)}{f', ... ({column.distinct:,})' * (column.distinct > 3)}{gaps}"


def _parts(column: Column) -> list[str]:
    """Return the parts of a date that can tell something: those that vary."""
    assert column.times is not None
    times = column.times.dropna().dt
    varying = {"month": times.month, "weekday": times.weekday, "hour": times.hour}
    return [*(part for part, values in varying.items() if values.nunique() > 1), "elapsed"]


def _slices(survey: Survey, findings: tuple[ColumnFinding, ...], rows: int) -> list[str]:
    """Return up to three columns with few values, of which at least two are frequent; telling names first."""
    found = []
    for finding in findings:
        if finding.role in ("categorical", "boolean") and finding.distinct <= FEW_VALUES:
            counts = survey.columns[finding.name].filled.value_counts()
            if (counts * 0.2 >= 50).sum() > 1 and (finding.role == "categorical" or SENSITIVE.search(finding.name)):
                found.append(finding.name)
    return sorted(found, key=lambda name: not SENSITIVE.search(name))[:3]


def _measure(frame: "pd.DataFrame", config: ProjectConfig) -> Limits:
    """Derive limits from the linear baseline and a guess, on validation folds of the training part."""
    from sklearn.dummy import DummyClassifier, DummyRegressor

    by, columns = config.split.by, config.columns
    train = frame[~split.holdout(drafts.moments(frame, config), by, config.split.holdout)]
    train = train.iloc[:: -(-len(train) // SAMPLE)]
    dummy: Any = (
        DummyClassifier()
        if config.task == "classification"
        else DummyRegressor(strategy="median" if config.metric.name != "rmse" else "mean")
    )

    def fit(known: "pd.DataFrame", new: "pd.DataFrame") -> "tuple[drafts.Score, drafts.Score]":
        fitted = models.fit(models.BASELINE, config, known)
        dummy.fit(known[columns.features], known[columns.target])
        return (
            lambda rows: models.evaluate(fitted, config, new.iloc[rows], (config.metric.name,)),
            lambda rows: models.evaluate(dummy, config, new.iloc[rows], (config.metric.name,)),
        )

    held = round(len(frame) * config.split.holdout)
    return drafts.measured(train, config, config.slices, models.FOLDS, fit, held)


def _notes(
    survey: Survey, roles: Roles, findings: tuple[ColumnFinding, ...], sections: Mapping[str, Any]
) -> tuple[str, ...]:
    notes = [
        f"Target {roles.target.name!r}, {describe('target', roles.target, roles)}; metric"
        f" {drafts.pass_mark(roles, sections)}"
    ]
    suspects = [finding.name for finding in findings if finding.suspicious]
    if suspects:
        notes.append(
            f"Left out as suspicious: {', '.join(suspects[:5])}{', ...' * (len(suspects) > 5)}. Whatever is known"
            " before the answer may go back into config/project.yml."
        )
    if roles.time is not None and not any(finding.role in FEATURES for finding in findings):
        notes.append(f"No other column is left to learn from: the parts of {roles.time.name!r} are the features.")
    return (*notes, *drafts.dropped(survey, roles))
