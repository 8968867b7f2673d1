"""Step 1: is this table fit to learn from? Stops the pipeline with every reason at once if not."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from .. import data, data_folder, data_rules, entry
from ..config.project import ProjectConfig, load
from ..dataset import Dataset
from ..errors import UserError
from ..figures import plural
from ..records import DataQuality, Period

if TYPE_CHECKING:
    import pandas as pd
    import pandera.pandas as pa

log = logging.getLogger(__name__)
MOSTLY_MISSING = 0.5


@dataclass(frozen=True)
class Settings:
    """Inputs and outputs."""

    config: Annotated[Path, "config/project.yml"]
    data: Annotated[Path, "a .csv, .csv.gz or .parquet file, or a folder"]
    report: Annotated[Path, "folder for data_quality.json"]


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
    if columns.id:
        rules[columns.id] = pa.Column(nullable=False)
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


def check(found: Dataset, config: ProjectConfig) -> DataQuality:
    """Check the rows against the rules; every broken rule is one sentence, and what reading left out is said."""
    import pandera.errors

    frame, columns = found.frame, config.columns
    errors = data_rules.too_few_rows(len(frame))
    try:
        schema(config).validate(frame, lazy=True)
    except pandera.errors.SchemaErrors as failures:
        errors.extend(_sentences(failures.failure_cases, found.place, config))
    errors += data_rules.repeated_ids(found, config)
    errors += data_rules.taken_names(frame, data.kinds(config), config)
    missing = frame.isna().mean()
    warnings = [
        f"column {name!r}: {share:.0%} of the values are missing"
        for name, share in missing.items()
        if MOSTLY_MISSING < share < 1
    ]
    warnings += [
        f"column {name!r} has the same value in every row: it cannot help"
        for name in columns.features
        if frame[name].nunique() == 1
    ]
    warnings += data_rules.taken_for_missing(found)
    if not errors:
        warnings += data_rules.bias_warnings(frame, config)
    period = Period.of(frame[columns.time] if columns.time else None)
    return DataQuality(
        tuple(errors),
        tuple(warnings),
        len(frame),
        data_rules.summaries(frame, data.kinds(config)),
        period.start,
        period.end,
        found.dropped,
    )


def inspect(path: Path, config: ProjectConfig) -> tuple[Dataset, DataQuality]:
    """Read the data files at `path` and check them; entries of a folder that are not read are a warning.

    Raises:
        UserError: a file cannot be read.
    """
    found = data.read_dataset(path, config)
    quality = check(found, config)
    left_out = [f"left out: {entry}" for entry in data_folder.left_out(path)]
    return found, replace(quality, warnings=(*quality.warnings, *left_out), digest=data_folder.digest(path))


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


def main(argv: Sequence[str] | None = None) -> None:
    """Read the table, write data_quality.json, refuse what cannot be learnt from.

    Raises:
        UserError: with every broken rule, a line each.
    """
    settings = entry.settings(Settings, argv)
    config = load(settings.config)
    _, quality = inspect(settings.data, config)
    quality.save(settings.report)
    for warning in quality.warnings:
        log.warning("%s: %s", settings.data, warning)
    if quality.errors:
        raise UserError("\n".join(f"{settings.data}: {error}" for error in quality.errors))
    log.info("%d rows pass every check", quality.rows)


if __name__ == "__main__":
    entry.run(main)
