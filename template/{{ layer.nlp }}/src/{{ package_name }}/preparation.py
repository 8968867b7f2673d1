"""The rows of files as training uses them: texts in their one form, without those that the configuration leaves out."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from . import duplicates, texts
from .config.project import ProjectConfig
from .dataset import Dataset
from .texts import Findings

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Prepared:
    """Rows that training uses.

    Args:
        found: the rows, their texts as the files have them.
        texts: their texts in the one form, str; None where a row has none.
        findings: personal data that was masked in them; positions are those in `texts`.
        copies: rows that were left out as near duplicates of earlier ones.
    """

    found: Dataset
    texts: "pd.Series"
    findings: Findings
    copies: int = 0


def prepare(found: Dataset, config: ProjectConfig) -> Prepared:
    """Return the rows that training uses: under texts.duplicates: drop without the later ones of near duplicates."""
    import numpy as np

    name, copies = config.columns.text, 0
    if config.texts.duplicates == "drop":
        normal = texts.normalised(found.frame[name], config.texts.mask)
        first = duplicates.first_alike(normal.fillna("").tolist(), config.texts.similar)
        later = (first != np.arange(len(first))) & (normal.fillna("") != "").to_numpy()
        found, copies = found.without(later), int(later.sum())
    return Prepared(found, *texts.examine(found.frame[name], config.texts.mask), copies)
