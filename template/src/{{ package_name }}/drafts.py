"""The parts of a proposal for config/project.yml that do not depend on the kind of data."""

import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from . import metrics, split
from .config.commented_yaml import Noted, plain
from .config.limits import BETTER, Limits, about, derive
from .config.limits import sections as limit_sections
from .config.project import ProjectConfig
from .config.proposal import LEFT_OUT, ColumnFinding
from .errors import UserError
from .figures import plural
from .roles import Roles, describe, suspicion
from .survey import Column, Survey

if TYPE_CHECKING:
    import numpy.typing as npt
    import pandas as pd

    Score = Callable[[npt.NDArray[Any]], Mapping[str, float]]

ADDED = "a name that this project adds: rename it"


def finding(
    column: Column, roles: Roles, role: str, useless: str, known: tuple[str, str] | None = None
) -> ColumnFinding:
    """Return what is known of a column.

    Args:
        column: the column.
        roles: the columns with a role of their own.
        role: that it has where it is neither left out nor one of those.
        useless: why it is left out, whatever the target; empty if it is not.
        known: its role and the reason for it, where the data have told it already.
    """
    suspicious = False
    if own := roles.role(column):
        known = own, describe(own, column, roles)
    if known:
        role, reason = known
    else:
        reason = useless or suspicion(column, roles)
        suspicious = bool(reason) and not useless
        role = LEFT_OUT if reason else role
    kind = column.kind or "unknown"
    return ColumnFinding(column.name, role, kind, column.missing, column.distinct, column.example, reason, suspicious)


def columns_of(roles: Roles) -> dict[str, Any]:
    """Return the entries target, id and time of the section `columns`."""
    found: dict[str, Any] = {"target": Noted(roles.target.name, describe("target", roles.target, roles))}
    if roles.id is not None:
        found["id"] = Noted(roles.id.name, "unique for each row")
    if roles.time is not None:
        found["time"] = Noted(roles.time.name, describe("time", roles.time, roles))
    return found


def compose(
    survey: Survey,
    roles: Roles,
    findings: Sequence[ColumnFinding],
    columns: Mapping[str, Any],
    limits: Limits,
    slices: list[str],
    *,
    inputs: Mapping[str, Any] | None = None,
    learner: Mapping[str, Any],
    gain: Noted = BETTER,
) -> dict[str, Any]:
    """Return the sections of config/project.yml in their order.

    Args:
        survey: of the data files.
        roles: the columns with a role of their own.
        findings: one for each column.
        columns: the section of that name.
        limits: for gate and monitors.
        slices: columns whose groups are compared.
        inputs: sections that stand after `columns`.
        learner: sections that stand after the limits.
        gain: what a challenger must gain over the champion.
    """
    target, rows = roles.target, roles.target.count
    files = dict(survey.files)
    if target.missing:
        gaps = f"{plural(survey.rows - rows, 'row has', 'rows have')} no {target.name!r}"
        files["without_target"] = Noted("drop", f"{gaps}; refuse: stop instead")
    left = [f"{one.name}: {one.reason}" for one in findings if one.role == LEFT_OUT]
    return {
        "about": about(),
        "task": roles.task,
        **({"files": Noted(files, "how the files are written")} if files else {}),
        "columns": Noted(
            dict(columns), "each column has one role; all others are ignored", ("Left out:", *left) if left else ()
        ),
        **(inputs or {}),
        **limit_sections(roles.task, roles.by, limits, slices, rows, gain),
        **learner,
        "serving": {"max_rows": Noted(1000, "in one online request")},
        "seed": 42,
    }


def validated(sections: Mapping[str, Any], survey: Survey) -> ProjectConfig:
    """Return a draft as the configuration with which the data can be read and measured.

    Raises:
        UserError: it is none, such as for two columns of one name.
    """
    try:
        return ProjectConfig.model_validate(plain(dict(sections)))
    except ValueError as error:
        raise UserError(f"{survey.path}: {' '.join(str(error).split())}") from None


def moments(frame: "pd.DataFrame", config: ProjectConfig) -> "pd.Series":
    """Return what decides the split of a draft: the times, or a name for each row."""
    if config.split.by == "time" and config.columns.time:
        return frame[config.columns.time]
    return frame.index.to_series().astype(str)


def measured(
    train: "pd.DataFrame",
    config: ProjectConfig,
    slices: Sequence[str],
    folds: int,
    fit: "Callable[[pd.DataFrame, pd.DataFrame], tuple[Score, Score]]",
    holdout_rows: int,
) -> Limits:
    """Derive limits from a plain model and from a guess, on validation folds of the training part.

    Args:
        train: the training part.
        config: a draft, which names the metric.
        slices: columns whose groups are compared.
        folds: number of folds.
        fit: rows to learn from and others -> the metrics of the model and of the guess by positions of the others.
        holdout_rows: rows that the gate will look at.
    """
    import numpy as np

    name, target = config.metric.name, config.columns.target
    baseline: list[float] = []
    guesses: list[float] = []
    gaps: list[float] = []
    for learn, test in split.folds(moments(train, config), config.split.by, folds):
        known, new = train[learn], train[test]
        if not len(new) or known[target].nunique() < 2:
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it may not converge: it is a yardstick only
            model, guess = fit(known, new)
            figure, guessed = (score(np.arange(len(new))).get(name) for score in (model, guess))
            if figure is None or guessed is None:
                continue
            baseline.append(figure)
            guesses.append(guessed)
            for column in slices:
                groups = [np.asarray(rows) for rows in new.groupby(column).indices.values()]
                counted = [model(rows) for rows in groups if len(rows) >= config.gate.slice_rows]
                parts = [found[name] for found in counted if name in found]
                gaps += [max(parts) - min(parts)] if parts else []
    return derive(name, baseline, guesses, gaps, holdout_rows)


def pass_mark(roles: Roles, sections: Mapping[str, Any]) -> str:
    """Return the metric, its limit and the split, as the end of a sentence."""
    side, minimum = "most" if roles.metric in metrics.MINIMIZED else "least", plain(sections["gate"])["minimum"]
    return f"{roles.metric}, at {side} {minimum:g} to pass the gate; split by {roles.by}."


def dropped(survey: Survey, roles: Roles) -> list[str]:
    """Return a sentence if rows have no target."""
    if not roles.target.missing:
        return []
    return [f"{plural(survey.rows - roles.target.count, 'row')} without {roles.target.name!r} dropped."]
