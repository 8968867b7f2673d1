"""Step 2: give each text its one form, with personal data masked, and say what was masked where."""

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from .. import content, data, entry, preparation
from ..config.project import load
from ..figures import plural
from ..files import write_json
from ..preparation import Prepared
from ..records import DataQuality, Outcome

log = logging.getLogger(__name__)
FINDINGS = "normalisation.json"
SHOWN_POSITIONS = 10_000


@dataclass(frozen=True)
class Settings:
    """Inputs and outputs."""

    config: Annotated[Path, "config/project.yml"]
    data: Annotated[Path, "the data that validate_data passed"]
    report: Annotated[Path, "folder with data_quality.json"]
    normalised: Annotated[Path, "folder for texts.parquet and normalisation.json"]


def describe(prepared: Prepared) -> dict[str, Any]:
    """Return what was masked: kinds, numbers, and the first 10,000 positions, never what stood there.

    A position is a row of a file as its reader counts, and a place in its text once white space has its one form.
    """
    findings = prepared.findings
    positions: list[dict[str, Any]] = []
    for row, spans in findings.positions.items():
        path, number = prepared.found.origin(row)
        for span in spans[: SHOWN_POSITIONS - len(positions)]:
            positions.append(
                {
                    "file": path.name if path else None,
                    "row": number,
                    "kind": span.kind,
                    "start": span.start,
                    "length": span.length,
                }
            )
    return {
        "texts": findings.texts,
        "counts": dict(findings.counts),
        "positions": positions,
        "positions_left_out": sum(findings.counts.values()) - len(positions),
    }


def summary(counts: Mapping[str, int], changed: int, copies: int) -> str:
    """Return the outcome in a few words."""
    masked = ", ".join(f"{kind} {count:,}" for kind, count in Counter(counts).most_common())
    left_out = f"; {plural(copies, 'near duplicate')} left out" if copies else ""
    return f"{plural(changed, 'text')} changed; masked: {masked or 'nothing'}{left_out}"


def main(argv: Sequence[str] | None = None) -> None:
    """Write texts.parquet with the rows that training uses, normalisation.json and outcome.json.

    Raises:
        UserError: the data cannot be read, or they are not those that validate_data passed.
    """
    settings = entry.settings(Settings, argv)
    config = load(settings.config)
    DataQuality.load(settings.report)
    prepared = preparation.prepare(data.read_dataset(settings.data, config), config)
    frame, name = prepared.found.frame, config.columns.text
    changed = int((frame[name] != prepared.texts).sum())
    settings.normalised.mkdir(parents=True, exist_ok=True)
    frame.assign(**{name: prepared.texts}).to_parquet(settings.normalised / content.PREPARED, index=False)
    write_json(settings.normalised / FINDINGS, describe(prepared))
    outcome = Outcome(summary(prepared.findings.counts, changed, prepared.copies))
    outcome.save(settings.normalised)
    log.info(outcome.text)


if __name__ == "__main__":
    entry.run(main)
