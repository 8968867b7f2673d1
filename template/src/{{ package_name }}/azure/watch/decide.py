"""What to do about what a look found: a pure function of the state, the policy of config/ and the time.

Work in CI is started one run at a time in each of two lanes: `release` takes a model on, `retrain` starts over with new
data. The entries of a lane are numbered, and every entry holds all causes that were answered so far; so a cause is
answered once, whoever looks, and one that comes while a run is going on waits for the next.

An issue needs no number: it is brought to the state that it should have, as often as it differs.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from ...config.watch import STARTED, Watch
from ...figures import plural
from . import issues
from .issues import Content, Row
from .state import LANES, Alert, Entry, Lane, Run, State, Ticket, Unknown

OWNER_LIVES = timedelta(minutes=30)  # an action claimed longer ago was left by a process that died
LISTED = timedelta(minutes=10)  # until a started run stands in the CI system's list
STATELESS = timedelta(days=7)  # after which an alert that Azure never resolves is over
REMEMBERED = 1000  # causes


@dataclass(frozen=True)
class Policy:
    """The part of config/ that decides: the section `watch`, and the environment whose jobs retrain."""

    watch: Watch
    retrains_in: str


@dataclass(frozen=True)
class Start:
    """Claim this entry and start its run; with `dead`, take over the claim of a process that died."""

    entry: Entry
    dead: bool = False


@dataclass(frozen=True)
class Tell:
    """Make an issue, or bring `ticket` to this content."""

    content: Content
    ticket: Ticket | None = None


@dataclass(frozen=True)
class Acknowledge:
    """Tell Azure that an alert has its issue."""

    alert: Alert


Action = Start | Tell | Acknowledge


@dataclass(frozen=True)
class Decision:
    """What is to be done now, and why other things wait."""

    actions: tuple[Action, ...]
    notes: tuple[str, ...] = ()


class Cause(NamedTuple):
    """Something to answer by a run: its key, since when it is there, in words, and the model that it is about."""

    at: datetime
    key: str
    reason: str
    model: str = ""


def decide(state: State, policy: Policy, now: datetime) -> Decision:
    """Return the actions that the state asks for; the same state and time give the same actions."""
    if state.parked is True:
        return Decision((), (f"{state.environment} is parked: nothing is done",))
    actions: list[Action] = []
    notes: list[str] = []
    for lane in LANES:
        causes = sorted(_releases(state) if lane == "release" else _retrainings(state, policy.watch))
        _start(state, policy, lane, causes, now, actions, notes)
    if isinstance(state.tickets, Unknown):
        notes.append("issues are left as they are: they could not be read")
        return Decision(tuple(actions), tuple(notes))
    known = {ticket.key: ticket for ticket in state.tickets}
    actions += _told(_model(state, policy.watch, known), known)
    actions += _told(_setup(state, now), known)
    actions += _acknowledged(state, known)
    return Decision(tuple(actions), tuple(notes))


def _start(
    state: State,
    policy: Policy,
    lane: Lane,
    causes: Sequence[Cause],
    now: datetime,
    actions: list[Action],
    notes: list[str],
) -> None:
    """Add the start of the lane's next run, or say why it waits."""
    if isinstance(state.entries, Unknown) or isinstance(state.runs, Unknown):
        if causes:
            notes.append(f"{lane}: {plural(len(causes), 'cause')}, but what was started before could not be read")
        return
    last = state.entries.get(lane)
    if last is not None and not last.done:
        if now - last.at > OWNER_LIVES:
            actions.append(Start(last, dead=True))
        else:
            notes.append(f"{lane}: {last.key} is being started by {last.owner}")
        return
    answered = last.answered if last else ()
    open_causes = [cause for cause in causes if cause.key not in answered]
    if not open_causes:
        return
    if last is not None and (why := _busy(state.runs.get(last.key), last, policy, now)):
        notes.append(f"{lane}: {plural(len(open_causes), 'cause')} waiting: {why}")
        return
    # A model is taken on by itself; a retraining learns from everything that came.
    chosen = open_causes[:1] if lane == "release" else open_causes
    keys = tuple(cause.key for cause in chosen)
    number = last.number + 1 if last else 1
    environment = state.environment if lane == "release" else policy.retrains_in
    more = f" and {len(chosen) - 1} more" if len(chosen) > 1 else ""
    inputs = {"env": environment, "model": chosen[0].model, "reason": chosen[0].reason + more}
    entry = Entry(
        lane=lane,
        number=number,
        key=f"{state.environment}-{lane}-{number:06d}",
        owner="",
        at=now,
        causes=keys,
        answered=(*answered, *keys)[-REMEMBERED:],
        inputs=inputs,
    )
    actions.append(Start(entry))


def _busy(run: Run | None, last: Entry, policy: Policy, now: datetime) -> str | None:
    """Return why the next run has to wait; None if it has not."""
    if run is not None and not run.finished:
        return f"{last.key} is not finished"
    if run is None and now - last.at < LISTED:
        return f"{last.key} has just been started"
    rest = last.at + timedelta(hours=policy.watch.cool_down_hours) - now
    if last.lane == "retrain" and rest > timedelta():
        return f"{last.key} was started less than {plural(policy.watch.cool_down_hours, 'hour')} ago"
    return None


def _releases(state: State) -> Iterator[Cause]:
    """Yield models that passed the gate and are not promoted or refused yet, and ended jobs of staging."""
    if isinstance(state.copies, Unknown):
        return
    if not isinstance(state.versions, Unknown) and state.environment != "prod":
        in_staging = state.environment == "staging"
        candidates = {(copy.name, copy.candidate) for copy in state.copies}
        sources = {copy.source for copy in state.copies}
        for version in state.versions:
            if version.gate not in ("passed", "overridden") or version.staged == "refused":
                continue
            # The number in another workspace may be that of another model: there the source tells them apart.
            promoted = (version.name, version.key) in candidates
            if in_staging:
                promoted = version.staged != "passed" or f"{state.workspace}/{version.key}" in sources
            if not promoted:
                reason = f"{version.key} {'won in staging' if in_staging else 'passed the gate'}"
                yield Cause(version.created, version.key, reason, version.key)
    if not isinstance(state.jobs, Unknown):
        waiting = {copy.key for copy in state.copies if copy.staged is None}
        for job in state.jobs:
            if job.purpose == "stage" and not job.failed and job.model in waiting:
                yield Cause(job.ended, f"{job.model}/{job.name}", f"{job.name} has judged {job.model}", job.model)


def _retrainings(state: State, watch: Watch) -> Iterator[Cause]:
    """Yield breaches that a retraining or a review answers, and deliveries that no training has seen."""
    if not isinstance(state.outcomes, Unknown):
        for outcome in state.outcomes:
            for kind in outcome.broken:
                if watch.reaction(kind) in (STARTED, "both"):
                    key = f"{outcome.monitor}/{kind}/{outcome.root}"
                    yield Cause(outcome.ended, key, f"{outcome.monitor}: {kind} {outcome.window}".rstrip())
    if isinstance(state.deliveries, Unknown) or isinstance(state.trained, Unknown) or watch.deliveries != STARTED:
        return
    for delivery in state.deliveries:
        if state.trained is None or delivery.at > state.trained:
            yield Cause(delivery.at, delivery.key, f"delivery {delivery.path}")


def _model(state: State, watch: Watch, known: dict[str, Ticket]) -> Iterator[Content]:
    """Yield the issue of the model, if there is something new to tell in it."""
    found: list[tuple[datetime, Row]] = []
    if not isinstance(state.outcomes, Unknown):
        for outcome in state.outcomes:
            for kind in outcome.broken:
                if watch.reaction(kind) in ("investigate", "both"):
                    cause = f"{outcome.monitor}/{kind}/{outcome.root}"
                    text = (
                        f"{outcome.ended:%Y-%m-%d}: monitor {outcome.monitor}, {kind}, window {outcome.window or '?'}"
                    )
                    found.append(
                        (outcome.ended, Row(cause, f"{text}: {outcome.text or 'a limit is broken'}", outcome.link))
                    )
    if not isinstance(state.copies, Unknown):
        for copy in state.copies:
            if copy.staged == "refused":
                text = f"{copy.created:%Y-%m-%d}: staging refused {copy.key}"
                found.append((copy.created, Row(f"refusal/{copy.key}", text)))
    if not isinstance(state.jobs, Unknown):
        for job in state.jobs:
            if job.failed and (job.refused or watch.failed_jobs == "investigate"):
                what = "the gate refused the challenger of" if job.refused else "failed:"
                text = f"{job.ended:%Y-%m-%d}: {what} {job.purpose} job {job.name}{f', {job.text}' if job.text else ''}"
                found.append((job.ended, Row(f"job/{job.name}", text, job.link)))
    ticket = known.get(issues.short(f"model/{state.environment}"))
    told = ticket.causes if ticket else frozenset()
    if any(issues.short(row.cause) not in told for _, row in found):
        rows = [row for _, row in sorted(found, key=lambda each: (each[0], each[1].cause), reverse=True)]
        yield issues.of_model(state.environment, rows, told, STARTED)


def _setup(state: State, now: datetime) -> Iterator[Content]:
    """Yield the issues of alerts, budgets and endpoints as they should be; what is gone or unknown stays as it is."""
    env = state.environment
    if not isinstance(state.alerts, Unknown):
        for alert in state.alerts:
            over = not alert.fired or alert.muted or (alert.stateless and now - alert.at > STATELESS)
            yield issues.of_alert(alert, env, open=not over)
    if not isinstance(state.budgets, Unknown):
        for budget in state.budgets:
            told = budget.limit > 0 and budget.spent >= budget.limit * budget.percent / 100
            yield issues.of_budget(budget, env, f"{now:%Y-%m}", open=told)
    if not isinstance(state.probes, Unknown):
        for probe in state.probes:
            yield issues.of_probe(probe, env, open=probe.found != "ok")


def _told(contents: Iterator[Content], known: dict[str, Ticket]) -> Iterator[Tell]:
    """Yield the changes of issues that bring them to their contents."""
    for content in contents:
        ticket = known.get(content.short_key)
        if ticket is None:
            if content.open:
                yield Tell(content)
        elif not ticket.open and not content.open:
            continue  # it is over, and the issue is closed
        elif not ticket.open and content.causes <= ticket.causes:
            continue  # a person has closed it, and nothing new has come
        elif ticket.digest != content.digest:
            yield Tell(content, ticket)


def _acknowledged(state: State, known: dict[str, Ticket]) -> Iterator[Acknowledge]:
    if isinstance(state.alerts, Unknown):
        return
    for alert in state.alerts:
        ticket = known.get(issues.short(f"alert/{alert.key}"))
        if alert.fired and not alert.acknowledged and not alert.muted and ticket and ticket.open:
            yield Acknowledge(alert)
