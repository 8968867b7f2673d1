"""Preparation of an environment before its first plan: steps that a user approves, and notes for people."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Step:
    """One change, described before it is made."""

    description: str
    run: Callable[[], object]


@dataclass(frozen=True)
class Preparation:
    """The remaining steps, in order."""

    nothing_to_do: str  # the message where no step remains
    steps: tuple[Step, ...] = ()
    notes: tuple[str, ...] = ()  # facts and tasks for people
