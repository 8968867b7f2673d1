"""Step 3: count sentences, tokens and capitals, and tell the language and the band of length of each text."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import pandas as pd

from .. import annotate, content, entry
from ..config.project import load
from ..records import Outcome

log = logging.getLogger(__name__)
SHOWN_LANGUAGES = 3
LEAST_SHARE = 0.005  # of the texts, for a language to be shown


@dataclass(frozen=True)
class Settings:
    """Inputs and outputs."""

    config: Annotated[Path, "config/project.yml"]
    normalised: Annotated[Path, "folder with texts.parquet"]
    annotated: Annotated[Path, "folder for texts.parquet with the annotations as further columns"]


def summary(annotations: pd.DataFrame) -> str:
    """Return the outcome in a few words."""
    languages = annotations["language"].value_counts(normalize=True).head(SHOWN_LANGUAGES)
    languages = languages[languages >= LEAST_SHARE]
    shown = ", ".join(f"{name} {share:.0%}" for name, share in languages.items())
    return f"{annotations['tokens'].sum():,} tokens, median {annotations['tokens'].median():g}; language {shown}"


def main(argv: Sequence[str] | None = None) -> None:
    """Write texts.parquet and outcome.json."""
    settings = entry.settings(Settings, argv)
    config = load(settings.config)
    frame = pd.read_parquet(settings.normalised / content.PREPARED)
    annotations = annotate.annotate(frame[config.columns.text])
    settings.annotated.mkdir(parents=True, exist_ok=True)
    others = frame.drop(columns=list(annotate.COLUMNS), errors="ignore")
    pd.concat([others, annotations], axis=1).to_parquet(settings.annotated / content.PREPARED, index=False)
    outcome = Outcome(summary(annotations))
    outcome.save(settings.annotated)
    log.info(outcome.text)


if __name__ == "__main__":
    entry.run(main)
