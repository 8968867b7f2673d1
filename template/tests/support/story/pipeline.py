"""Runs of pipelines as a walk meets them: what starts one, its jobs in their order, and the commands of each."""

from dataclasses import dataclass, field


class NotUnderstoodError(Exception):
    """A file of the pipelines holds something that the walk does not know: it may do anything."""


@dataclass(frozen=True)
class Event:
    """What starts pipelines by itself.

    Args:
        reason: push, pull_request or schedule.
        paths: files that changed.
        cron: the line of the schedule.
    """

    reason: str
    paths: tuple[str, ...] = ()
    cron: str = ""


@dataclass
class Run:
    """One run of a pipeline.

    Attributes:
        event: what started it; None: a person, or a look at Azure.
        name: as the CI system shows it.
        results: job -> success, failure or skipped.
        outputs: job -> what it handed on, by the names that later jobs use.
    """

    pipeline: str
    inputs: dict[str, str] = field(default_factory=dict)
    event: Event | None = None
    name: str = ""
    results: dict[str, str] = field(default_factory=dict)
    outputs: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def pulled(self) -> bool:
        """Whether a pull request started it."""
        return self.event is not None and self.event.reason == "pull_request"

    @property
    def failed(self) -> bool:
        """Whether a job failed."""
        return "failure" in self.results.values()


@dataclass(frozen=True)
class Step:
    """One script of a job; `name` is the one by which its outputs are known, `variables` are those of its process."""

    name: str
    script: str
    variables: dict[str, str]


@dataclass
class Job:
    """One job of a run, as it starts.

    Attributes:
        environment: of the CI system, None without one.
        asks: whether a person must approve it first.
        client: client ID of the identity as which it acts, None without one.
        rights: of its token, by the words of the CI system.
        handed_on: step -> output -> value, once it has run.
    """

    name: str
    environment: str | None
    asks: bool
    client: str | None
    rights: frozenset[str]
    steps: list[Step]
    result: str = "success"
    handed_on: dict[str, dict[str, str]] = field(default_factory=dict)
