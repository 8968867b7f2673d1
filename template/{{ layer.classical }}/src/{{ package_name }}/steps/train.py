"""Step 3: fit the model and, always beside it, the linear baseline."""

import argparse
import logging
import pickle
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import entry, models, tracking
from ..config.project import ProjectConfig
from ..config.project import load as load_config
from ..files import read_json, write_json

if TYPE_CHECKING:
    import pandas as pd
    from sklearn.pipeline import Pipeline

log = logging.getLogger(__name__)
BASELINE = "baseline.pkl"


@dataclass(frozen=True)
class Settings:
    """Paths; `model` is written as an MLflow model folder."""

    config: Path
    prepared: Path
    model: Path
    training: Path


@dataclass(frozen=True)
class Trained:
    """The chosen model, the baseline, and what to record about the fit."""

    pipeline: "Pipeline"
    baseline: "Pipeline"
    record: dict[str, Any]


def fit(frame: "pd.DataFrame", config: ProjectConfig) -> Trained:
    """Choose the kind of model, then fit it and the baseline on all rows of `frame`."""
    started = time.perf_counter()
    kind, candidates = models.choose(config, frame)
    pipeline = models.fit(kind, config, frame)
    seconds = time.perf_counter() - started
    baseline = pipeline if kind == models.BASELINE else models.fit(models.BASELINE, config, frame)
    learner = pipeline[-1]
    parameters = {
        name: value if isinstance(value, int | float | str) else str(value)
        for name, value in learner.get_params().items()
        if value is not None
    }
    record = {
        "kind": kind,
        "learner": type(learner).__name__,
        "metric": config.metric.name,
        "candidates": candidates,
        "baseline": models.BASELINE,
        "parameters": parameters,
        "rows": len(frame),
        "features": len(config.columns.features),
        "seed": config.seed,
        "fit_seconds": seconds,
    }
    return Trained(pipeline, baseline, record)


def main(argv: Sequence[str] | None = None) -> None:
    """Train on train.parquet; log to MLflow; write the model folder, the baseline and training.json."""
    import pandas as pd

    settings = Settings(**vars(_parser().parse_args(argv)))
    config = load_config(settings.config)
    parts = read_json(settings.prepared / "split.json")
    columns = config.columns
    needed = [*columns.features, columns.target, *([columns.time] if columns.time else [])]
    if config.split.by == "id":  # else a million ids would take memory that nobody needs
        needed.append(columns.id)
    frame = pd.read_parquet(settings.prepared / "train.parquet", columns=needed)
    trained = fit(frame, config)
    record = trained.record | {
        "period": {key: value for key, value in parts["train"].items() if key != "rows"},
        "data_digest": parts["data_digest"],
        "code_version": tracking.code_version(),
        "libraries": tracking.libraries(),
    }
    models.save(trained.pipeline, config, frame, settings.model)
    settings.training.mkdir(parents=True, exist_ok=True)
    with (settings.training / BASELINE).open("wb") as stream:
        pickle.dump(trained.baseline, stream)
    with tracking.run() as run_id:
        _log(record)
    write_json(settings.training / "training.json", record | {"run_id": run_id})
    log.info("%s on %d rows in %.1f s", record["learner"], len(frame), record["fit_seconds"])


def _log(record: dict[str, Any]) -> None:
    import mlflow

    mlflow.log_params({key: record[key] for key in ("kind", "learner", "rows", "features", "seed", "data_digest")})
    mlflow.log_params({f"model.{key}": value for key, value in record["parameters"].items()})
    libraries = {f"library.{name}": version for name, version in record["libraries"].items()}
    mlflow.set_tags({"code_version": record["code_version"], **libraries})
    mlflow.log_metric("fit_seconds", record["fit_seconds"])
    for candidate in record["candidates"]:
        mlflow.log_metrics({f"validation.{candidate['kind']}.{k}": v for k, v in candidate["metrics"].items()})


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", type=Path, required=True, help="config/project.yml")
    parser.add_argument("--prepared", type=Path, required=True, help="folder with train.parquet and split.json")
    parser.add_argument("--model", type=Path, required=True, help="folder for the model")
    parser.add_argument("--training", type=Path, required=True, help="folder for training.json and the baseline")
    return parser


if __name__ == "__main__":
    entry.run(main)
