"""Step 1: is this table fit to learn from? Stops the pipeline with every reason at once if not."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from .. import bias, data, entry
from ..config.project import ProjectConfig, load
from ..errors import UserError
from ..records import ColumnSummary, DataQuality, Period

if TYPE_CHECKING:
    import pandas as pd
    import pandera.pandas as pa

log = logging.getLogger(__name__)
MINIMUM_ROWS = 50  # below this neither the holdout nor a slice says anything
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
    rules = {
        columns.id: pa.Column(
            object, nullable=False, checks=pa.Check(lambda ids: ~ids.duplicated(), error="each id must be unique")
        ),
        columns.target: pa.Column(nullable=False, checks=_target_checks(config)),
    }
    if columns.time:
        rules[columns.time] = pa.Column("datetime64[ns, UTC]", nullable=False)
    filled = pa.Check(
        lambda values: bool(values.notna().any()), error="must have a value in at least one row", ignore_na=False
    )
    finite = pa.Check(lambda values: values.abs() != float("inf"), error="must be finite")
    for name in columns.features:
        checks = [filled, finite] if columns.kind(name) == "numeric" else [filled]
        rules[name] = pa.Column(nullable=True, checks=checks)
    return pa.DataFrameSchema(rules)


def _target_checks(config: ProjectConfig) -> "list[pa.Check]":
    import pandera.pandas as pa

    if config.task == "classification":
        return [pa.Check(lambda values: values.nunique() > 1, error="needs at least two classes")]
    return [
        pa.Check(lambda values: values.abs() != float("inf"), error="must be finite"),
        pa.Check(lambda values: values.nunique() > 1, error="has the same value in every row: nothing to learn"),
    ]


def check(frame: "pd.DataFrame", config: ProjectConfig) -> DataQuality:
    """Check `frame` (canonical dtypes) against the rules; every broken rule is one sentence."""
    import pandera.errors

    errors = []
    if len(frame) < MINIMUM_ROWS:
        errors.append(f"{len(frame)} rows: at least {MINIMUM_ROWS} are needed to train and to hold some out")
    try:
        schema(config).validate(frame, lazy=True)
    except pandera.errors.SchemaErrors as failures:
        errors.extend(_sentences(failures.failure_cases))
    missing = frame.isna().mean()
    warnings = [
        f"column {name!r}: {share:.0%} of the values are missing"
        for name, share in missing.items()
        if MOSTLY_MISSING < share < 1
    ]
    warnings += [
        f"column {name!r} has the same value in every row: it cannot help"
        for name in config.columns.features
        if frame[name].nunique() == 1
    ]
    if not errors:
        target = config.columns.target
        classes = sorted(frame[target].unique()) if config.task == "classification" else None
        spread = bias.measure({"all data": frame}, config.slices, target, classes, config.bias_limits)
        warnings += [f"data bias: {breach.sentence}" for breach in spread.breaches]
    period = Period.of(frame[config.columns.time] if config.columns.time else None)
    return DataQuality(
        tuple(errors),
        tuple(warnings),
        len(frame),
        tuple(
            ColumnSummary(name, kind, float(frame[name].isna().mean()), int(frame[name].nunique()))
            for name, kind in data.kinds(config).items()
        ),
        period.start,
        period.end,
    )


def _sentences(cases: "pd.DataFrame") -> list[str]:
    """Return one sentence per column and rule, with a count and the first offending value."""
    found = []
    for (column, rule), group in cases.groupby(["column", "check"], sort=False, dropna=False):
        first = group.iloc[0]
        if rule == "not_nullable":
            found.append(f"column {column!r}: {len(group)} rows have no value, first data row {first['index'] + 1}")
        elif first["index"] is None or first["index"] != first["index"]:
            found.append(f"column {column!r}: {rule}")
        else:
            found.append(
                f"column {column!r}: {rule}; {len(group)} rows break this,"
                f" first {first['failure_case']!r} in data row {int(first['index']) + 1}"
            )
    return found


def main(argv: Sequence[str] | None = None) -> None:
    """Read the table, write data_quality.json, refuse what cannot be learnt from.

    Raises:
        UserError: with every broken rule, a line each.
    """
    settings = entry.settings(Settings, argv)
    config = load(settings.config)
    quality = check(data.read(settings.data, config), config)
    quality.save(settings.report)
    for warning in quality.warnings:
        log.warning("%s: %s", settings.data, warning)
    if quality.errors:
        raise UserError("\n".join(f"{settings.data}: {error}" for error in quality.errors))
    log.info("%d rows pass every check", quality.rows)


if __name__ == "__main__":
    entry.run(main)
