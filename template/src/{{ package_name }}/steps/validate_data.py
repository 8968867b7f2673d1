"""Step 1: are these data fit to learn from? Stops the pipeline with every reason at once if not."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

from .. import content, data, data_checks, data_folder, data_rules, entry
from ..config.project import ProjectConfig, load
from ..dataset import Dataset
from ..errors import UserError
from ..figures import shortened
from ..records import DataQuality, Period

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Settings:
    """Inputs and outputs."""

    config: Annotated[Path, "config/project.yml"]
    data: Annotated[Path, "a data file, or a folder of data files"]
    report: Annotated[Path, "folder for data_quality.json"]


def check(found: Dataset, config: ProjectConfig, *, thorough: bool = False) -> tuple[Dataset, DataQuality]:
    """Check the rows against the rules; every broken rule is one sentence, and what was left out is said.

    Args:
        found: the rows as they were read.
        config: names the columns.
        thorough: whether to look also for what takes long to find.

    Returns:
        The rows that training uses, and the outcome of the checks.
    """
    checks = data_checks.check(found, config, thorough=thorough)
    found, kinds, time = checks.found, content.kinds(config), config.columns.time
    frame = found.frame
    errors = (
        *data_rules.too_few_rows(len(frame)),
        *checks.errors,
        *data_rules.repeated_ids(found, config),
        *data_rules.taken_names(frame, kinds, config),
    )
    warnings = [*checks.warnings, *data_rules.taken_for_missing(found)]
    if not errors:
        warnings += data_rules.bias_warnings(frame.assign(**checks.derived), config)
    period = Period.of(frame[time] if time else None)
    summaries = data_rules.summaries(frame, kinds)
    quality = DataQuality(
        errors, tuple(warnings), len(frame), summaries, period.start, period.end, dropped=found.dropped
    )
    return found, quality


def inspect(path: Path, config: ProjectConfig, *, thorough: bool = False) -> tuple[Dataset, DataQuality]:
    """Read the data files at `path` and check them; entries of a folder that are not read are a warning.

    Returns:
        The rows that training uses, and the outcome of the checks (see `check`).

    Raises:
        UserError: a file cannot be read.
    """
    found, quality = check(data.read_dataset(path, config), config, thorough=thorough)
    left_out = [f"left out: {entry}" for entry in shortened((*found.left_out, *data_folder.left_out(path)))]
    return found, replace(quality, warnings=(*quality.warnings, *left_out), digest=data_folder.digest(path))


def main(argv: Sequence[str] | None = None) -> None:
    """Read the data, write data_quality.json, refuse what cannot be learnt from.

    Raises:
        UserError: with every broken rule, a line each.
    """
    settings = entry.settings(Settings, argv)
    _, quality = inspect(settings.data, load(settings.config), thorough=True)
    quality.save(settings.report)
    for warning in quality.warnings:
        log.warning("%s: %s", settings.data, warning)
    if quality.errors:
        raise UserError("\n".join(f"{settings.data}: {error}" for error in quality.errors))
    log.info("%d rows pass every check", quality.rows)


if __name__ == "__main__":
    entry.run(main)
