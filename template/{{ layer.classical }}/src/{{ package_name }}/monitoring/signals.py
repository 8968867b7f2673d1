"""The signals that a monitor compares: of a table, its feature columns."""

from collections.abc import Iterator

import pandas as pd

from ..config.project import ProjectConfig


def signals(
    reference: pd.DataFrame, production: pd.DataFrame, config: ProjectConfig
) -> Iterator[tuple[str, str, pd.Series, pd.Series]]:
    """Yield name, kind (numeric, categorical or boolean), reference and production values of each signal."""
    for name in config.columns.features:
        yield name, config.columns.kind(name), reference[name], production[name]
