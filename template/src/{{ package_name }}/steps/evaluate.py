"""Step 4: score challenger, baseline and champion on the same holdout."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from .. import data, entry, explain, models, observation, predictions, tracking
from ..config.project import ProjectConfig, load
from ..errors import UserError
from ..records import Contract, Examples, Metrics, Part, Split, Training
from ..reporting import plots
from ..scoring import known
from ..suitability import unknown_sentence

if TYPE_CHECKING:
    import pandas as pd

log = logging.getLogger(__name__)
REFERENCE_ROWS = 20_000  # for a monitor to compare later data with


@dataclass(frozen=True)
class Settings:
    """Inputs and outputs; `champion` is left out for the first model."""

    config: Annotated[Path, "config/project.yml"]
    prepared: Annotated[Path, "folder with the two parts of the data"]
    model: Annotated[Path, "the challenger's model folder"]
    training: Annotated[Path, "folder with training.json and the baseline"]
    champion: Annotated[Path | None, "model folder of the model in service"]
    evaluation: Annotated[Path, "folder for metrics, predictions and plots"]


def trained_on_holdout_period(champion: Contract, holdout: Part) -> bool:
    """Return whether the champion learned from rows as new as the holdout's, so that its figure flatters it."""
    until = champion.trained_until
    return until is not None and holdout.start is not None and until >= holdout.start


def load_champion(folder: Path, config: ProjectConfig) -> tuple[models.Model | None, str | None]:
    """Return the champion, or None and why it cannot be compared, for instance because another learner made it."""
    try:
        champion = models.load(folder)
    except UserError as error:
        return None, str(error)
    problem = config.mismatch(champion.contract)
    return (None, problem) if problem else (champion, None)


def unmeasured(contract: Contract, metric: str, labels: "pd.Series") -> str:
    """Return why the holdout, which has these labels, does not define a metric for a model that knows other classes."""
    strange = unknown_sentence(labels, contract.classes)
    why = f": {strange}" if strange else f": it knows the classes {', '.join(contract.classes or ())}"
    return f"the holdout does not define its {metric}{why}"


def differing(truth: "pd.Series", challenger: "pd.Series", champion: "pd.Series") -> tuple[int, int]:
    """Return how many rows the challenger alone answers right, and how many the champion alone."""
    right, old = challenger == truth, champion == truth
    return int((right & ~old).sum()), int((old & ~right).sum())


def main(argv: Sequence[str] | None = None) -> None:
    """Write metrics, predictions, the reference, examples, plots/ and known/; log metrics and plots to MLflow."""
    import pandas as pd

    settings = entry.settings(Settings, argv)
    config = load(settings.config)
    training, parts = Training.load(settings.training), Split.load(settings.prepared)
    train, holdout = (data.read_part(settings.prepared, name, config) for name in ("train", "holdout"))
    model = models.load(settings.model)
    columns, classes, positive = config.columns, model.contract.classes, model.contract.positive
    target = holdout[[columns.target]]

    answers = predictions.predict(model, holdout)
    rival = predictions.predict(models.load_baseline(settings.training, model.contract), holdout)
    keep = list(dict.fromkeys(name for name in (columns.id, columns.time, *config.slices, columns.target) if name))
    table = pd.concat([holdout[keep], answers], axis=1)
    table["baseline_prediction"] = rival[predictions.PREDICTION]

    champion_metrics = champion_problem = None
    champion_flattered = False
    only: tuple[int | None, int | None] = (None, None)
    if settings.champion:
        champion, champion_problem = load_champion(settings.champion, config)
        if champion:
            old = predictions.predict(champion, holdout)
            champion_metrics = predictions.score(target.join(old), columns.target, champion.contract.classes, positive)
            table["champion_prediction"] = old[predictions.PREDICTION]
            champion_flattered = trained_on_holdout_period(champion.contract, parts.holdout)
            if config.metric.name not in champion_metrics:
                champion_metrics, champion_problem = (
                    None,
                    unmeasured(champion.contract, config.metric.name, holdout[columns.target]),
                )
            elif classes is not None:
                only = differing(target[columns.target], answers[predictions.PREDICTION], old[predictions.PREDICTION])
    metrics = Metrics(
        task=config.task,
        metric=config.metric.name,
        direction=config.metric.direction,
        rows=len(holdout),
        holdout=parts.holdout,
        challenger=predictions.score(target.join(answers), columns.target, classes, positive),
        baseline=predictions.score(target.join(rival), columns.target, classes, positive),
        champion=champion_metrics,
        champion_problem=champion_problem,
        champion_flattered=champion_flattered,
        importance=explain.explain(model, holdout, config),
        classes=() if classes is None else predictions.per_class(table, columns.target, classes),
        only_challenger=only[0],
        only_champion=only[1],
    )

    folder = settings.evaluation
    folder.mkdir(parents=True, exist_ok=True)
    table.to_parquet(folder / "predictions.parquet", index=False)
    sample = train.sample(min(len(train), REFERENCE_ROWS), random_state=config.seed).sort_index()
    reference = pd.concat([observation.reference(model, sample), predictions.predict(model, sample)], axis=1)
    reference.to_parquet(folder / "reference.parquet", index=False)
    if shown := explain.examples(model, holdout, answers, config):
        Examples(shown).save(folder)
    plots.draw(table, config, classes, folder / "plots")
    known.save(known.answers(model, holdout), folder / known.FOLDER)
    metrics.save(folder)
    with tracking.run(training.run_id):
        tracking.log_evaluation(metrics, folder / "plots")
    log.info("holdout %s %s", metrics.metric, metrics.figure("challenger"))
    if metrics.caution:
        log.warning(metrics.caution)


if __name__ == "__main__":
    entry.run(main)
