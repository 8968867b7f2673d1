"""The model that training chooses, the linear baseline beside it, and where both are kept."""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from . import models
from .config.project import ProjectConfig
from .records import Candidate, Fitted

if TYPE_CHECKING:
    import pandas as pd
    from sklearn.pipeline import Pipeline


@dataclass(frozen=True)
class Fit:
    """The chosen model, the baseline, and how they came about."""

    kind: str
    candidates: tuple[Candidate, ...]
    pipeline: "Pipeline"
    baseline: "Pipeline"
    seconds: float


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


def train(frame: "pd.DataFrame", config: ProjectConfig, model: Path, training: Path) -> Fitted:
    """Fit on all rows of `frame`, and write the model folder and, into the folder `training`, the baseline."""
    made = fit(frame, config)
    models.save(made.pipeline, config, frame, model)
    models.save_baseline(made.baseline, training)
    learner = models.learner(made.pipeline)
    return Fitted(
        made.kind,
        type(learner).__name__,
        learner.get_params(),
        made.seconds,
        made.candidates,
        models.decision(made.pipeline, config),
    )
