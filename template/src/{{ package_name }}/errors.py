"""Errors a user can cause or must act on, each with the exit code that `mlops` ends with.

Exit code 1 is left to unexpected failures: a bug of ours, shown with its trace.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """The outcome of one check: work would stop at `problem`, and go on after `warnings`."""

    name: str
    problem: str | None = None
    warnings: tuple[str, ...] = ()


class UserError(Exception):
    """A mistake in a file, an argument or the data: one sentence that names the thing, the value and the rule."""

    exit_code = 2
    label = "Error"


class RowsError(UserError):
    """Some rows of a frame cannot be used; each of the others can.

    Attributes:
        rows: position of the row in the frame, from 0 -> a sentence that says why.
        rule: what should have been there.
    """

    def __init__(self, rows: Mapping[int, str], rule: str) -> None:
        first = min(rows)
        more = f" (and {len(rows) - 1} more)" if len(rows) > 1 else ""
        super().__init__(f"data row {first + 1}: {rows[first]}{more}")
        self.rows = rows
        self.rule = rule


class GateRefusedError(UserError):
    """The challenger did not pass the gate; the message carries the numbers."""

    exit_code = 3
    label = "Refused"


class BreachError(UserError):
    """A monitor found a value beyond its limit."""

    exit_code = 4
    label = "Breach"


class StepFailedError(UserError):
    """A pipeline step ended with an unexpected error; the message names the step and its log."""

    exit_code = 5
    label = "Failed"


def first_line(error: Exception) -> str:
    """Return the first line of what an error of a library says, its kind if it says nothing."""
    return (str(error).strip() or type(error).__name__).splitlines()[0]
