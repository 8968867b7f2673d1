"""What has to be there before anything else can be built: steps that somebody approves, and what is left to people."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Step:
    """One thing to do, told in words before it is done."""

    says: str
    do: Callable[[], object]


@dataclass(frozen=True)
class Preparation:
    """The steps that are left, in their order."""

    nothing: str  # what to say where none is left
    steps: tuple[Step, ...] = ()
    notes: tuple[str, ...] = ()  # what people have to know or to do by themselves
