"""Step 4: score challenger, baseline and champion on the same holdout."""

import argparse
import logging
import pickle
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import entry, models, tracking
from ..config.project import ProjectConfig
from ..config.project import load as load_config
from ..files import read_json, write_json
from ..reporting import plots
from .train import BASELINE

if TYPE_CHECKING:
    import pandas as pd

log = logging.getLogger(__name__)
IMPORTANCE_ROWS = 2_000
REFERENCE_ROWS = 20_000  # what a monitor compares later data with


@dataclass(frozen=True)
class Settings:
    """Paths; `champion` is the model folder of the model in service, None for the first one."""

    config: Path
    prepared: Path
    model: Path
    training: Path
    champion: Path | None
    evaluation: Path


def predictions(model: Any, frame: "pd.DataFrame", config: ProjectConfig, classes: list[str] | None) -> "pd.DataFrame":
    """Column `prediction` and, for a classification, `probability_<class>`; one row a row of `frame`."""
    import pandas as pd

    inputs = frame[config.columns.features]
    found = pd.DataFrame({"prediction": model.predict(inputs)}, index=frame.index)
    for label, column in zip(classes or [], (model.predict_proba(inputs).T if classes else ()), strict=True):
        found[f"probability_{label}"] = column
    return found


def flattered(champion: models.Model, holdout: dict[str, Any]) -> bool:
    """Whether the champion learned from rows as new as the holdout's, so that its figure is better than it deserves."""
    until = champion.contract["trained_until"]
    return until is not None and "from" in holdout and until >= holdout["from"]


def importance(pipeline: Any, frame: "pd.DataFrame", config: ProjectConfig) -> list[dict[str, Any]]:
    """Permutation importance on at most `IMPORTANCE_ROWS` rows, most important first.

    `mean` is how much worse the metric gets when one column is shuffled, in the unit of the metric
    (Breiman 2001, as implemented by scikit-learn), `std` its spread over three shuffles.
    """
    from sklearn.inspection import permutation_importance

    sample = frame.sample(min(len(frame), IMPORTANCE_ROWS), random_state=config.seed)
    name = config.metric.name
    sign = -1.0 if config.metric.direction == "minimize" else 1.0

    def scorer(_: Any, inputs: "pd.DataFrame", target: Any) -> float:
        return sign * models.evaluate(pipeline, config, inputs.assign(**{config.columns.target: target}))[name]

    result = permutation_importance(
        pipeline,
        sample[config.columns.features],
        sample[config.columns.target],
        scoring=scorer,
        n_repeats=3,
        random_state=config.seed,
    )
    rows = zip(config.columns.features, result.importances_mean, result.importances_std, strict=True)
    found = [{"feature": feature, "mean": float(mean), "std": float(std)} for feature, mean, std in rows]
    return sorted(found, key=lambda row: -row["mean"])


def main(argv: Sequence[str] | None = None) -> None:
    """Write metrics.json, predictions.parquet, reference.parquet and plots/; log them to MLflow."""
    import pandas as pd

    settings = Settings(**vars(_parser().parse_args(argv)))
    config = load_config(settings.config)
    training = read_json(settings.training / "training.json")
    parts = read_json(settings.prepared / "split.json")
    train = pd.read_parquet(settings.prepared / "train.parquet")
    holdout = pd.read_parquet(settings.prepared / "holdout.parquet")
    model = models.load(settings.model)
    with (settings.training / BASELINE).open("rb") as stream:
        baseline = pickle.load(stream)
    columns = config.columns
    classes = model.contract["classes"]

    keep = [name for name in (columns.id, columns.time, *config.slices, columns.target) if name]
    table = pd.concat([holdout[keep], predictions(model.pipeline, holdout, config, classes)], axis=1)
    table["baseline_prediction"] = baseline.predict(holdout[columns.features])
    content: dict[str, Any] = {
        "task": config.task,
        "metric": config.metric.name,
        "direction": config.metric.direction,
        "rows": len(holdout),
        "holdout": parts["holdout"],
        "challenger": models.evaluate(model.pipeline, config, holdout),
        "baseline": models.evaluate(baseline, config, holdout),
        "champion": None,
        "champion_problem": None,
        "champion_flattered": False,
        "importance": importance(model.pipeline, holdout, config),
    }
    if settings.champion:
        champion = models.load(settings.champion)
        content["champion_problem"] = models.mismatch(champion, config)
        if content["champion_problem"] is None:
            content["champion"] = models.evaluate(champion, config, holdout)
            table["champion_prediction"] = champion.predict(holdout)
            content["champion_flattered"] = flattered(champion, parts["holdout"])

    settings.evaluation.mkdir(parents=True, exist_ok=True)
    table.to_parquet(settings.evaluation / "predictions.parquet", index=False)
    sample = train.sample(min(len(train), REFERENCE_ROWS), random_state=config.seed).sort_index()
    reference = pd.concat([sample, predictions(model.pipeline, sample, config, classes)], axis=1)
    reference.to_parquet(settings.evaluation / "reference.parquet", index=False)
    plots.draw(table, config, classes, settings.evaluation / "plots")
    write_json(settings.evaluation / "metrics.json", content)
    _log(content, settings.evaluation, training["run_id"])
    log.info("holdout %s %.4g", config.metric.name, content["challenger"][config.metric.name])


def _log(content: dict[str, Any], folder: Path, run_id: str) -> None:
    import mlflow

    with tracking.run(run_id):
        for who in ("challenger", "baseline", "champion"):
            if content[who]:
                mlflow.log_metrics({f"holdout.{who}.{name}": value for name, value in content[who].items()})
        mlflow.log_artifacts(str(folder / "plots"), "plots")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", type=Path, required=True, help="config/project.yml")
    parser.add_argument("--prepared", type=Path, required=True, help="folder with the two parts of the table")
    parser.add_argument("--model", type=Path, required=True, help="the challenger's model folder")
    parser.add_argument("--training", type=Path, required=True, help="folder with training.json and the baseline")
    parser.add_argument("--champion", type=Path, help="model folder of the model in service")
    parser.add_argument("--evaluation", type=Path, required=True, help="folder for metrics, predictions and plots")
    return parser


if __name__ == "__main__":
    entry.run(main)
