"""What bootstrap does, as steps that look before they act, and the run of them."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from ..errors import UserError
from .journal import Journal
from .rest import RefusedError


class State(Enum):
    """What a step finds."""

    ABSENT = "make"
    DIFFERENT = "change"
    SAME = "keep"

    @property
    def done(self) -> str:
        """The word for it after a step."""
        return {"make": "made", "change": "changed", "keep": "found"}[self.value]


class Phase(Enum):
    """The parts of a run, in their order; the value is its title."""

    REPOSITORY = "repository"
    PEOPLE = "groups of people"
    AZURE = "Azure"
    CONNECTIONS = "connections"
    CI = "CI settings"
    TRUST = "trust"  # after the rules of who may use it
    APPLY = "first apply"
    PUSH = "configuration"
    FINISH = "finish"


@dataclass(frozen=True)
class Step:
    """One object, how it should be.

    Attributes:
        key: its stable name, such as `ci:environment/prod`; the journal knows it by this.
        what: one line for people.
        phase: the part of the run.
        state: looks, and writes nothing; ABSENT also if something that it depends on is absent.
        make: creates or changes it; safe to repeat.
        remove: undoes it, called only if the journal says that this command made it; a returned sentence says why it
            stays. None: it always stays.
        command: the line of `az`, `gh` or `git` with which an administrator does the same, if there is one.
    """

    key: str
    what: str
    phase: Phase
    state: Callable[[], State]
    make: Callable[[], None]
    remove: Callable[[], str | None] | None = None
    command: Callable[[], str] | None = None


@dataclass(frozen=True)
class Trust:
    """A token of the CI system that Azure accepts; in the spelling of its API, as Azure compares letter by letter."""

    issuer: str
    subject: str


@dataclass(frozen=True)
class Identity:
    """An identity of an environment that exists in Azure."""

    environment: str
    who: str  # ci, infrastructure or plan
    name: str
    client_id: str
    principal_id: str
    tenant_id: str
    subscription_id: str
    subscription_name: str


# (environment, who) -> the identity; None while it does not exist.
Identities = Callable[[str, str], Identity | None]


@dataclass(frozen=True)
class Outcome:
    """The end of one step."""

    step: Step
    found: State
    note: str = ""  # why it stays, in an undo; why it cannot be looked at, in a look


def look(steps: Sequence[Step]) -> Iterator[Outcome]:
    """Yield each step with what it finds; write nothing. One that cannot be looked at counts as absent, with why."""
    for step in steps:
        try:
            yield Outcome(step, step.state())
        except UserError as error:
            yield Outcome(step, State.ABSENT, str(error))


def run(steps: Sequence[Step], journal: Journal) -> Iterator[Outcome]:
    """Bring each object to its state, in order; yield each step as it ends, with what it found.

    The journal learns of an object before it is made: a run that is killed in between is known to have begun it.
    """
    for step in steps:
        found = step.state()
        if found is not State.SAME:
            if found is State.ABSENT:
                journal.begin(step.key)
            try:
                step.make()
            except RefusedError:
                # An administrator may make it by hand now: then it is not this command's.
                if found is State.ABSENT and step.state() is State.ABSENT:
                    journal.drop(step.key)
                raise
        journal.finish(step.key)
        yield Outcome(step, found)


def undo(steps: Sequence[Step], journal: Journal) -> Iterator[Outcome]:
    """Remove, last first, the objects that the journal names; yield each with why it stays, if it does.

    A refusal concerns one object: the others are removed all the same, and the next undo tries it again.
    """
    known = {step.key: step for step in steps}
    for key in reversed(journal.entries()):
        step = known.get(key)
        if step is None:
            continue
        found, note = State.SAME, None
        try:
            found = step.state()
            if found is not State.ABSENT:
                note = step.remove() if step.remove else "it stays"
        except UserError as error:
            note = str(error)
        if note is None:
            journal.drop(key)
        yield Outcome(step, found, note or "")
