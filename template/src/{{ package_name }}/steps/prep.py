"""Step 2: divide the data into a training part and a fixed holdout."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from .. import data, entry, split, suitability
from ..config.project import ProjectConfig, load
from ..errors import UserError
from ..figures import plural
from ..records import DataQuality, Part, Period, Split

if TYPE_CHECKING:
    import pandas as pd

log = logging.getLogger(__name__)
MINIMUM_PART = 10


@dataclass(frozen=True)
class Settings:
    """Inputs and outputs; the data may be another form of the files that `report` is about."""

    config: Annotated[Path, "config/project.yml"]
    data: Annotated[Path, "the data that validate_data passed, or what earlier steps made of them"]
    report: Annotated[Path, "folder with data_quality.json"]
    prepared: Annotated[Path, "folder for the two parts"]


def divide(frame: "pd.DataFrame", config: ProjectConfig) -> "tuple[pd.DataFrame, pd.DataFrame]":
    """Return training part and holdout, each in order of time (or of id).

    Raises:
        UserError: one part would be too small to use.
    """
    order = list(dict.fromkeys(name for name in (config.columns.time, config.columns.id, config.split_column) if name))
    frame = frame.sort_values(order, kind="stable", ignore_index=True)
    held = split.holdout(frame[config.split_column], config.split.by, config.split.holdout)
    train, holdout = frame[~held].reset_index(drop=True), frame[held].reset_index(drop=True)
    for name, part in (("training part", train), ("holdout", holdout)):
        if len(part) < MINIMUM_PART:
            raise UserError(
                f"config/project.yml: split by {config.split.by!r} with holdout {config.split.holdout} leaves"
                f" {len(part)} of {plural(len(frame), 'row')} for the {name}; at least {MINIMUM_PART} are needed"
            )
    return train, holdout


def main(argv: Sequence[str] | None = None) -> None:
    """Read, divide, and write the parts `train` and `holdout`, and split.json."""
    settings = entry.settings(Settings, argv)
    config = load(settings.config)
    train, holdout = divide(data.read(settings.data, config), config)
    if problem := suitability.problem(config, train, holdout):
        raise UserError(problem)
    settings.prepared.mkdir(parents=True, exist_ok=True)
    data.write_part(train, settings.prepared, "train", config)
    data.write_part(holdout, settings.prepared, "holdout", config)
    Split(
        by=config.split.by,
        share=config.split.holdout,
        train=_describe(train, config),
        holdout=_describe(holdout, config),
        data_digest=DataQuality.load(settings.report).digest,
    ).save(settings.prepared)
    log.info("%d rows to train on, %d held out by %s", len(train), len(holdout), config.split.by)


def _describe(part: "pd.DataFrame", config: ProjectConfig) -> Part:
    period = Period.of(part[config.columns.time] if config.columns.time else None)
    return Part(len(part), period.start, period.end)


if __name__ == "__main__":
    entry.run(main)
