"""Step: contents as vectors, learned from the training part alone; for monitors and the choice of what to review."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import pandas as pd

from .. import embedding, entry
from ..config.project import load
from ..records import Outcome

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Settings:
    """Inputs and outputs."""

    config: Annotated[Path, "config/project.yml"]
    prepared: Annotated[Path, "folder with the two parts of the data"]
    embedding: Annotated[Path, "folder for the embedder and the vectors of both parts"]


def main(argv: Sequence[str] | None = None) -> None:
    """Write the embedder, train.parquet and holdout.parquet (a column a component, rows as prepared), outcome.json."""
    settings = entry.settings(Settings, argv)
    config = load(settings.config)
    (column,) = config.columns.features
    parts = {
        part: pd.read_parquet(settings.prepared / f"{part}.parquet", columns=[column])[column].tolist()
        for part in ("train", "holdout")
    }
    embedder = embedding.fit(parts["train"], config, settings.embedding)
    for part, contents in parts.items():
        vectors = embedder.transform(contents)
        pd.DataFrame(vectors, columns=embedding.names(embedder.components)).to_parquet(
            settings.embedding / f"{part}.parquet", index=False
        )
    rows = sum(map(len, parts.values()))
    outcome = Outcome(f"{rows:,} vectors of {embedder.components} components")
    outcome.save(settings.embedding)
    log.info(outcome.text)


if __name__ == "__main__":
    entry.run(main)
