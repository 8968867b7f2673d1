"""Step 1: is this table fit to learn from? Stops the pipeline with every reason at once if not."""

import argparse
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import data, entry
from ..config.project import ProjectConfig
from ..config.project import load as load_config
from ..errors import UserError
from ..files import write_json

if TYPE_CHECKING:
    import pandas as pd
    import pandera.pandas as pa

log = logging.getLogger(__name__)
MINIMUM_ROWS = 50  # below this neither the holdout nor a slice says anything
MOSTLY_MISSING = 0.5


@dataclass(frozen=True)
class Settings:
    """Paths of the configuration, the data (file or folder) and the report folder to write."""

    config: Path
    data: Path
    report: Path


@dataclass(frozen=True)
class Findings:
    """What is wrong (`errors` stop the pipeline), what is odd (`warnings`), and a summary for the report."""

    errors: list[str]
    warnings: list[str]
    summary: dict[str, Any]


def schema(config: ProjectConfig) -> "pa.DataFrameSchema":
    """The rules a training table must keep, as a pandera schema over canonical dtypes."""
    import pandera.pandas as pa

    columns = config.columns
    rules = {
        columns.id: pa.Column(
            object, nullable=False, checks=pa.Check(lambda ids: ~ids.duplicated(), error="each id must stand once")
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


def check(frame: "pd.DataFrame", config: ProjectConfig) -> Findings:
    """Hold `frame` (canonical dtypes) against the rules; every broken rule is one sentence."""
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
    return Findings(errors, warnings, _summary(frame, config))


def _sentences(cases: "pd.DataFrame") -> list[str]:
    """One sentence per column and rule, with a count and the first offending value."""
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


def _summary(frame: "pd.DataFrame", config: ProjectConfig) -> dict[str, Any]:
    summary: dict[str, Any] = {
        "rows": len(frame),
        "columns": [
            {
                "name": name,
                "kind": kind,
                "missing": float(frame[name].isna().mean()),
                "distinct": int(frame[name].nunique()),
            }
            for name, kind in data.kinds(config).items()
        ],
    }
    if config.columns.time and frame[config.columns.time].notna().any():
        times = frame[config.columns.time]
        summary["from"], summary["to"] = times.min().isoformat(), times.max().isoformat()
    return summary


def main(argv: Sequence[str] | None = None) -> None:
    """Read the table, write data_quality.json, refuse what cannot be learnt from.

    Raises:
        UserError: with every broken rule, a line each.
    """
    settings = Settings(**vars(_parser().parse_args(argv)))
    config = load_config(settings.config)
    frame = data.read(settings.data, config)
    findings = check(frame, config)
    content = {"errors": findings.errors, "warnings": findings.warnings, **findings.summary}
    write_json(settings.report / "data_quality.json", content)
    for warning in findings.warnings:
        log.warning("%s: %s", settings.data, warning)
    if findings.errors:
        raise UserError("\n".join(f"{settings.data}: {error}" for error in findings.errors))
    log.info("%d rows pass every check", len(frame))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", type=Path, required=True, help="config/project.yml")
    parser.add_argument("--data", type=Path, required=True, help="a .csv, .csv.gz or .parquet file, or a folder")
    parser.add_argument("--report", type=Path, required=True, help="folder for data_quality.json")
    return parser


if __name__ == "__main__":
    entry.run(main)
