"""Batch scoring: in Azure a parallel job calls `init` once a process and `run` once a mini-batch of files.

Each row of each data file (see `data`) becomes one line of the output (`append_row`), with the columns
`COLUMNS` and without a header; Azure keeps no order of mini-batches. `probability` is that of the class in
`prediction`, `probabilities` a JSON object with that of every class, so that the number of columns does not depend on
the model.

A file that cannot be scored or holds no row becomes one line too, with the reason in `error`, and so does a row of a
file whose other rows can be. So no file is without a line, which a job with `error_threshold: 0` relies on. The rows of
small files are answered together.
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
from ..config.inputs import NESTED
from ..errors import RowsError, UserError
from ..figures import plural
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
MINI_BATCH = 100 if NESTED else 1  # files, by default; where folders are nested, a file may be one row
TOGETHER = 1000  # rows of small files that are answered at once

logger = logging.getLogger(__name__)


@dataclass
class Counts:
    """The outcome so far; `failed_files` maps a file's name to the reason why it, or a row of it, has no answer."""

    files: int = 0
    rows: int = 0  # with an answer
    failed_files: dict[str, str] = field(default_factory=dict)


class BatchScorer:
    """Scores files with one model.

    Args:
        model: answers.
        root: the folder that the files are named relative to; None where it is not known, as in Azure's parallel job.
    """

    def __init__(self, model: mounted_model.MountedModel, root: Path | None = None) -> None:
        self.mounted = model
        self.root = root
        self.counts = Counts()

    def score(self, files: Sequence[str | Path]) -> list[str]:
        """Return one CSV line for each row of `files`, or for each file that cannot be scored; see `COLUMNS`."""
        lines: list[str] = []
        waiting: list[tuple[Path, pd.DataFrame]] = []
        rows = 0
        for path in map(Path, files):
            self.counts.files += 1
            try:
                frame = data.read_inputs(path, self.mounted.contract)
            except Exception as error:  # whatever is wrong with one file, the others are to be scored
                lines += self._answered(waiting)
                lines.append(self._failure(path, error))
                waiting, rows = [], 0
                continue
            if frame.empty:  # a file without a line in the output is what Azure counts as lost
                lines += self._answered(waiting)
                lines.append(self._failure(path, UserError(f"{path}: holds no row")))
                waiting, rows = [], 0
                continue
            if waiting and list(frame) != list(waiting[0][1]):  # only one of them has ids
                lines += self._answered(waiting)
                waiting, rows = [], 0
            waiting.append((path, frame))
            rows += len(frame)
            if rows >= TOGETHER:
                lines += self._answered(waiting)
                waiting, rows = [], 0
        return lines + self._answered(waiting)

    def _answered(self, files: "Sequence[tuple[Path, pd.DataFrame]]") -> list[str]:
        if not files:
            return []
        try:
            return self._lines(files)
        except Exception as error:  # as above
            if len(files) > 1:
                return [line for each in files for line in self._answered([each])]
            return [self._failure(files[0][0], error)]

    def _lines(self, files: "Sequence[tuple[Path, pd.DataFrame]]") -> list[str]:
        """Return the lines of files that are answered together.

        Raises:
            Exception: they cannot be.
        """
        import pandas as pd

        frame = files[0][1] if len(files) == 1 else pd.concat([each for _, each in files], ignore_index=True)
        origin = [(path, row) for path, each in files for row in range(1, len(each) + 1)]
        answers, faults = self._answers(frame, origin)
        ids = frame[self.mounted.contract.id] if self.mounted.contract.id in frame else np.full(len(frame), None)
        name, version = self.mounted.name, self.mounted.version
        lines = []
        for place, ((path, row), identity) in enumerate(zip(origin, ids, strict=True)):
            prediction, own, every = answers.get(place, ("", "", ""))
            reason = faults.get(place, "")
            lines.append(_line((self._shown(path), row, identity, prediction, own, name, version, reason, every)))
        self.counts.rows += len(answers)
        self._note_faults(files, faults)
        return lines

    def _answers(
        self, frame: "pd.DataFrame", origin: Sequence[tuple[Path, int]]
    ) -> tuple[dict[int, tuple[object, object, str]], dict[int, str]]:
        """Return for each row of a frame its prediction and probabilities, or the reason why it has none."""
        faults: dict[int, str] = {}
        places = list(range(len(frame)))
        model, classes = self.mounted.model, self.mounted.contract.classes
        try:
            predictions, probabilities = model.predict(frame), model.predict_proba(frame)
        except RowsError as error:
            faults = dict(error.rows)
            places = [place for place in places if place not in faults]
            if not places:
                return {}, faults
            usable = frame.iloc[places].reset_index(drop=True)
            predictions, probabilities = model.predict(usable), model.predict_proba(usable)
        own, every = np.full(len(places), None), [""] * len(places)
        if probabilities is not None and classes is not None:
            own = of_answers(predictions, probabilities, classes)
            every = [json.dumps(dict(zip(classes, row, strict=True))) for row in probabilities.tolist()]
        bad = ~np.isfinite(predictions if probabilities is None else probabilities.sum(axis=1))
        if bad.any():
            path, row = origin[places[int(bad.argmax())]]
            raise UserError(f"{path}: data row {row}: the model's answer is not a finite number")
        return dict(zip(places, zip(predictions.tolist(), own.tolist(), every, strict=True), strict=True)), faults

    def _note_faults(self, files: "Sequence[tuple[Path, pd.DataFrame]]", faults: dict[int, str]) -> None:
        start = 0
        for path, frame in files:
            found = {place - start: reason for place, reason in faults.items() if start <= place < start + len(frame)}
            start += len(frame)
            if not found:
                continue
            first, reason = min(found.items())
            if len(frame) > 1:
                reason = f"{len(found)} of {plural(len(frame), 'row')} not scored, first data row {first + 1}: {reason}"
            self._note(path, reason)

    def _failure(self, path: Path, error: Exception) -> str:
        if isinstance(error, UserError):
            reason = str(error)
        else:
            logger.error("%s", path, exc_info=error)
            reason = f"{path}: {type(error).__name__}: {error}"
        self._note(path, reason)
        return _line((self._shown(path), "", "", "", "", self.mounted.name, self.mounted.version, reason, ""))

    def _note(self, path: Path, reason: str) -> None:
        logger.error("not scored: %s", reason)
        self.counts.failed_files[self._shown(path)] = reason

    def _shown(self, path: Path) -> str:
        """Return the name of a file in the output, which no other file of the input has."""
        if self.root is not None and path.is_relative_to(self.root):
            return path.relative_to(self.root).as_posix()
        return path.as_posix() if NESTED else path.name


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
    mini_batch_size: int = MINI_BATCH,
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
    scorer = BatchScorer(mounted_model.load(model, name, version), source if source.is_dir() else source.parent)
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
