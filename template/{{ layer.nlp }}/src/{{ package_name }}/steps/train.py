"""Step 6: fit the model of the configured family and, always beside it, the linear baseline."""

import logging
import os
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from .. import embedding, entry, linear, models, tracking
from ..config.project import ProjectConfig, load
from ..errors import UserError
from ..linear import LinearClassifier
from ..records import Period, Split, Training

if TYPE_CHECKING:
    import pandas as pd

log = logging.getLogger(__name__)
DEPRECATED = "deprecated"  # how scikit-learn marks a parameter that is not used any more
LEARNERS = {"linear": "LogisticRegression", "transformer": "Transformer"}


@dataclass(frozen=True)
class Settings:
    """Inputs and outputs; `model` is written as an MLflow model folder."""

    config: Annotated[Path, "config/project.yml"]
    prepared: Annotated[Path, "folder with train.parquet and split.json"]
    embedding: Annotated[Path, "folder with embedder.pkl"]
    model: Annotated[Path, "folder for the model"]
    training: Annotated[Path, "folder for training.json and the baseline"]


@dataclass(frozen=True)
class Fit:
    """The baseline, the parameters of the model, and the seconds that its fit took."""

    baseline: LinearClassifier
    parameters: dict[str, Any]
    seconds: float


def fit(frame: "pd.DataFrame", config: ProjectConfig, folder: Path, checkpoints: Path | None = None) -> Fit:
    """Fit the model of the configured family, and the baseline, to all rows of `frame` (normalised texts).

    The files of the model are written into `folder`.

    Raises:
        UserError: the learner refuses the configuration (see `models.problem`) or the data.
    """
    if problem := models.problem(config):
        raise UserError(problem)
    started = time.perf_counter()
    if config.model.kind == models.BASELINE:
        baseline = models.fit_linear(frame, config)
        seconds = time.perf_counter() - started
        baseline.save(folder / linear.FILE)
        return Fit(baseline, baseline.parameters, seconds)
    from ..deep.texts import fit as fit_transformer

    columns = config.columns
    texts, labels = frame[columns.text].tolist(), frame[columns.target].tolist()
    parameters = fit_transformer(texts, labels, config, folder, checkpoints)
    seconds = time.perf_counter() - started
    return Fit(models.fit_linear(frame, config), parameters, seconds)


def recorded(parameters: dict[str, Any]) -> dict[str, bool | int | float | str]:
    """Return the parameters that are set, as values that JSON can hold."""
    return {
        name: value if isinstance(value, int | str) or (isinstance(value, float) and isfinite(value)) else str(value)
        for name, value in parameters.items()
        if value is not None and value != DEPRECATED
    }


def main(argv: Sequence[str] | None = None) -> None:
    """Train on train.parquet; log to MLflow; write the model folder, the baseline and training.json."""
    import pandas as pd

    settings = entry.settings(Settings, argv)
    config = load(settings.config)
    parts = Split.load(settings.prepared)
    columns = config.columns
    if not (settings.embedding / embedding.FILE).is_file():
        raise UserError(f"{settings.embedding}: {embedding.FILE} is missing; it is an output of the embed step")
    needed = dict.fromkeys([columns.text, columns.target, columns.time or columns.target, config.split_column])
    frame = pd.read_parquet(settings.prepared / "train.parquet", columns=list(needed))
    # Of an Azure ML job the outputs last, whatever machine it goes on with; on a laptop those of a failed step do not.
    checkpoints = Path(os.environ.get("CHECKPOINTS") or settings.training / "checkpoints")
    with tempfile.TemporaryDirectory() as scratch:
        fitted = fit(frame, config, Path(scratch), checkpoints)
        if os.environ.get("RANK", "0") != "0":
            return  # of several processes that trained together, the first one writes the outputs
        decision = models.decide(frame, config)
        models.save(Path(scratch), settings.embedding, decision, config, frame, settings.model)
    models.save_baseline(fitted.baseline, settings.training)
    with tracking.run() as run_id:
        record = Training(
            kind=config.model.kind,
            learner=LEARNERS[config.model.kind],
            metric=config.metric.name,
            candidates=(),
            baseline=models.BASELINE,
            parameters=recorded(fitted.parameters),
            rows=len(frame),
            features=len(columns.features),
            seed=config.seed,
            fit_seconds=fitted.seconds,
            period=Period(parts.train.start, parts.train.end),
            data_digest=parts.data_digest,
            code_version=tracking.code_version(),
            libraries=tracking.versions(models.LIBRARIES),
            run_id=run_id,
            decision=decision,
        )
        tracking.log_training(record)
    record.save(settings.training)
    log.info("%s on %d texts in %.1f s", record.learner, len(frame), record.fit_seconds)


if __name__ == "__main__":
    entry.run(main)
