"""The columns that have a role in data of any kind, and what follows from them: task, split and metric.

A person's wishes come first; the rest is proposed from the survey.
"""

import re
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from . import metrics, split
from .config.project import RESERVED
from .config.proposal import NONE, Question, Wishes
from .config.yaml_file import suggest
from .errors import UserError
from .figures import plural
from .survey import NAMES_THINGS, Column, Survey

if TYPE_CHECKING:
    import numpy.typing as npt
    import pandas as pd

LEAK_ROWS = 4_000  # rows that each column is tried on as the only feature
LEAK = 0.995  # balanced accuracy or R2 of a single column beyond which it seems to know the answer
CLASSES = 10  # more different whole numbers are a quantity
TEXT_CLASSES = 100  # more different texts are no classes to predict
ROWS_OF_CLASS = 5  # on average; with fewer a column of texts has no classes
RARE = 0.2  # share of the rarer of two classes below which finding it is the task
SKEW = 2.0  # an exponential distribution has it, a normal one has 0
PART = 10  # rows that the training part and the holdout need at least
TARGETS = ("target", "label", "class", "y", "outcome", "churn", "churned", "response", "default", "survived", "fraud")
# Values that say where a thing lies, and names of columns that say where a row came from: neither is an answer.
ADDRESS = re.compile(r"\s*(?:[a-z][a-z0-9+.-]*://|www\.|[^\s@]+@[^\s@]+\.)\S+", re.I)
ORIGIN = re.compile(r"(?:^|[_\s.-])(?:ur[il]|link|source|split|fold|subset|file|path)$", re.I)
BIRTH = re.compile(r"birth|dob|expir|valid", re.I)
MADE_OF_TARGET = "(pred|prediction|predicted|actual|true|log|scaled|norm|normalized)"


@dataclass(frozen=True)
class Roles:
    """The columns with a role of their own, the task, how the holdout is split off, and the deciding metric."""

    target: Column
    id: Column | None
    time: Column | None
    task: metrics.Task
    by: split.By
    metric: str

    def role(self, column: Column) -> str | None:
        """Return which of target, id and time the column is, None for any other."""
        own = {"target": self.target, "time": self.time, "id": self.id}
        return next((role for role, known in own.items() if known is column), None)

    @property
    def skewed(self) -> bool:
        """Whether the target of a regression has a long right tail."""
        return self.task == "regression" and _skewed(self.target)

    @cached_property
    def trial(self) -> "tuple[npt.NDArray[Any], npt.NDArray[Any]]":
        """The rows, by position, that a single column is tried on: to learn from, and to be judged by."""
        import pandas as pd

        known = self.target.values.notna().to_numpy().nonzero()[0]
        known = known[:: -(-len(known) // LEAK_ROWS)]
        # Half of the rows, by a hash of their position: order in the file must not decide.
        learn, test = next(split.folds(pd.Series(known.astype(str)), "id", 2))
        return known[learn], known[test]


def assign(
    survey: Survey,
    wishes: Wishes,
    tasks: Sequence[metrics.Task] = tuple(metrics.NAMES),
    classes: int = TEXT_CLASSES,
    names: Sequence[str] = TARGETS,
) -> tuple[Roles, tuple[Question, ...]]:
    """Return the roles, and a question about each that has an alternative.

    Args:
        survey: the columns.
        wishes: decisions of a person.
        tasks: those that the project has a learner for.
        classes: most different texts that can be the classes to predict.
        names: those that columns to predict usually have, in lower case.

    Raises:
        UserError: a wish names no column or does not fit, or no target can be told.
    """
    target = _target(survey, wishes, tasks, classes, names)
    task = _task(target, wishes, tasks)
    known = survey.columns.values()
    ids = [column for column in known if column.names_rows and column is not target]
    ids.sort(key=lambda column: not NAMES_THINGS.search(column.name))
    times = [c for c in known if c.times is not None and c is not target and not c.missing and c.distinct >= PART]
    times.sort(key=lambda column: bool(BIRTH.search(column.name)))
    id_column = _chosen(survey, wishes.id, "id", ids)
    usual = [column for column in times if not BIRTH.search(column.name)]
    time = _chosen(survey, wishes.time, "time", usual)
    if time is not None and time.times is None:
        raise UserError(f"--time: {time.name!r} is not a column of dates; its first value is {time.example!r}")
    if id_column is not None and not id_column.unique:
        raise UserError(
            f"--id: {id_column.name!r} has {plural(id_column.distinct, 'value')} in {plural(survey.rows, 'row')};"
            " an id has one each"
        )
    by: split.By = "time" if time is not None and _divides(time, target, task) else "id"
    metric = _metric(target, task, wishes)
    questions = [
        Question(
            "target",
            "Which column shall be predicted?",
            _names(c for c in known if _eligible(c, tasks, classes)),
            target.name,
        ),
        Question("task", "Which task is it?", tuple(tasks), task),
        Question("id", "Which column names each row?", (*_names(ids), NONE), _name(id_column)),
        Question("time", "Which column is the time of a row?", (*_names(times), NONE), _name(time)),
        Question("metric", "Which figure decides?", metrics.NAMES[task], metric),
    ]
    open_ones = tuple(one for one in questions if len(one.choices) > 1 and one.default in one.choices)
    return Roles(target, id_column, time, task, by, metric), open_ones


def describe(role: str, column: Column, roles: Roles) -> str:
    """Describe a column in its role of target, id or time."""
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
        share = shares.iloc[1]
        return f"classification: {share:{'.0%' if share >= 0.01 else '.2%'}} {shares.index[1]}"
    return f"classification: {len(shares)} classes, the rarest {shares.iloc[-1]:.1%}"


def suspicion(column: Column, roles: Roles) -> str:
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


def _name(column: Column | None) -> str:
    return NONE if column is None else column.name


def _names(columns: Iterable[Column]) -> tuple[str, ...]:
    return tuple(column.name for column in columns)


def _chosen(survey: Survey, wish: str | None, role: str, candidates: list[Column]) -> Column | None:
    if wish is None:
        return candidates[0] if candidates else None
    return called(survey, wish, role) if wish else None


def called(survey: Survey, name: str, role: str) -> Column:
    """Return the column that a person named.

    Raises:
        UserError: there is none of this name, or it cannot have a role.
    """
    if name not in survey.columns:
        hint = suggest(name, list(survey.columns))
        raise UserError(f"--{role}: {name!r} is not a column of {survey.path}{hint}")
    column = survey.columns[name]
    if column.unusable:
        raise UserError(f"--{role}: {name!r} cannot be used: {column.unusable}")
    return column


def _eligible(column: Column, tasks: Sequence[metrics.Task], classes: int) -> bool:
    """Whether a column can be the target."""
    if column.unusable or column.name in RESERVED or column.distinct < 2 or column.kind in ("time", "text"):
        return False
    if column.kind == "numeric":
        return "regression" in tasks or _few(column)
    return column.numbers is not None or column.distinct <= min(classes, len(column.values) / ROWS_OF_CLASS)


def _few(column: Column) -> bool:
    """Whether the numbers of a column can be classes."""
    rows, distinct = column.count, column.distinct
    return column.whole and (distinct == 2 or (distinct <= CLASSES and rows >= 10 * distinct))


def _target(
    survey: Survey, wishes: Wishes, tasks: Sequence[metrics.Task], classes: int, names: Sequence[str]
) -> Column:
    """Return the column to predict: that of before, one named like it, or the last that looks most like an answer."""
    numbers = "regression" in tasks
    if wishes.target is not None:
        column = called(survey, wishes.target, "target")
        if not _eligible(column, tasks, classes):
            raise UserError(
                f"--target: {column.name!r} is {'neither a number nor a class' if numbers else 'no class'}:"
                f" {column.kind}, {plural(column.distinct, 'different value')} in {plural(survey.rows, 'row')};"
                f" a class has {ROWS_OF_CLASS} rows on average, or more"
            )
        return column
    able = [column for column in survey.columns.values() if _eligible(column, tasks, classes)]
    usual = [column for column in able if column.name == survey.usual_target]
    named = [column for column in able if column.name.lower() in names]
    if found := [*usual, *named]:
        return found[0]
    likely = [c for c in able if not c.names_rows and c.missing < 0.5 and not _holds_addresses(c)]
    likely.sort(key=lambda column: (not ORIGIN.search(column.name), not _has_single_rows(column)))
    if not likely:
        likeness = "a number or a class" if numbers else "a class"
        raise UserError(f"{survey.path}: no column looks like {likeness} to predict; name it with --target")
    return likely[-1]


def _holds_addresses(column: Column) -> bool:
    """Whether most different values are addresses of pages or mailboxes."""
    return column.numbers is None and bool(column.filled.drop_duplicates().str.match(ADDRESS).mean() > 0.5)


def _has_single_rows(column: Column) -> bool:
    """Whether a class has one row only, from which nothing can be learned."""
    classes = column.kind != "numeric" or _few(column)
    return classes and int(column.filled.value_counts().iloc[-1]) == 1


def _task(target: Column, wishes: Wishes, tasks: Sequence[metrics.Task]) -> metrics.Task:
    if wishes.task is not None:
        if wishes.task not in tasks:
            refused = "neither" if len(tasks) > 1 else "not"
            raise UserError(
                f"--task: {wishes.task!r} is {refused} {' nor '.join(map(repr, tasks))}"
                f"{suggest(wishes.task, list(tasks))}"
            )
        if wishes.task == "regression" and target.kind != "numeric":
            raise UserError(f"--task: regression needs numbers, but {target.name!r} is of kind {target.kind!r}")
        return "regression" if wishes.task == "regression" else "classification"
    return "classification" if target.kind != "numeric" or _few(target) else "regression"


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


def _alone(column: Column, roles: Roles) -> float:
    """Return how well a tree on this column alone predicts rows that it has not seen."""
    import pandas as pd
    from sklearn.metrics import balanced_accuracy_score, r2_score
    from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

    learn, test = roles.trial
    values = column.numbers if column.numbers is not None else column.times
    if values is None:
        values = pd.Series(pd.factorize(column.values)[0])
    elif column.times is not None:
        values = (values - values.min()).dt.total_seconds()
    inputs = values.to_numpy("float64").reshape(-1, 1)
    if roles.task == "regression":
        assert roles.target.numbers is not None
        truth = roles.target.numbers.to_numpy()
        fitted = DecisionTreeRegressor(min_samples_leaf=3, random_state=0).fit(inputs[learn], truth[learn])
        return float(r2_score(truth[test], fitted.predict(inputs[test])))
    truth = roles.target.values.to_numpy()
    fitted = DecisionTreeClassifier(min_samples_leaf=3, random_state=0).fit(inputs[learn], truth[learn].astype(str))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a class that one half lacks
        return float(balanced_accuracy_score(truth[test].astype(str), fitted.predict(inputs[test])))


def _metric(target: Column, task: metrics.Task, wishes: Wishes) -> str:
    names = metrics.NAMES[task]
    if wishes.metric is not None:
        if wishes.metric not in names:
            raise UserError(
                f"--metric: {wishes.metric!r} is no metric of a {task}; use one of {', '.join(names)}"
                f"{suggest(wishes.metric, names)}"
            )
        return wishes.metric
    if task == "regression":
        return "mae" if _skewed(target) else "rmse"
    shares = target.filled.value_counts(normalize=True)
    if len(shares) == 2:
        return "average_precision" if shares.iloc[-1] < RARE else "roc_auc"
    return "f1_macro" if shares.iloc[-1] < shares.iloc[0] / 5 else "accuracy"


def _skewed(target: Column) -> bool:
    from scipy import stats

    numbers = target.numbers
    return numbers is not None and numbers.min() >= 0 and bool(stats.skew(numbers.dropna()) > SKEW)


def _day(times: "pd.Series | None", which: str) -> str:
    return str(getattr(times, which)())[:10]
