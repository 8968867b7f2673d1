"""Step 5: does the model serve every slice alike? Writes slices, bias of the data, and the model card."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from .. import bias, entry, predictions, slices
from ..config.project import load
from ..files import atomic_write
from ..records import Contract, Metrics, Robustness, Training
from ..reporting.model_card import model_card

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Settings:
    """Inputs and outputs; `robustness` is left out by pipelines without that step."""

    config: Annotated[Path, "config/project.yml"]
    evaluation: Annotated[Path, "folder with metrics and predictions"]
    model: Annotated[Path, "the challenger's model folder"]
    training: Annotated[Path, "folder with training.json"]
    robustness: Annotated[Path | None, "folder with robustness.json"]
    responsible_ai: Annotated[Path, "folder for slices, bias and model card"]


def main(argv: Sequence[str] | None = None) -> None:
    """Write slices.json, bias.json and the model card as Markdown and HTML."""
    import pandas as pd

    settings = entry.settings(Settings, argv)
    config = load(settings.config)
    table = pd.read_parquet(settings.evaluation / "predictions.parquet")
    metrics, training = Metrics.load(settings.evaluation), Training.load(settings.training)
    contract = Contract.load(settings.model)
    found = slices.measure(
        table,
        config.slices,
        config.columns.target,
        contract.classes,
        metric=config.metric.name,
        limit=config.gate.maximum_slice_gap,
        minimum_rows=config.gate.slice_rows,
        positive=config.decision.positive,
    )
    # Of a large training part, evaluate has kept a random sample; its shares and rates are those of all rows.
    reference = pd.read_parquet(settings.evaluation / "reference.parquet")
    parts = {"training": reference.drop(columns=predictions.PREDICTION), "holdout": table}
    spread = bias.measure(
        parts,
        config.slices,
        config.columns.target,
        contract.classes,
        config.bias_limits,
        config.decision.positive,
    )
    found.save(settings.responsible_ai)
    spread.save(settings.responsible_ai)
    robustness = Robustness.load(settings.robustness) if settings.robustness else None
    markdown, html = model_card(config, contract, training, metrics, found, spread, robustness)
    atomic_write(settings.responsible_ai / "model_card.md", markdown)
    atomic_write(settings.responsible_ai / "model_card.html", html)
    log.info(found.summary)
    for breach in spread.breaches:
        log.warning(breach.sentence)


if __name__ == "__main__":
    entry.run(main)
