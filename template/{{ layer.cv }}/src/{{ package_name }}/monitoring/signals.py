"""The signals that a monitor compares: of an image, the figures that `observation` finds."""

from collections.abc import Iterator

import pandas as pd

from ..config.inputs import FIGURES
from ..config.project import ProjectConfig
from ..observation import NAMES, SHOWN


def signals(
    reference: pd.DataFrame, production: pd.DataFrame, config: ProjectConfig
) -> Iterator[tuple[str, str, pd.Series, pd.Series]]:
    """Yield name, kind (numeric or categorical), reference and production values of each signal."""
    for name in (*FIGURES, *NAMES[:SHOWN]):
        if name in reference and name in production:
            yield name, "numeric", reference[name], production[name]
