"""The lines that the loop with people exchanges: what is queued, what is answered, what is merged.

Files are JSON Lines in UTF-8, one object a line; people's logs are only ever appended to.
"""

import os
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, ValidationError, model_validator

from ..errors import UserError

LONGEST = 16_000_000  # bytes of a line
LONGEST_NAME = 200  # letters of a person's name or address
SAMPLE_ID = r"^[A-Za-z0-9._:-]{1,128}$"

Reason = Literal["uncertain", "drifted", "diverse", "random", "disputed"]
Action = Literal["label", "skip", "undo"]
Tool = Literal["terminal", "label-studio", "simulated"]
SampleId = Annotated[str, Field(pattern=SAMPLE_ID)]
BatchId = Annotated[str, Field(pattern=r"^[0-9]{8}-[0-9]{6}-[0-9a-f]{10}$")]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Label = Annotated[str, Field(min_length=1, max_length=200)]
Annotator = Annotated[str, Field(min_length=1, max_length=LONGEST_NAME)]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Utc = Annotated[AwareDatetime, AfterValidator(lambda time: time.astimezone(UTC))]
Value = str | int | float | bool | None


class Line(BaseModel):
    """One object of a file: unknown fields are refused, nothing is converted, and it does not change."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    schema_version: Literal[1] = 1


class _Item(Line):
    """A sample: its content, or the path of a file that holds it, and the other columns of its row."""

    sample_id: SampleId
    content_sha256: Sha256
    text: str | None = None
    path: str | None = None
    columns: dict[str, Value] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _one_content(self) -> "_Item":
        if (self.text is None) == (self.path is None):
            raise ValueError("an item has either text or path")
        return self


class QueueItem(_Item):
    """Something that people shall look at.

    Args:
        batch_id: the queue that it belongs to.
        reason: why it was chosen; only `random` items estimate the accuracy in production.
        score: how strongly the reason applies, 0 to 1.
        pred_label: what the model says, None without a model.
        pred_confidence: probability of that label.
        model: name:version of the model.
        queued_at: when the queue was made.
        annotations_wanted: people who shall answer, each by themselves.
    """

    batch_id: BatchId
    reason: Reason
    score: Share
    pred_label: Label | None = None
    pred_confidence: Share | None = None
    model: str | None = None
    queued_at: Utc
    annotations_wanted: Annotated[int, Field(ge=1, le=5)] = 1

    @property
    def blind(self) -> bool:
        """Whether it must be shown without the prediction and without the answers of others.

        So are items that measure the model or the people, and those over which people already disagreed.
        """
        return self.reason in ("random", "disputed") or self.annotations_wanted > 1


class Annotation(Line):
    """What a person did with an item; the newest of a person counts.

    Args:
        annotation_id: `ls:<number>` of Label Studio, else a UUID; a line with the id of an earlier one replaces it, and
            `undo` has the id of the action that it takes back.
        content_sha256: of the content that was shown.
        label: the answer, for the action `label` only.
        saw_prediction: whether the prediction was on the screen before the answer.
        lead_time_s: seconds from showing to answer.
    """

    annotation_id: Annotated[str, Field(pattern=r"^[A-Za-z0-9._:-]{1,80}$")]
    sample_id: SampleId
    batch_id: BatchId
    content_sha256: Sha256
    action: Action
    label: Label | None = None
    annotator: Annotator
    annotated_at: Utc
    saw_prediction: bool
    lead_time_s: Seconds | None = None
    tool: Tool
    note: Annotated[str, Field(max_length=2000)] | None = None

    @model_validator(mode="after")
    def _label_fits_action(self) -> "Annotation":
        if (self.action == "label") != (self.label is not None):
            raise ValueError(f"action {self.action!r} {'needs a' if self.action == 'label' else 'has no'} label")
        return self


class Merged(_Item):
    """A row of the training data with its origin.

    Args:
        label: class label.
        source: whether the label came with the original data or from people.
        batch_id: the newest queue in which people labelled it.
        annotators: people who gave this label, sorted.
        agreement: share of the answers that gave it.
        reviewed_at: time of the newest of these answers.
        previous_label: what it was before people changed it.
    """

    label: Label
    source: Literal["original", "review"]
    batch_id: BatchId | None = None
    annotators: tuple[Annotator, ...] = Field(default=(), strict=False)
    agreement: Share | None = None
    reviewed_at: Utc | None = None
    previous_label: Label | None = None


class Agreement(Line):
    """How far people agree who answered the same items, each without seeing an answer or a prediction.

    Args:
        items: items with at least two such answers.
        annotators: people who gave them.
        percent: share of the pairs of answers that are equal; None without items.
        kind: `kappa` (Cohen) for two people, `alpha` (Krippendorff, nominal) for more.
        value: that coefficient; None where all answers are the same label, which leaves it undefined.
        confusion: label -> label -> pairs of answers, both orders counted together under the first of the two.
    """

    items: int
    annotators: int
    percent: Share | None = None
    kind: Literal["kappa", "alpha"] | None = None
    value: Annotated[float, Field(ge=-1, le=1, allow_inf_nan=False)] | None = None
    confusion: Mapping[str, Mapping[str, int]] = Field(default_factory=dict)


class Manifest(Line):
    """What a version of the training data was made from. It holds no time, so that the same inputs give its bytes.

    Args:
        version: number, counted from 1.
        parent: the version before; None for the first.
        batch_ids: queues whose answers went into it, sorted.
        rows: rows of this version.
        added: rows that the parent (or the original data) does not have.
        changed: rows whose label is another one than there.
        removed: rows of the parent whose label was withdrawn or is disputed now.
        skipped: items of these queues that people skipped.
        disputed: items over which people disagree; they are in a new queue.
        renamed: old label -> new label, as applied.
        agreement: of all answers so far.
        files: path within the folder of this version -> SHA-256.
    """

    version: Annotated[int, Field(ge=1)]
    parent: Annotated[int, Field(ge=1)] | None = None
    batch_ids: list[BatchId]
    rows: int
    added: int
    changed: int
    removed: int
    skipped: int
    disputed: int
    renamed: dict[Label, Label]
    agreement: Agreement
    files: dict[str, Sha256]


AnyLine = TypeVar("AnyLine", bound=Line)


def now() -> datetime:
    """Return the time in UTC, to the second."""
    return datetime.now(UTC).replace(microsecond=0)


def dump(line: Line) -> str:
    """Return the line of a file, without its end; the same object gives the same text."""
    return line.model_dump_json(exclude_none=True)


def dumps(lines: Iterable[Line]) -> str:
    """Return the content of a whole file."""
    return "".join(f"{dump(line)}\n" for line in lines)


def parse(content: bytes, kind: type[AnyLine], place: str) -> AnyLine:
    """Return one object.

    Raises:
        UserError: it breaks a rule of `kind`; the message begins with `place` and names field, value and rule.
    """
    try:
        return kind.model_validate_json(content)
    except ValidationError as error:
        raise UserError("; ".join(_sentence(place, problem) for problem in error.errors()[:3])) from None


def read(path: Path, kind: type[AnyLine], label: str | None = None) -> list[AnyLine]:
    """Read all lines of a file that was written whole.

    Raises:
        UserError: it is missing or a line breaks a rule; the message names file (`label`), line, field, value, rule.
    """
    return [parse(line, kind, place) for place, line, _ in _lines(path, label)]


def read_log(path: Path, kind: type[AnyLine], label: str | None = None) -> list[AnyLine]:
    """Read a log that is appended to; a torn last line, of a process that was killed while writing, is left out.

    Raises:
        UserError: it is missing or any other line breaks a rule.
    """
    return [line for _, line in read_placed_log(path, kind, label)]


def read_placed_log(path: Path, kind: type[AnyLine], label: str | None = None) -> list[tuple[str, AnyLine]]:
    """Do the same, each line with its place for a message: file and line."""
    found = []
    for place, line, ended in _lines(path, label):
        try:
            found.append((place, parse(line, kind, place)))
        except UserError:
            if ended:
                raise
    return found


def append(path: Path, *lines: Line) -> None:
    """Add lines to a log, and return when the disk has them.

    A last line that was torn holds no answer that anyone was told of; it is cut off so that it cannot swallow this
    one. A whole line that lacks its end keeps its content.

    Raises:
        UserError: the file cannot be written; it then ends as before, or with a torn line.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a+b") as stream:
            end = _mend(stream.seek(0, os.SEEK_END), stream, type(lines[0]))
            stream.write(end + dumps(lines).encode())
            stream.flush()
            os.fsync(stream.fileno())
    except OSError as error:
        raise UserError(f"{path}: cannot be written: {error.strerror or error}") from error


def _mend(size: int, stream: Any, kind: type[Line]) -> bytes:
    """Cut a torn last line off; return the end that a whole one lacks."""
    start, tail = size, b""
    while start and b"\n" not in tail:
        step = min(start, 4096)
        start -= step
        stream.seek(start)
        tail = stream.read(step) + tail
    tail = tail[tail.rfind(b"\n") + 1 :]
    if not tail:
        return b""
    try:
        parse(tail, kind, "")
    except UserError:
        stream.truncate(size - len(tail))
        return b""
    return b"\n"


def _lines(path: Path, label: str | None) -> Iterator[tuple[str, bytes, bool]]:
    """Yield place, content and whether its end was written, for each line that is not empty.

    Lines end at a line feed and nowhere else: texts may hold other separators, such as U+2028.
    """
    name = label or str(path)
    try:
        with path.open("rb") as stream:
            for number, line in enumerate(iter(lambda: stream.readline(LONGEST + 1), b""), 1):
                if len(line) > LONGEST:
                    raise UserError(f"{name}: line {number}: has more than {LONGEST:,} bytes, which no item has")
                if line.strip():
                    yield f"{name}: line {number}", line.rstrip(b"\r\n"), line.endswith(b"\n")
    except FileNotFoundError:
        raise UserError(f"{name}: no such file") from None
    except OSError as error:
        raise UserError(f"{name}: cannot be read: {error.strerror}") from None


def _sentence(place: str, problem: Any) -> str:
    field = ".".join(map(str, problem["loc"]))
    where = f"{place}: {field}" if field else place
    if problem["type"] == "missing":
        return f"{where} is missing"
    if problem["type"] == "extra_forbidden":
        return f"{where} is no field of this file"
    if problem["type"] == "json_invalid":
        return f"{where} is not JSON: {problem['ctx']['error']}"
    if problem["type"] == "value_error":
        return f"{where}: {problem['ctx']['error']}"
    message = problem["msg"][0].lower() + problem["msg"][1:]
    return f"{where}: {_short(problem['input'])} is refused: {message}"


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
