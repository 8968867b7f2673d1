"""Batch scoring: in Azure a parallel job calls `init` once a process and `run` once a mini-batch of files.

Each row of each data file (see `data`) becomes one line of the output (`append_row`), with the columns
`COLUMNS` and without a header; Azure keeps no order of mini-batches. `probability` is that of the class in
`prediction`, `probabilities` a JSON object with that of every class, so that the number of columns does not depend on
the model. A file that cannot be scored becomes one line too, with the reason in `error`.
"""

import csv
import io
import json
import logging
import os
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from .. import data, data_folder
from ..errors import UserError
from ..files import write_json
from ..paths import Project
from ..predictions import of_answers
from . import mounted_model

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ("file", "row", "id", "prediction", "probability", "model_name", "model_version", "error", "probabilities")
WITHOUT_PROBABILITIES = COLUMNS[:-1]  # as older versions of this project wrote them
PREDICTIONS = "predictions.csv"
SUMMARY = "summary.json"

logger = logging.getLogger(__name__)


@dataclass
class Counts:
    """The outcome so far; `failed_files` maps a file's name to the reason."""

    files: int = 0
    rows: int = 0
    failed_files: dict[str, str] = field(default_factory=dict)


class BatchScorer:
    """Scores files with one model."""

    def __init__(self, model: mounted_model.MountedModel) -> None:
        self.mounted = model
        self.counts = Counts()

    def score(self, files: Sequence[str | Path]) -> list[str]:
        """Return one CSV line for each row of `files`, or for each file that cannot be scored; see `COLUMNS`."""
        lines: list[str] = []
        for path in map(Path, files):
            self.counts.files += 1
            try:
                scored = self._score_file(path)
            except UserError as error:
                scored = [self._failure(path, str(error))]
            except Exception as error:  # whatever is wrong with one file, the others are to be scored
                logger.exception("%s", path)
                scored = [self._failure(path, f"{path}: {type(error).__name__}: {error}")]
            else:
                self.counts.rows += len(scored)
            lines += scored
        return lines

    def _failure(self, path: Path, reason: str) -> str:
        logger.error("not scored: %s", reason)
        self.counts.failed_files[path.name] = reason
        return _line((path.name, "", "", "", "", self.mounted.name, self.mounted.version, reason, ""))

    def _score_file(self, path: Path) -> list[str]:
        frame = data.read_inputs(path, self.mounted.contract)
        if frame.empty:
            return []
        predictions = self.mounted.model.predict(frame)
        probabilities = self.mounted.model.predict_proba(frame)
        classes = self.mounted.contract.classes
        own, every = np.full(len(frame), None), [""] * len(frame)
        if probabilities is not None and classes is not None:
            own = of_answers(predictions, probabilities, classes)
            every = [json.dumps(dict(zip(classes, row, strict=True))) for row in probabilities.tolist()]
        bad = ~np.isfinite(predictions if probabilities is None else probabilities.sum(axis=1))
        if bad.any():
            raise UserError(f"{path}: data row {int(bad.argmax()) + 1}: the model's answer is not a finite number")
        ids = frame[self.mounted.contract.id] if self.mounted.contract.id in frame else np.full(len(frame), None)
        name, version = self.mounted.name, self.mounted.version
        return [
            _line((path.name, row, identity, prediction, probability, name, version, "", others))
            for row, (identity, prediction, probability, others) in enumerate(
                zip(ids, predictions.tolist(), own.tolist(), every, strict=True), start=1
            )
        ]


def _line(values: Iterable[object]) -> str:
    stream = io.StringIO()
    csv.writer(stream, lineterminator="").writerow(values)
    return stream.getvalue()


def read_predictions(path: Path) -> "pd.DataFrame":
    """Read lines written by `append_row`, with or without the header that `score_folder` adds.

    Returns a frame with `COLUMNS`: row and probability float64 (NaN where a file failed), prediction float64 or str,
    the others str; `probabilities` is empty where an older version wrote the file.

    Raises:
        UserError: there is no such file.
    """
    import pandas as pd

    try:
        with path.open(encoding="utf-8") as stream:
            first = next(csv.reader(stream), [])
    except OSError as error:
        raise UserError(f"{path}: cannot be read: {error.strerror}") from None
    text = ("file", "id", "model_name", "model_version", "error", "probabilities")
    columns = WITHOUT_PROBABILITIES if len(first) == len(WITHOUT_PROBABILITIES) else COLUMNS
    found = pd.read_csv(
        path,
        header=0 if first == list(columns) else None,
        names=list(columns),
        dtype=dict.fromkeys(text, str),
        keep_default_na=False,
        float_precision="round_trip",
        na_values={name: [""] for name in ("row", "prediction", "probability")},
    )
    return found.reindex(columns=list(COLUMNS), fill_value="")


_scorer: BatchScorer | None = None


def init() -> None:
    """Load the model that the batch deployment names.

    Raises:
        UserError: there is no model to load.
    """
    global _scorer
    _scorer = BatchScorer(mounted_model.from_environment())


def run(mini_batch: Sequence[str]) -> list[str]:
    """Score the files of one mini-batch; each element returned becomes one line of the job's output."""
    if _scorer is None:
        raise RuntimeError("run() was called before init()")
    return _scorer.score(mini_batch)


@dataclass(frozen=True)
class Summary:
    """The outcome of `score_folder`; written to summary.json."""

    model: str | None
    version: str | None
    files: int
    failed_files: dict[str, str]
    rows: int
    mini_batches: int
    seconds: float
    predictions: str


def score_folder(
    project: Project,
    model: Path,
    source: Path,
    output: Path,
    *,
    mini_batch_size: int = 1,
    name: str | None = None,
    version: str | None = None,
) -> Summary:
    """Do on this machine what a batch deployment does: score the files of `source` in mini-batches.

    Args:
        project: the project whose paths messages are relative to.
        model: the model folder.
        source: a file, or a folder of files.
        output: the folder that gets predictions.csv, with a header, and summary.json; a failure leaves old ones alone.
        mini_batch_size: files a mini-batch.
        name, version: of the model, for the output's lines.

    Raises:
        UserError: no model, no input, `mini_batch_size` below 1, or `output` cannot be written.
    """
    if mini_batch_size < 1:
        raise UserError(f"mini-batch size {mini_batch_size} is refused: at least 1 file")
    started = time.perf_counter()
    scorer = BatchScorer(mounted_model.load(model, name, version))
    files = data_folder.files(source)
    batches = [files[start : start + mini_batch_size] for start in range(0, len(files), mini_batch_size)]
    target = output / PREDICTIONS
    partial = output / f".{PREDICTIONS}.{os.getpid()}"
    try:
        output.mkdir(parents=True, exist_ok=True)
        with partial.open("w", encoding="utf-8", newline="\n") as stream:
            stream.writelines(line + "\n" for line in _output(scorer, batches))
        partial.replace(target)
    except OSError as error:
        raise UserError(f"{project.relative(output)}: cannot be written: {error.strerror or error}") from None
    finally:
        partial.unlink(missing_ok=True)
    summary = Summary(
        model=name,
        version=version,
        files=scorer.counts.files,
        failed_files=scorer.counts.failed_files,
        rows=scorer.counts.rows,
        mini_batches=len(batches),
        seconds=round(time.perf_counter() - started, 3),
        predictions=project.relative(target),
    )
    write_json(output / SUMMARY, asdict(summary))
    return summary


def _output(scorer: BatchScorer, batches: Sequence[Sequence[Path]]) -> Iterator[str]:
    yield ",".join(COLUMNS)
    for batch in batches:
        yield from scorer.score(batch)
