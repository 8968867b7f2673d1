"""A proposal for config/project.yml: the facts found in the data, the questions to a person, and the sections."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

LEFT_OUT = "left out"
NONE = "(none)"


@dataclass(frozen=True)
class Wishes:
    """Decisions of a person, None where the proposal decides; an empty `id` or `time` means: without one.

    `content` is the column that the model sees, for data with one such column.
    """

    target: str | None = None
    id: str | None = None
    time: str | None = None
    task: str | None = None
    metric: str | None = None
    content: str | None = None


@dataclass(frozen=True)
class ColumnFinding:
    """One column: its role, its kind of values, and the reason for the role.

    Args:
        name: of the column.
        role: key of config/project.yml that lists it, or `LEFT_OUT`.
        kind: of its values, in a word or two.
        missing: share of the rows without a value.
        distinct: number of different values.
        example: its first value.
        reason: why it has this role; empty where there is nothing to say.
        suspicious: left out since it may tell the answer.
    """

    name: str
    role: str
    kind: str
    missing: float
    distinct: int
    example: str
    reason: str = ""
    suspicious: bool = False


@dataclass(frozen=True)
class Question:
    """A question to a person about one of the `Wishes`; `default` is the proposal."""

    wish: str
    text: str
    choices: tuple[str, ...]
    default: str


@dataclass(frozen=True)
class Proposal:
    """All that is shown and written.

    Args:
        source: the files and their size, in one line.
        findings: one for each column, in the order of the data.
        questions: in the order in which they are asked.
        notes: sentences that a person must read.
        sections: key of config/project.yml -> value; a value may be `Noted`, also inside mappings and lists.
    """

    source: str
    findings: tuple[ColumnFinding, ...]
    questions: tuple[Question, ...]
    sections: Mapping[str, Any]
    notes: tuple[str, ...] = field(default=())
