"""The model of the configured family, the linear baseline beside it, and where both are kept."""

import os
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from . import embedding, linear, models
from .config.project import ProjectConfig
from .errors import UserError
from .records import Fitted

if TYPE_CHECKING:
    import pandas as pd


def train(frame: "pd.DataFrame", config: ProjectConfig, embedded: Path, model: Path, training: Path) -> Fitted | None:
    """Fit on all rows of `frame`, and write the model folder and, into the folder `training`, the baseline.

    Of several processes that train together, the first one alone writes them; the others return None.

    Args:
        frame: the training rows, with normalised texts.
        config: names the columns and the family.
        embedded: folder with the embedder, which becomes a part of the model.
        model: the model folder.
        training: folder for the baseline and for checkpoints.

    Raises:
        UserError: there is no embedder, or the learner refuses the data or the configuration (see
            `models.learner_problem`).
    """
    if not embedding.is_there(embedded):
        raise UserError(f"{embedded}: {embedding.FILE} is missing; it is an output of the embed step")
    if problem := models.learner_problem(config):
        raise UserError(problem)
    kind = config.model.kind
    with tempfile.TemporaryDirectory() as scratch:
        folder, started = Path(scratch), time.perf_counter()
        if kind == models.BASELINE:
            baseline = models.fit_linear(frame, config)
            seconds, parameters = time.perf_counter() - started, baseline.parameters
            baseline.save(folder / linear.FILE)
        else:
            from .deep.texts import fit

            columns = config.columns
            # Of an Azure ML job the outputs last, whatever machine it goes on with; those of a failed step here do not.
            checkpoints = Path(os.environ.get("CHECKPOINTS") or training / "checkpoints")
            parameters = fit(frame[columns.text].tolist(), frame[columns.target].tolist(), config, folder, checkpoints)
            seconds = time.perf_counter() - started
            baseline = models.fit_linear(frame, config)
        if os.environ.get("RANK", "0") != "0":
            return None
        decision = models.decide(frame, config)
        models.save(folder, embedded, decision, config, frame, model)
    models.save_baseline(baseline, training)
    return Fitted(kind, models.LEARNERS[kind], parameters, seconds, decision=decision)
