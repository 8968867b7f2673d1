"""Which columns of unknown files hold what the model sees, and the labels: one for each row, of a few kinds."""

from collections.abc import Sequence
from dataclasses import replace

from .config.proposal import Question, Wishes
from .errors import UserError
from .roles import TARGETS, Roles, assign, called
from .survey import Column, Survey

KINDS = ("text", "categorical")  # of a column that the model sees
CLASSES = 1000  # more different labels are no classes
UNEQUAL = 5  # times as frequent as the rarest class: the most frequent one alone decides the accuracy
NAMES = (*TARGETS, "sentiment", "category", "topic", "intent", "emotion", "rating", "stars")  # that labels usually have
MARKS = (";", "|", ",")  # that join several labels in one value
LISTS = "not one value a row: list"
ONE_LABEL = "this project gives a row one: keep the most important one, or make a column and a project for each"


def content(survey: Survey, wishes: Wishes, role: str) -> Column:
    """Return the column that a person named as what the model sees.

    Args:
        survey: the columns.
        wishes: of the person, with a `content`.
        role: name of the option, text or image.

    Raises:
        UserError: there is no such column, it has another role, or its values are numbers or times.
    """
    column = called(survey, wishes.content or "", role)
    taken = {"target": wishes.target, "id": wishes.id, "time": wishes.time}
    if other := next((name for name, wished in taken.items() if wished == column.name), None):
        raise UserError(f"--{role}: {column.name!r} is the column of --{other} as well; a column has one role")
    if column.kind not in KINDS:
        raise UserError(f"--{role}: {column.name!r} is {column.kind}; its first value is {column.example!r}")
    return column


def assigned(survey: Survey, wishes: Wishes, candidates: Sequence[Column]) -> tuple[Roles, tuple[Question, ...]]:
    """Return the roles of the other columns, and a question about each role that has an alternative.

    Args:
        survey: the columns.
        wishes: of a person.
        candidates: columns that may be what the model sees; the first is taken.

    Raises:
        UserError: a wish names no column or does not fit, or there is no column with one label for each row.
    """
    if wishes.target is None and (problem := _named_target_problem(survey)):
        raise UserError(f"{survey.path}: {problem}")
    content = candidates[0]
    others = {name: column for name, column in survey.columns.items() if column is not content}
    try:
        roles, questions = assign(replace(survey, columns=others), wishes, ("classification",), CLASSES, NAMES)
    except UserError as error:
        raise UserError(_reason(survey, wishes, str(error))) from None
    if wishes.target is None and (several := _several(roles.target)):
        raise UserError(f"{survey.path}: {several}")
    if wishes.metric is None:
        counts = roles.target.filled.value_counts()
        roles = replace(roles, metric="f1_macro" if counts.iloc[0] > UNEQUAL * counts.iloc[-1] else "accuracy")
        questions = tuple(replace(one, default=roles.metric) if one.wish == "metric" else one for one in questions)
    named = [column.name for column in candidates if roles.role(column) is None]
    if len(named) > 1:
        questions = (Question("content", "Which column does the model see?", tuple(named), content.name), *questions)
    return roles, questions


def _named_target_problem(survey: Survey) -> str:
    """Return why a column that is named like the labels cannot hold them."""
    names: Sequence[str] = (*TARGETS, *(f"{name}s" for name in TARGETS), "tags", "topics", "categories")
    for column in survey.columns.values():
        if column.name.lower() in names:
            if column.unusable.startswith(LISTS):
                return f"{column.name!r} holds several labels for one row; {ONE_LABEL}"
            if column.distinct == 1 and not column.unusable:
                return f"{column.name!r} has one label only ({column.example!r}); a model needs rows of two or more"
    return ""


def _reason(survey: Survey, wishes: Wishes, reason: str) -> str:
    """Return why a column cannot hold the labels, or that none does."""
    if wishes.target is not None:
        column = survey.columns.get(wishes.target)
        several = column is not None and column.unusable.startswith(LISTS)
        return f"--target: {wishes.target!r} holds several labels for one row; {ONE_LABEL}" if several else reason
    if "--target" not in reason:
        return reason
    return (
        f"{survey.path}: no column holds labels: few different values, each for many rows. Name it with --target; for"
        " data without labels `mlops review start --data` lets people label some first"
    )


def _several(target: Column) -> str:
    """Return the reason if most values of the target join several labels, such as `sport;politics`."""
    values = set(target.filled.unique())
    for mark in MARKS:
        joined = [[part.strip() for part in value.split(mark)] for value in values if mark in value]
        parts = {part for value in joined for part in value}
        if joined and all(parts) and len(joined) > 1 and len(parts) < 2 * len(joined) and parts & values:
            return f"{target.name!r} holds several labels for one row, such as {mark.join(joined[0])!r}; {ONE_LABEL}"
    return ""
