"""The model of the configured family, the baseline on small pixels beside it, and where both are kept."""

import os
import tempfile
import time
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import decisions, measuring, models, pixels, projection, split
from .config.project import ProjectConfig
from .errors import UserError
from .images import Rules
from .pixels import PixelClassifier
from .projection import Projection
from .records import Decision, Fitted

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pandas as pd

HELD_OUT = 10  # one row in so many decides when training ends
LEAST = 50  # rows that can do so


def train(frame: "pd.DataFrame", config: ProjectConfig, model: Path, training: Path) -> Fitted | None:
    """Fit on all rows of `frame`, and write the model folder and, into the folder `training`, the baseline.

    Of several processes that train together, the first one alone writes them; the others return None.

    Args:
        frame: the training rows.
        config: names the columns and the family.
        model: the model folder.
        training: folder for the baseline and for checkpoints.

    Raises:
        UserError: the learner refuses the configuration (see `models.problem`) or the data.
    """
    if problem := models.problem(config):
        raise UserError(problem)
    kind, columns = config.model.kind, config.columns
    parameters: dict[str, Any]
    with tempfile.TemporaryDirectory() as scratch:
        folder, started = Path(scratch), time.perf_counter()
        if kind == models.BASELINE:
            baseline, decision = fit_pixels(frame, config)
            parameters = baseline.regression[-1].get_params()
            seconds = time.perf_counter() - started
            baseline.save(folder)
        else:
            from .deep.images import fit

            # Of an Azure ML job the outputs last, whatever machine it goes on with; those of a failed step here do not.
            checkpoints = Path(os.environ.get("CHECKPOINTS") or training / "checkpoints")
            sources, labels = frame[columns.image].tolist(), frame[columns.target].tolist()
            parameters = fit(sources, labels, held_out(frame, config), config, folder, checkpoints)
            if os.environ.get("RANK", "0") != "0":
                return None
            seconds = time.perf_counter() - started
            baseline, decision = fit_pixels(frame, config)
        project(frame, config, folder)
        models.save(folder, decision, config, frame, model)
    baseline.save(training)
    return Fitted(kind, models.LEARNERS[kind], parameters, seconds, decision=decision)


def fit_pixels(frame: "pd.DataFrame", config: ProjectConfig) -> tuple[PixelClassifier, Decision | None]:
    """Fit the baseline on rows of `frame`, on a seeded sample of very many.

    Returns:
        The baseline, and how a model decides between two classes: where `config` gives a rule for the threshold, by the
        answers of the baseline on validation folds.

    Raises:
        UserError: see `PixelClassifier.fit`; or an image cannot be read.
    """
    sample = frame.sample(min(len(frame), pixels.ROWS), random_state=config.seed).sort_index().reset_index(drop=True)
    vectors = pixels.read(sample[config.columns.image].tolist(), Rules.of(config.images))
    balanced = config.model.class_weights == "balanced"

    def fit(known: "pd.DataFrame") -> PixelClassifier:
        return PixelClassifier.fit(vectors[known.index], known[config.columns.target].tolist(), balanced)

    def answer(known: "pd.DataFrame", rows: "pd.DataFrame") -> "tuple[Sequence[str], npt.NDArray[np.float64]]":
        classifier = fit(known)
        return classifier.classes, classifier.regression.predict_proba(vectors[rows.index])

    return fit(sample), decisions.decide(sample, config, pixels.FOLDS, answer)


def project(frame: "pd.DataFrame", config: ProjectConfig, folder: Path) -> None:
    """Learn the components of the vectors of training images, of a seeded sample, and write them to `folder`."""
    import numpy as np

    classifier = models.load_classifier(folder)
    sample = frame.sample(min(len(frame), projection.ROWS), random_state=config.seed)
    decoded = measuring.every(lambda image: image, sample[config.columns.image].tolist(), Rules.of(config.images))
    vectors = []
    while some := list(islice(decoded, models.BATCH)):
        vectors.append(classifier.answers(some)[1])
    Projection.fit(np.concatenate(vectors)).save(folder)


def held_out(frame: "pd.DataFrame", config: ProjectConfig) -> "npt.NDArray[np.bool_]":
    """Return the training rows that decide when training ends, bool (rows,): about a tenth, apart as the split is.

    There are none where they would be too few; a class of which all rows are among them keeps its rows.
    """
    import numpy as np

    values, target = frame[config.split_column], frame[config.columns.target]
    if config.split.by == "time":
        found = split.holdout(values, "time", 1 / HELD_OUT)
    else:
        _, found = next(split.folds(values, config.split.by, HELD_OUT))
    found = found & target.isin(target[~found].unique()).to_numpy()
    return found if found.sum() >= LEAST else np.zeros(len(frame), dtype=bool)
