"""Step 1: are these texts fit to learn from? Stops the pipeline with every reason at once if not."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

from .. import annotate, data, data_folder, data_rules, entry, noise, preparation, text_rules
from ..config.inputs import DERIVED
from ..config.project import ProjectConfig, load
from ..dataset import Dataset
from ..errors import UserError
from ..preparation import Prepared
from ..records import DataQuality, Period

log = logging.getLogger(__name__)
SHOWN_IDS = 8


@dataclass(frozen=True)
class Settings:
    """Inputs and outputs."""

    config: Annotated[Path, "config/project.yml"]
    data: Annotated[Path, "a .jsonl, .csv or .parquet file (the first two also with .gz), or a folder"]
    report: Annotated[Path, "folder for data_quality.json"]


def check(prepared: Prepared, config: ProjectConfig) -> DataQuality:
    """Check the rows against the rules; every broken rule is one sentence, and what was left out is said."""
    found, columns = prepared.found, config.columns
    kinds = data.kinds(config)
    errors = [
        *data_rules.too_few_rows(len(found.frame)),
        *text_rules.gaps(prepared, config),
        *data_rules.repeated_ids(found, config),
        *data_rules.taken_names(found.frame, kinds, config),
        *text_rules.labels(found, config),
    ]
    warnings = [
        *text_rules.damage(prepared),
        *text_rules.copies(prepared),
        *text_rules.several_labels(found, config),
        *text_rules.renamed(found, config),
        *text_rules.personal_data(prepared, config),
        *data_rules.taken_for_missing(found),
    ]
    if not errors:
        leaks, contradictions = text_rules.alike(prepared, config)
        errors += leaks
        warnings += contradictions
        warnings += text_rules.languages(prepared.texts)
        derived = {name: annotate.derived(prepared.texts, name) for name in DERIVED if name in config.slices}
        warnings += data_rules.bias_warnings(found.frame.assign(**derived), config)
    period = Period.of(found.frame[columns.time] if columns.time else None)
    return DataQuality(
        tuple(errors),
        tuple(warnings),
        len(found.frame),
        data_rules.summaries(found.frame, kinds),
        period.start,
        period.end,
        found.dropped,
    )


def inspect(path: Path, config: ProjectConfig) -> tuple[Dataset, DataQuality]:
    """Read the data files at `path` and check them; entries of a folder that are not read are a warning.

    Returns:
        The rows that training uses, and the outcome of the checks.

    Raises:
        UserError: a file cannot be read.
    """
    prepared, quality = _inspect(path, config)
    return prepared.found, quality


def _inspect(path: Path, config: ProjectConfig) -> tuple[Prepared, DataQuality]:
    prepared = preparation.prepare(data.read_dataset(path, config), config)
    quality = check(prepared, config)
    left_out = [f"left out: {entry}" for entry in data_folder.left_out(path)]
    return prepared, replace(quality, warnings=(*quality.warnings, *left_out), digest=data_folder.digest(path))


def doubtful_labels(prepared: Prepared, config: ProjectConfig) -> list[str]:
    """Return a sentence if some labels are probably wrong, with the rows in which they most probably are."""
    frame, columns = prepared.found.frame, config.columns
    doubtful = noise.doubtful_labels(prepared.texts.tolist(), frame[columns.target].tolist(), config.seed)
    if not len(doubtful):
        return []
    shown = [
        str(frame[columns.id].iloc[row]) if columns.id else prepared.found.place(int(row))
        for row in doubtful[:SHOWN_IDS]
    ]
    return [
        f"column {columns.target!r}: {len(doubtful):,} labels look doubtful to a quick model; look at these rows first:"
        f" {', '.join(shown)}"
    ]


def main(argv: Sequence[str] | None = None) -> None:
    """Read the texts, write data_quality.json, refuse what cannot be learnt from.

    Raises:
        UserError: with every broken rule, a line each.
    """
    settings = entry.settings(Settings, argv)
    config = load(settings.config)
    prepared, quality = _inspect(settings.data, config)
    if not quality.errors:
        quality = replace(quality, warnings=(*quality.warnings, *doubtful_labels(prepared, config)))
    quality.save(settings.report)
    for warning in quality.warnings:
        log.warning("%s: %s", settings.data, warning)
    if quality.errors:
        raise UserError("\n".join(f"{settings.data}: {error}" for error in quality.errors))
    log.info("%d rows pass every check", quality.rows)


if __name__ == "__main__":
    entry.run(main)
