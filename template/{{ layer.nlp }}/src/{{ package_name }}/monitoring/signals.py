"""The signals that a monitor compares: of a text, the figures that `observation` finds."""

from collections.abc import Iterator

import pandas as pd

from ..config.project import ProjectConfig
from ..observation import COUNTED, NAMES, TRUNCATED, UNKNOWN


def signals(
    reference: pd.DataFrame, production: pd.DataFrame, config: ProjectConfig
) -> Iterator[tuple[str, str, pd.Series, pd.Series]]:
    """Yield name, kind (numeric or categorical), reference and production values of each signal."""
    for name in (*COUNTED, UNKNOWN, TRUNCATED, *NAMES):
        if name in reference:
            kind = "categorical" if name == "language" else "numeric"
            yield name, kind, reference[name], production[name]
