"""Proposals for config/project.yml from a table: the roles of its columns, task, metric and limits, with reasons."""

import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from . import data, features, metrics, models, split
from .config.commented_yaml import Noted, plain
from .config.limits import Limits, about, derive
from .config.limits import sections as limit_sections
from .config.project import RESERVED, ProjectConfig
from .config.proposal import LEFT_OUT, NONE, ColumnFinding, Proposal, Question, Wishes
from .config.yaml_file import suggest
from .errors import UserError
from .figures import plural
from .survey import NAMES_THINGS, Column, Survey, look

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["look", "propose"]

SAMPLE = 20_000  # rows that the limits are measured on
LEAK_ROWS = 4_000  # rows that each column is tried on as the only feature
LEAK = 0.995  # balanced accuracy or R2 of a single column beyond which it seems to know the answer
MOSTLY_MISSING = 0.9
CLASSES = 10  # more different whole numbers are a quantity
TEXT_CLASSES = 100  # more different texts are no classes to predict
RARE = 0.2  # share of the rarer of two classes below which finding it is the task
SKEW = 2.0  # an exponential distribution has it, a normal one has 0
PART = 10  # rows that the training part and the holdout need at least
TARGETS = ("target", "label", "class", "y", "outcome", "churn", "churned", "response", "default", "survived", "fraud")
BIRTH = re.compile(r"birth|dob|expir|valid", re.I)
SENSITIVE = re.compile(
    r"(^|[^a-z])(sex|gender|age|race|ethnic|nation|country|region|state|origin|language|religion|disab)", re.I
)
MADE_OF_TARGET = "(pred|prediction|predicted|actual|true|log|scaled|norm|normalized)"


@dataclass(frozen=True)
class Roles:
    """The columns with a role of their own, and the task."""

    target: Column
    id: Column | None
    time: Column | None
    task: metrics.Task
    by: split.By


def propose(survey: Survey, wishes: Wishes) -> Proposal:
    """Propose roles, task, metric and limits for the surveyed table.

    Raises:
        UserError: a wish names no column or does not fit, no target can be told, or nothing is left to learn from.
    """
    target = _target(survey, wishes)
    task = _task(target, wishes)
    known = survey.columns.values()
    ids = [column for column in known if column.names_rows and column is not target]
    ids.sort(key=lambda column: not NAMES_THINGS.search(column.name))
    times = [c for c in known if c.times is not None and c is not target and not c.missing and c.distinct >= PART]
    times.sort(key=lambda column: bool(BIRTH.search(column.name)))
    id_column = _chosen(survey, wishes.id, "id", ids)
    usual = [column for column in times if not BIRTH.search(column.name)]
    time = _chosen(survey, wishes.time, "time", usual)
    if time is not None and time.times is None:
        raise UserError(f"--time: {time.name!r} is not a column of dates; its first value is {_example(time)!r}")
    if id_column is not None and not id_column.unique:
        raise UserError(
            f"--id: {id_column.name!r} has {plural(id_column.distinct, 'value')} in {plural(survey.rows, 'row')};"
            " an id has one each"
        )
    by: split.By = "time" if time is not None and _divides(time, target, task) else "id"
    roles = Roles(target, id_column, time, task, by)
    findings = _findings(survey, roles)
    metric = _metric(roles, wishes)
    sections = _sections(survey, roles, findings, metric)
    questions = [
        Question(
            "target", "Which column shall be predicted?", tuple(c.name for c in known if _eligible(c)), target.name
        ),
        Question("task", "Which task is it?", tuple(metrics.NAMES), task),
        Question("id", "Which column names each row?", (*(c.name for c in ids), NONE), _name(id_column)),
        Question("time", "Which column is the time of a row?", (*(c.name for c in times), NONE), _name(time)),
        Question("metric", "Which figure decides?", metrics.NAMES[task], metric),
    ]
    asked = tuple(one for one in questions if len(one.choices) > 1 and one.default in one.choices)
    return Proposal(survey.source, findings, asked, sections, _notes(survey, roles, findings, metric, sections))


def _name(column: Column | None) -> str:
    return NONE if column is None else column.name


def _chosen(survey: Survey, wish: str | None, role: str, candidates: list[Column]) -> Column | None:
    if wish is None:
        return candidates[0] if candidates else None
    return _called(survey, wish, role) if wish else None


def _called(survey: Survey, name: str, role: str) -> Column:
    if name not in survey.columns:
        hint = suggest(name, list(survey.columns))
        raise UserError(f"--{role}: {name!r} is not a column of {survey.path}{hint}")
    column = survey.columns[name]
    if column.unusable:
        raise UserError(f"--{role}: {name!r} cannot be used: {column.unusable}")
    return column


def _eligible(column: Column) -> bool:
    """Whether a column can be the target."""
    if column.unusable or column.name in RESERVED or column.distinct < 2 or column.kind in ("date", "prose"):
        return False
    return column.numbers is not None or column.distinct <= min(TEXT_CLASSES, len(column.values) / 5)


def _target(survey: Survey, wishes: Wishes) -> Column:
    if wishes.target is not None:
        column = _called(survey, wishes.target, "target")
        if not _eligible(column):
            raise UserError(
                f"--target: {column.name!r} is neither a number nor a class: {column.kind},"
                f" {plural(column.distinct, 'different value')} in {plural(survey.rows, 'row')}"
            )
        return column
    able = [column for column in survey.columns.values() if _eligible(column)]
    usual = [column for column in able if column.name == survey.usual_target]
    named = [column for column in able if column.name.lower() in TARGETS]
    likely = [column for column in able if not column.names_rows and column.missing < 0.5]
    found = [*usual, *named, *likely[-1:]]
    if not found:
        raise UserError(f"{survey.path}: no column looks like a number or a class to predict; name it with --target")
    return found[0]


def _task(target: Column, wishes: Wishes) -> metrics.Task:
    if wishes.task is not None:
        if wishes.task not in metrics.NAMES:
            raise UserError(
                f"--task: {wishes.task!r} is neither {' nor '.join(map(repr, metrics.NAMES))}"
                f"{suggest(wishes.task, list(metrics.NAMES))}"
            )
        if wishes.task == "regression" and target.kind != "number":
            raise UserError(f"--task: regression needs numbers, but {target.name!r} is of kind {target.kind!r}")
        return "regression" if wishes.task == "regression" else "classification"
    rows, distinct = len(target.filled), target.distinct
    few = target.whole and (distinct == 2 or (distinct <= CLASSES and rows >= 10 * distinct))
    return "classification" if target.kind != "number" or few else "regression"


def _divides(time: Column, target: Column, task: metrics.Task) -> bool:
    """Whether the newest fifth of the rows makes a holdout, with every class also before it."""
    import pandas as pd

    assert time.times is not None
    known = target.values.notna()
    held = pd.Series(split.holdout(time.times[known], "time", 0.2))
    labels = target.filled.reset_index(drop=True)
    if not max(PART, 0.05 * len(held)) <= held.sum() <= 0.5 * len(held):
        return False
    before, after = set(labels[~held]), set(labels[held])
    return task == "regression" or (after <= before and len(after) > 1)


def _findings(survey: Survey, roles: Roles) -> tuple[ColumnFinding, ...]:
    own = {column.name: role for role in ("target", "time", "id") if (column := getattr(roles, role)) is not None}
    seen: dict[int, Column] = {}
    found = []
    import pandas as pd

    for column in survey.columns.values():
        role, reason, suspicious = own.get(column.name, ""), "", False
        if not role:
            reason = _useless(column)
            key = hash(tuple(pd.util.hash_array(column.values.to_numpy(object))))
            twin = seen.setdefault(key, column)
            if not reason and twin is not column:
                reason = f"duplicate: the same values as {twin.name!r}"
            if not reason and (leak := _leak(column, roles)):
                reason, suspicious = leak, True
            role = LEFT_OUT if reason else _feature_role(column)
        if role == LEFT_OUT or role in ("target", "time", "id"):
            reason = reason or _role_reason(role, column, roles)
        found.append(
            ColumnFinding(
                column.name, role, column.kind, column.missing, column.distinct, _example(column), reason, suspicious
            )
        )
    if not any(finding.role in ("numeric", "categorical", "boolean") for finding in found):
        raise UserError(
            f"{survey.path}: no column is left to learn {roles.target.name!r} from; left out: "
            + "; ".join(f"{one.name!r} ({one.reason})" for one in found if one.role == LEFT_OUT)
        )
    return tuple(found)


def _example(column: Column) -> str:
    return str(column.filled.iloc[0]) if len(column.filled) else ""


def _feature_role(column: Column) -> str:
    if column.kind == "date":
        return "dates"
    if column.kind == "boolean":
        return "boolean"
    return "numeric" if column.kind == "number" and not _is_key(column) else "categorical"


def _is_key(column: Column) -> bool:
    return column.whole and bool(NAMES_THINGS.search(column.name))


def _useless(column: Column) -> str:
    """Return why a column cannot be a feature, whatever the target; a colon ends the kind of reason."""
    filled = len(column.filled)
    if column.name in RESERVED:
        return "a name that this project adds: rename it"
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
    if column.kind == "prose":
        return "free text: see the nlp scenario"
    if column.distinct > 0.5 * filled and column.kind in ("text", "code"):
        return "nearly unique: says more about a row than about its kind"
    if _is_key(column) and column.distinct > features.MAX_CATEGORIES:
        return f"key: names {column.distinct:,} things, but not each row"
    return ""


def _role_reason(role: str, column: Column, roles: Roles) -> str:
    if role == "id":
        return "a value of its own in each row"
    if role == "time":
        period = f"{_day(column.times, 'min')} to {_day(column.times, 'max')}"
        return period + (
            ": split by time" if roles.by == "time" else ": its newest fifth makes no holdout; split by id"
        )
    if roles.task == "regression":
        return "regression"
    shares = column.filled.value_counts(normalize=True)
    if len(shares) == 2:
        return (
            f"classification: {shares.iloc[1]:.0%} {shares.index[1]}"
            if shares.iloc[1] >= 0.01
            else (f"classification: {shares.iloc[1]:.2%} {shares.index[1]}")
        )
    return f"classification: {len(shares)} classes, the rarest {shares.iloc[-1]:.1%}"


def _day(times: "pd.Series | None", which: str) -> str:
    return str(getattr(times, which)())[:10]


def _leak(column: Column, roles: Roles) -> str:
    """Return why a column seems to know the target, or nothing."""
    name, target = re.escape(roles.target.name), roles.target
    if len(target.name) > 2 and re.fullmatch(rf"{name}[_ .-].+|{MADE_OF_TARGET}[_ .-]{name}", column.name, re.I):
        return f"a leak?: its name is made from that of the target {target.name!r}"
    known = target.values.notna()
    gaps, labels = column.values[known].isna(), target.values[known]
    if roles.task == "classification" and 0.05 < gaps.mean() < 0.95:
        for label, share in labels.value_counts(normalize=True).items():
            within, beyond = gaps[labels == label].mean(), gaps[labels != label].mean()
            if share < 0.9 and (beyond > 0.99 and within < 0.5):
                return f"a leak?: has a value only where {target.name} is {label}"
            if share < 0.9 and (within > 0.99 and beyond < 0.5):
                return f"a leak?: has no value where {target.name} is {label}"
    score = _alone(column, roles)
    if score <= LEAK:
        return ""
    figure = "R2" if roles.task == "regression" else "balanced accuracy"
    return f"a leak?: alone it predicts {target.name} with {figure} {score:.3f}"


def _alone(column: Column, roles: Roles) -> float:
    """Return how well a tree on this column alone predicts rows that it has not seen."""
    import pandas as pd
    from sklearn.metrics import balanced_accuracy_score, r2_score
    from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

    known = roles.target.values.notna().to_numpy().nonzero()[0]
    known = known[:: -(-len(known) // LEAK_ROWS)]
    values = column.numbers if column.numbers is not None else column.times
    if values is None:
        values = pd.Series(pd.factorize(column.values)[0])
    elif column.times is not None:
        values = (values - values.min()).dt.total_seconds()
    inputs = values.iloc[known].to_numpy("float64").reshape(-1, 1)
    # Half of the rows, by a hash of their position: order in the file must not decide.
    learn, test = next(split.folds(pd.Series(known.astype(str)), "id", 2))
    if roles.task == "regression":
        assert roles.target.numbers is not None
        truth = roles.target.numbers.iloc[known].to_numpy()
        fitted = DecisionTreeRegressor(min_samples_leaf=3, random_state=0).fit(inputs[learn], truth[learn])
        return float(r2_score(truth[test], fitted.predict(inputs[test])))
    truth = roles.target.values.iloc[known].to_numpy(str)
    fitted = DecisionTreeClassifier(min_samples_leaf=3, random_state=0).fit(inputs[learn], truth[learn])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a class that one half lacks
        return float(balanced_accuracy_score(truth[test], fitted.predict(inputs[test])))


def _metric(roles: Roles, wishes: Wishes) -> str:
    names = metrics.NAMES[roles.task]
    if wishes.metric is not None:
        if wishes.metric not in names:
            raise UserError(
                f"--metric: {wishes.metric!r} is no metric of a {roles.task}; use one of {', '.join(names)}"
                f"{suggest(wishes.metric, names)}"
            )
        return wishes.metric
    if roles.task == "regression":
        return "mae" if _skewed(roles) else "rmse"
    shares = roles.target.filled.value_counts(normalize=True)
    if len(shares) == 2:
        return "average_precision" if shares.iloc[-1] < RARE else "roc_auc"
    return "f1_macro" if shares.iloc[-1] < shares.iloc[0] / 5 else "accuracy"


def _skewed(roles: Roles) -> bool:
    from scipy import stats

    numbers = roles.target.numbers
    return (
        roles.task == "regression"
        and numbers is not None
        and numbers.min() >= 0
        and bool(stats.skew(numbers.dropna()) > SKEW)
    )


def _sections(survey: Survey, roles: Roles, findings: tuple[ColumnFinding, ...], metric: str) -> dict[str, Any]:
    """Return the sections of config/project.yml, with limits measured on the data."""
    draft = _with_limits(survey, roles, findings, Limits(metric, 0.0, 1.0))
    try:
        config = ProjectConfig.model_validate(plain(draft))
    except ValueError as error:
        raise UserError(f"{survey.path}: {' '.join(str(error).split())}") from None
    frame = data.read(survey.path, config)
    limits = _measure(frame, config)
    sections = _with_limits(survey, roles, findings, limits)
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


def _with_limits(survey: Survey, roles: Roles, findings: tuple[ColumnFinding, ...], limits: Limits) -> dict[str, Any]:
    target, rows = roles.target, len(roles.target.filled)
    files = dict(survey.files)
    if target.missing:
        gaps = f"{plural(survey.rows - rows, 'row has', 'rows have')} no {target.name!r}"
        files["without_target"] = Noted("drop", f"{gaps}; refuse: stop instead")
    decision = {"positive": None, "threshold": Noted("f1", "found on validation folds; or a number")}
    slices = _slices(survey, findings, rows)
    columns: dict[str, Any] = {"target": Noted(target.name, _role_reason("target", target, roles))}
    if roles.id is not None:
        columns["id"] = Noted(roles.id.name, "unique for each row")
    if roles.time is not None:
        columns["time"] = Noted(roles.time.name, _role_reason("time", roles.time, roles))
    for role in ("numeric", "categorical", "boolean"):
        if listed := [finding for finding in findings if finding.role == role]:
            columns[role] = [Noted(one.name, _facts(survey.columns[one.name], role)) for one in listed]
    if dates := [survey.columns[one.name] for one in findings if one.role == "dates"]:
        columns["dates"] = {column.name: _parts(column) for column in dates}
    left = [f"{one.name}: {one.reason}" for one in findings if one.role == LEFT_OUT]
    sections: dict[str, Any] = {
        "about": about(),
        "task": roles.task,
        "files": Noted(files, "how the files are written"),
        "columns": Noted(
            columns, "each column has one role; all others are ignored", ("Left out:", *left) if left else ()
        ),
    }
    sections |= limit_sections(roles.task, roles.by, limits, slices, rows)
    sections |= {
        "decision": Noted(decision, "how a probability becomes an answer"),
        "model": _model(roles),
        "serving": {"max_rows": Noted(1000, "in one online request")},
        "seed": 42,
    }
    if not files:
        del sections["files"]
    if roles.task == "regression":
        del sections["decision"]
    return sections


def _model(roles: Roles) -> dict[str, Any]:
    model: dict[str, Any] = {
        "kind": Noted("auto", "linear or hist_gradient_boosting, whichever validates better; or name one, or lightgbm"),
        "parameters": Noted({}, "as scikit-learn or LightGBM name them; under auto they are the boosted model's"),
    }
    if _skewed(roles):
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
        if finding.role in ("categorical", "boolean") and finding.distinct <= CLASSES:
            counts = survey.columns[finding.name].filled.value_counts()
            if (counts * 0.2 >= 50).sum() > 1 and (finding.role == "categorical" or SENSITIVE.search(finding.name)):
                found.append(finding.name)
    return sorted(found, key=lambda name: not SENSITIVE.search(name))[:3]


def _measure(frame: "pd.DataFrame", config: ProjectConfig) -> Limits:
    """Derive limits from the linear baseline and a guess, on validation folds of the training part."""
    import pandas as pd
    from sklearn.dummy import DummyClassifier, DummyRegressor

    name = config.metric.name
    by = config.split.by
    column = (
        frame[config.columns.time] if by == "time" and config.columns.time else pd.Series(range(len(frame))).astype(str)
    )
    train = frame[~split.holdout(column, by, config.split.holdout)]
    train = train.iloc[:: -(-len(train) // SAMPLE)]
    dummy: Any = (
        DummyClassifier()
        if config.task == "classification"
        else DummyRegressor(strategy="median" if name != "rmse" else "mean")
    )
    baseline: list[float] = []
    guess: list[float] = []
    gaps: list[float] = []
    for learn, test in split.folds(column[train.index], by, models.FOLDS):
        known, new = train[learn], train[test]
        if not len(new) or known[config.columns.target].nunique() < 2:
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it may not converge: it is a yardstick only
            fitted = models.fit(models.BASELINE, config, known)
            figure = models.evaluate(fitted, config, new).get(name)
            dummy.fit(known[config.columns.features], known[config.columns.target])
            guessed = models.evaluate(dummy, config, new).get(name)
            gaps += [_gap(fitted, config, new, one) for one in config.slices]
        if figure is not None and guessed is not None:
            baseline.append(figure)
            guess.append(guessed)
    return derive(name, baseline, guess, gaps, round(len(frame) * config.split.holdout))


def _gap(fitted: Any, config: ProjectConfig, frame: "pd.DataFrame", column: str) -> float:
    parts = [part for _, part in frame.groupby(column) if len(part) >= config.gate.slice_rows]
    figures = [
        value for part in parts if (value := models.evaluate(fitted, config, part).get(config.metric.name)) is not None
    ]
    return max(figures) - min(figures) if figures else 0.0


def _notes(
    survey: Survey, roles: Roles, findings: tuple[ColumnFinding, ...], metric: str, sections: Mapping[str, Any]
) -> tuple[str, ...]:
    gate = plain(sections["gate"])
    notes = [
        f"Target {roles.target.name!r}, {_role_reason('target', roles.target, roles)}; metric {metric},"
        f" at {'most' if metric in metrics.MINIMIZED else 'least'} {gate['minimum']:g} to pass the gate;"
        f" split by {roles.by}."
    ]
    suspects = [finding.name for finding in findings if finding.suspicious]
    if suspects:
        notes.append(
            f"Left out as suspicious: {', '.join(suspects[:5])}{', ...' * (len(suspects) > 5)}. Whatever is known"
            " before the answer may go back into config/project.yml."
        )
    if roles.target.missing:
        notes.append(f"{plural(survey.rows - len(roles.target.filled), 'row')} without {roles.target.name!r} dropped.")
    return tuple(notes)
