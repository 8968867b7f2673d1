"""Step: does the model keep its answers on inputs changed in a way that should not change them?"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from .. import data, entry, models, predictions, robustness
from ..config.project import ProjectConfig, load
from ..figures import number, plural
from ..perturbations import perturb
from ..records import Robustness

if TYPE_CHECKING:
    import pandas as pd

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Settings:
    """Inputs and outputs."""

    config: Annotated[Path, "config/project.yml"]
    prepared: Annotated[Path, "folder with the two parts of the data"]
    model: Annotated[Path, "the challenger's model folder"]
    robustness: Annotated[Path, "folder for robustness.json"]


def measure(model: models.Model, holdout: "pd.DataFrame", config: ProjectConfig) -> Robustness:
    """Return what each perturbation costs on a seeded sample of the holdout.

    Each is measured on the rows that it changes; fewer than `gate.slice_rows` say nothing.

    Args:
        model: the model to examine.
        holdout: labelled rows that it has not learned from.
        config: limits, metric and seed.
    """
    limits, target, least = config.robustness, config.columns.target, config.gate.slice_rows
    classes = model.contract.classes or ()
    sample = holdout.sample(min(len(holdout), limits.rows), random_state=config.seed).sort_index()
    before = sample[[target]].join(predictions.predict(model, sample))
    found, unmeasured = [], []
    few: dict[int, list[str]] = {}
    for name, changed in perturb(sample, config, config.seed):
        if len(changed) < least:
            few.setdefault(len(changed), []).append(name)
            continue
        result = robustness.compare(
            name,
            before.loc[changed.index],
            changed[[target]].join(predictions.predict(model, changed)),
            target,
            classes,
            metric=config.metric.name,
            limit=limits.limit_of(name),
            positive=model.contract.positive,
        )
        if result is None:
            unmeasured.append(f"{name}: the {len(changed):,} rows that it changes do not define {config.metric.name}")
        else:
            found.append(result)
    for count, names in few.items():
        rows = plural(count, "row holds", "rows hold")
        unmeasured.append(f"{', '.join(names)}: {rows} anything to change, {least} are needed (gate.slice_rows)")
    return Robustness(config.metric.name, tuple(found), tuple(unmeasured))


def main(argv: Sequence[str] | None = None) -> None:
    """Write robustness.json; the gate refuses what is above its limit."""
    settings = entry.settings(Settings, argv)
    config, model = load(settings.config), models.load(settings.model)
    result = measure(model, data.read_part(settings.prepared, "holdout", config), config)
    result.save(settings.robustness)
    log.info(result.summary)
    for each in result.broken:
        log.warning("%s: %s worse by %s, %s allowed", each.name, result.metric, number(each.loss), each.limit)
    for sentence in result.unmeasured:
        log.info("not measured: %s", sentence)


if __name__ == "__main__":
    entry.run(main)
