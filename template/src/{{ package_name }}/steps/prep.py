"""Step 2: cut the table into a training part and a fixed holdout."""

import argparse
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import data, entry, split
from ..config.project import ProjectConfig
from ..config.project import load as load_config
from ..errors import UserError
from ..files import write_json

if TYPE_CHECKING:
    import pandas as pd

log = logging.getLogger(__name__)
MINIMUM_PART = 10


@dataclass(frozen=True)
class Settings:
    """Paths; `report` only makes this step wait for the data checks."""

    config: Path
    data: Path
    report: Path
    prepared: Path


def divide(frame: "pd.DataFrame", config: ProjectConfig) -> "tuple[pd.DataFrame, pd.DataFrame]":
    """Training part and holdout, each in order of time (or of id).

    Raises:
        UserError: one part would be too small to use.
    """
    order = [name for name in (config.columns.time, config.columns.id) if name]
    frame = frame.sort_values(order, kind="stable", ignore_index=True)
    held = split.holdout(frame, config)
    train, holdout = frame[~held].reset_index(drop=True), frame[held].reset_index(drop=True)
    for name, part in (("training part", train), ("holdout", holdout)):
        if len(part) < MINIMUM_PART:
            raise UserError(
                f"config/project.yml: split by {config.split.by!r} with holdout {config.split.holdout} leaves"
                f" {len(part)} of {len(frame)} rows for the {name}; at least {MINIMUM_PART} are needed"
            )
    return train, holdout


def describe(train: "pd.DataFrame", holdout: "pd.DataFrame", config: ProjectConfig) -> dict[str, Any]:
    """Sizes and, for data with a time column, the period of each part."""
    content: dict[str, Any] = {"by": config.split.by, "share": config.split.holdout}
    for name, part in (("train", train), ("holdout", holdout)):
        content[name] = {"rows": len(part)}
        if config.columns.time:
            times = part[config.columns.time]
            content[name] |= {"from": times.min().isoformat(), "to": times.max().isoformat()}
    return content


def main(argv: Sequence[str] | None = None) -> None:
    """Read, divide, and write train.parquet, holdout.parquet and split.json."""
    settings = Settings(**vars(_parser().parse_args(argv)))
    config = load_config(settings.config)
    frame = data.read(settings.data, config)
    train, holdout = divide(frame, config)
    settings.prepared.mkdir(parents=True, exist_ok=True)
    train.to_parquet(settings.prepared / "train.parquet", index=False)
    holdout.to_parquet(settings.prepared / "holdout.parquet", index=False)
    content = describe(train, holdout, config) | {"data_digest": data.digest(settings.data)}
    write_json(settings.prepared / "split.json", content)
    log.info("%d rows to train on, %d held out by %s", len(train), len(holdout), config.split.by)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", type=Path, required=True, help="config/project.yml")
    parser.add_argument("--data", type=Path, required=True, help="the table that validate_data passed")
    parser.add_argument("--report", type=Path, required=True, help="folder with data_quality.json")
    parser.add_argument("--prepared", type=Path, required=True, help="folder for the two parts")
    return parser


if __name__ == "__main__":
    entry.run(main)
