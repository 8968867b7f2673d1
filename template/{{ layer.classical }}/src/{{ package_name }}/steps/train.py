"""Step 3: fit the model and, always beside it, the linear baseline."""

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from .. import entry, models, tracking
from ..config.project import ProjectConfig, load
from ..records import Candidate, Period, Split, Training

if TYPE_CHECKING:
    import pandas as pd
    from sklearn.pipeline import Pipeline

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Settings:
    """Inputs and outputs; `model` is written as an MLflow model folder."""

    config: Annotated[Path, "config/project.yml"]
    prepared: Annotated[Path, "folder with train.parquet and split.json"]
    model: Annotated[Path, "folder for the model"]
    training: Annotated[Path, "folder for training.json and the baseline"]


@dataclass(frozen=True)
class Fit:
    """The chosen model, the baseline, and how they came about."""

    kind: str
    candidates: tuple[Candidate, ...]
    pipeline: "Pipeline"
    baseline: "Pipeline"
    seconds: float

    @property
    def parameters(self) -> dict[str, Any]:
        """Parameters of the learner that are set, as values that JSON can hold."""
        return {
            name: value
            if isinstance(value, int | str) or (isinstance(value, float) and isfinite(value))
            else str(value)
            for name, value in models.learner(self.pipeline).get_params().items()
            if value is not None
        }


def fit(frame: "pd.DataFrame", config: ProjectConfig) -> Fit:
    """Choose the kind of model, then fit it and the baseline on all rows of `frame`."""
    started = time.perf_counter()
    kind, candidates, thresholds = models.choose(config, frame)
    pipeline = models.decided(models.fit(kind, config, frame), config, thresholds.get(kind))
    seconds = time.perf_counter() - started
    baseline = pipeline
    if kind != models.BASELINE:
        fitted = models.fit(models.BASELINE, config, frame)
        baseline = models.decided(fitted, config, thresholds.get(models.BASELINE))
    return Fit(kind, candidates, pipeline, baseline, seconds)


def main(argv: Sequence[str] | None = None) -> None:
    """Train on train.parquet; log to MLflow; write the model folder, the baseline and training.json."""
    import pandas as pd

    settings = entry.settings(Settings, argv)
    config = load(settings.config)
    parts = Split.load(settings.prepared)
    columns = config.columns
    # Not the id, unless it decides the folds: a million of them would take memory for nothing.
    needed = dict.fromkeys([*columns.features, columns.target, columns.time or columns.target, config.split_column])
    frame = pd.read_parquet(settings.prepared / "train.parquet", columns=list(needed))
    fitted = fit(frame, config)
    models.save(fitted.pipeline, config, frame, settings.model)
    models.save_baseline(fitted.baseline, settings.training)
    with tracking.run() as run_id:
        record = Training(
            kind=fitted.kind,
            learner=type(models.learner(fitted.pipeline)).__name__,
            metric=config.metric.name,
            candidates=fitted.candidates,
            baseline=models.BASELINE,
            parameters=fitted.parameters,
            rows=len(frame),
            features=len(columns.features),
            seed=config.seed,
            fit_seconds=fitted.seconds,
            period=Period(parts.train.start, parts.train.end),
            data_digest=parts.data_digest,
            code_version=tracking.code_version(),
            libraries=tracking.versions(models.LIBRARIES),
            run_id=run_id,
            decision=models.decision(fitted.pipeline, config),
        )
        tracking.log_training(record)
    record.save(settings.training)
    log.info("%s on %d rows in %.1f s", record.learner, len(frame), record.fit_seconds)


if __name__ == "__main__":
    entry.run(main)
