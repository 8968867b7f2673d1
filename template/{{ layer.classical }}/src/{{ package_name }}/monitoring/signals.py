"""The signals that a monitor compares: of a table, its feature columns, and of a date its parts."""

from collections.abc import Iterator

import pandas as pd

from ..config.inputs import Part
from ..config.project import ProjectConfig
from ..features import date_parts

RECURRING: tuple[Part, ...] = ("month", "weekday", "hour")  # the others grow by themselves: they always differ


def signals(
    reference: pd.DataFrame, production: pd.DataFrame, config: ProjectConfig
) -> Iterator[tuple[str, str, pd.Series, pd.Series]]:
    """Yield name, kind (numeric, categorical or boolean), reference and production values of each signal."""
    columns = config.columns
    for name in columns.features:
        if columns.kind(name) != "time":
            yield name, columns.kind(name), reference[name], production[name]
            continue
        yield f"{name} (filled)", "boolean", reference[name].notna() * 1.0, production[name].notna() * 1.0
        for part in columns.dates[name]:
            if part in RECURRING:
                before, after = (
                    pd.Series(date_parts(frame, {name: [part]})[:, 0], frame.index) for frame in (reference, production)
                )
                yield f"{name} ({part})", "numeric", before, after
