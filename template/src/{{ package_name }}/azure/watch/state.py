"""What one look finds in an environment. A source that could not be read is `Unknown`, which is not quiet."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Literal

Lane = Literal["release", "retrain"]
LANES: tuple[Lane, ...] = ("release", "retrain")


@dataclass(frozen=True)
class Unknown:
    """A source that could not be read, and why."""

    reason: str


@dataclass(frozen=True)
class Version:
    """A version of a model in the environment's workspace, with the tags that say what became of it."""

    name: str
    version: str
    created: datetime
    gate: str | None
    staged: str | None

    @property
    def key(self) -> str:
        return f"{self.name}:{self.version}"


@dataclass(frozen=True)
class Copy:
    """A version of a model in the registry: a copy of `candidate`, made from `source`."""

    name: str
    version: str
    created: datetime
    candidate: str | None
    source: str | None
    staged: str | None

    @property
    def key(self) -> str:
        return f"{self.name}:{self.version}"


@dataclass(frozen=True)
class Outcome:
    """A finished run of a monitor; `broken` names the kinds of what broke a limit, such as drift."""

    monitor: str
    root: str
    ended: datetime
    broken: tuple[str, ...]
    window: str = ""
    text: str = ""
    link: str = ""


@dataclass(frozen=True)
class Job:
    """An ended job of the project; a monitor that ended without an outcome counts as failed."""

    name: str
    purpose: str
    failed: bool
    ended: datetime
    model: str = ""
    refused: bool = False  # by the gate: a failure of the model, not of the job
    text: str = ""
    link: str = ""


@dataclass(frozen=True)
class Delivery:
    """A complete delivery to the lake: the path of its marker; a rewritten marker has another etag."""

    path: str
    etag: str
    at: datetime

    @property
    def key(self) -> str:
        return f"{self.path}@{self.etag}"


@dataclass(frozen=True)
class Alert:
    """The newest alert of a rule on a target."""

    id: str
    rule: str
    target: str
    fired: bool
    at: datetime
    description: str = ""
    measured: str = ""  # value and limit, where Azure says them
    stateless: bool = False  # of the activity log: never resolved
    muted: bool = False  # suppressed by a processing rule, or closed by a person
    acknowledged: bool = False

    @property
    def key(self) -> str:
        return f"{self.rule} + {self.target}".lower()


@dataclass(frozen=True)
class Budget:
    """What a month may cost, what it has cost, and the percentage from which it is told."""

    name: str
    spent: float
    limit: float
    unit: str
    percent: float = 80.0


@dataclass(frozen=True)
class Probe:
    """The answer of an endpoint to the known request; `found` is `ok` or says which part of the way is broken."""

    endpoint: str
    kind: str
    found: str
    text: str = ""


@dataclass(frozen=True)
class Run:
    """A run of the CI system that a look has started."""

    key: str
    finished: bool
    link: str = ""


@dataclass(frozen=True)
class Ticket:
    """An issue or work item that looks keep.

    Attributes:
        key: digest of the key of its content.
        digest: of its content, as it was written last.
        causes: digests of the causes that it has told.
        revision: for a change that must not meet another one.
    """

    key: str
    number: int
    open: bool
    digest: str
    causes: frozenset[str] = frozenset()
    link: str = ""
    revision: int = 0


@dataclass(frozen=True)
class Entry:
    """A claimed action, number `number` of its lane; `answered` are all causes that this and earlier ones answer."""

    lane: str
    number: int
    key: str
    owner: str
    at: datetime
    done: bool = False
    causes: tuple[str, ...] = ()
    answered: tuple[str, ...] = ()
    inputs: Mapping[str, str] = field(default_factory=dict)  # of the run that it starts
    link: str = ""
    etag: str = field(default="", compare=False)


@dataclass(frozen=True)
class State:
    """Everything that a look has read, or why it could not."""

    environment: str
    workspace: str
    parked: bool | Unknown = False
    versions: Sequence[Version] | Unknown = ()
    copies: Sequence[Copy] | Unknown = ()
    outcomes: Sequence[Outcome] | Unknown = ()
    jobs: Sequence[Job] | Unknown = ()
    trained: datetime | Unknown | None = None  # when the newest training began, as far as it can be told
    deliveries: Sequence[Delivery] | Unknown = ()
    alerts: Sequence[Alert] | Unknown = ()
    budgets: Sequence[Budget] | Unknown = ()
    probes: Sequence[Probe] | Unknown = ()
    entries: Mapping[str, Entry] | Unknown = field(default_factory=dict)  # the last one of each lane
    runs: Mapping[str, Run] | Unknown = field(default_factory=dict)  # by their keys
    tickets: Sequence[Ticket] | Unknown = ()

    def unknown(self) -> Iterator[tuple[str, str]]:
        """Yield the sources that could not be read, each with the reason."""
        for each in fields(self):
            value = getattr(self, each.name)
            if isinstance(value, Unknown):
                yield each.name, value.reason
