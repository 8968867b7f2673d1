"""Rules that a table must keep to learn from, each broken one a sentence."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from . import data_rules
from .config.project import ProjectConfig
from .data_rules import Checks
from .dataset import Dataset
from .figures import plural

if TYPE_CHECKING:
    import pandas as pd
    import pandera.pandas as pa

MOSTLY_MISSING = 0.5


def schema(config: ProjectConfig) -> "pa.DataFrameSchema":
    """Return the rules that a training table must keep, as a pandera schema over canonical dtypes."""
    import pandera.pandas as pa

    columns = config.columns
    rules = {columns.target: pa.Column(nullable=False, checks=_target_checks(config))}
    filled = pa.Check(
        lambda values: bool(values.notna().any()), error="must have a value in at least one row", ignore_na=False
    )
    finite = pa.Check(lambda values: values.abs() != float("inf"), error="must be finite")
    for name in columns.features:
        checks = [filled, finite] if columns.kind(name) == "numeric" else [filled]
        rules[name] = pa.Column(nullable=True, checks=checks)
    if columns.time:
        rules[columns.time] = pa.Column("datetime64[ns, UTC]", nullable=False)
    for key in (columns.id, columns.group):
        if key:
            rules[key] = pa.Column(nullable=False)
    return pa.DataFrameSchema(rules)


def _target_checks(config: ProjectConfig) -> "list[pa.Check]":
    import pandera.pandas as pa

    if config.task == "classification":
        return [pa.Check(lambda values: values.nunique() > 1, error="needs at least two classes")]
    logarithm = pa.Check(lambda values: values > -1, error="must be above -1, because model.target is log")
    return [
        *([logarithm] if config.model.target == "log" else []),
        pa.Check(lambda values: values.abs() != float("inf"), error="must be finite"),
        pa.Check(lambda values: values.nunique() > 1, error="has the same value in every row: nothing to learn"),
    ]


def check(found: Dataset, config: ProjectConfig, *, thorough: bool) -> Checks:
    """Check the rows against the schema, and look for columns that can teach little."""
    import pandera.errors

    frame = found.frame
    errors: list[str] = []
    try:
        schema(config).validate(frame, lazy=True)
    except pandera.errors.SchemaErrors as failures:
        errors = _sentences(failures.failure_cases, found.place, config)
    warnings = [
        f"column {name!r}: {share:.0%} of the values are missing"
        for name, share in frame.isna().mean().items()
        if MOSTLY_MISSING < share < 1
    ]
    warnings += [
        f"column {name!r} has the same value in every row: it cannot help"
        for name in config.columns.features
        if frame[name].nunique() == 1
    ]
    return Checks(found, errors, warnings)


def _sentences(cases: "pd.DataFrame", place: Callable[[int], str], config: ProjectConfig) -> list[str]:
    """Return one sentence per column and rule, with a count and the first offending value."""
    found = []
    for (column, rule), group in cases.groupby(["column", "check"], sort=False, dropna=False):
        first = group.iloc[0]
        if rule == "not_nullable":
            found.append(data_rules.without_value(len(group), str(column), place(int(first["index"])), config))
        elif first["index"] is None or first["index"] != first["index"]:
            found.append(f"column {column!r}: {rule}")
        else:
            value = first["failure_case"]
            value = value.item() if hasattr(value, "item") else value
            count = plural(len(group), "row breaks", "rows break")
            found.append(f"column {column!r}: {rule}; {count} this, first {value!r} in {place(int(first['index']))}")
    return found
