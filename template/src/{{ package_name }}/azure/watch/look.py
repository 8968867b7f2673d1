"""One look: read, decide, act, say; and a heartbeat, by which others see that looks go on."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from ...errors import UserError
from ..client import Azure
from ..operations import recorded
from ..problems import translated
from ..sign_in import actor
from . import act, ci
from .act import Done, described
from .claims import Claims, open_claims
from .decide import Decision, Policy, decide
from .read import NO_CI, Reader
from .state import State, Unknown

Clock = Callable[[], datetime]
FAILED = 5  # exit code: an action failed, or a source could not be read


@dataclass(frozen=True)
class Look:
    """What was found, what was decided, and what became of it."""

    at: datetime
    state: State
    decision: Decision
    done: tuple[Done, ...]
    dry_run: bool

    @property
    def exit_code(self) -> int:
        """0; 5 where an action failed or a source could not be read, since then something may be missed."""
        unread = [name for name, reason in self.state.unknown() if not (self.dry_run and reason == NO_CI)]
        return FAILED if unread or any(done.failed for done in self.done) else 0

    def rows(self) -> list[tuple[str, str]]:
        """Return what was read, line by line: the source, and how much is in it or why it is unknown."""
        unknown = dict(self.state.unknown())
        shown = (
            "versions",
            "copies",
            "outcomes",
            "jobs",
            "deliveries",
            "alerts",
            "budgets",
            "probes",
            "tickets",
            "runs",
        )
        found = [(name, unknown.get(name) or _count(name, self.state)) for name in shown]
        others = [(name, reason) for name, reason in unknown.items() if name not in shown]
        return [(name, f"unknown: {text}" if name in unknown else text) for name, text in [*found, *others]]

    def content(self) -> dict[str, Any]:
        """Return the look as JSON."""
        return {
            "environment": self.state.environment,
            "at": self.at.isoformat(),
            "found": dict(self.rows()),
            "unknown": dict(self.state.unknown()),
            "actions": [
                {"action": done.action, "outcome": done.outcome, "link": done.link, "failed": done.failed}
                for done in self.done
            ],
            "notes": list(self.decision.notes),
            "dry_run": self.dry_run,
        }


def now() -> datetime:
    """Return the present time."""
    return datetime.now(UTC)


def look(azure: Azure, *, dry_run: bool = False, clock: Clock = now) -> Look:
    """Look at an environment once, and do what its state asks for.

    Args:
        azure: the environment.
        dry_run: only say what would be done.
        clock: the present time, aware.

    Raises:
        UserError: outside of the CI system without `dry_run`.
    """
    system = ci.connect(azure.config)
    if system is None and not dry_run:
        raise UserError(f"{NO_CI}: it starts runs and keeps issues there; --dry-run says what would be done")
    owner = f"{actor()} {secrets.token_hex(4)}"
    claims = open_claims(azure.config.names.storage_account, azure.credential, owner, clock)
    at = clock()
    state = Reader(azure, system, claims, at).state()
    decision = decide(_supposed(state) if system is None else state, policy(azure), at)
    if dry_run or system is None:
        done = tuple(Done(described(action), "would be done") for action in decision.actions)
        return Look(at, state, decision, done, dry_run=True)
    done = _performed(azure, system, claims, decision)
    result = Look(at, state, decision, done, dry_run=False)
    try:
        with translated(azure, "heartbeat"):
            claims.beat({"at": clock().isoformat(), "by": claims.owner, "exit_code": result.exit_code})
    except UserError as error:
        return replace(result, done=(*done, Done("write the heartbeat", str(error), failed=True)))
    return result


def _performed(azure: Azure, system: ci.Ci, claims: Claims, decision: Decision) -> tuple[Done, ...]:
    """Do what was decided, and keep the record of it."""
    found = []
    with recorded(azure, "watch", azure.config.names.workspace, say=_quiet) as operation:
        for action in decision.actions:
            done = act.perform(azure, system, claims, action)
            operation.applies(done.action, None, f"{done.outcome} {done.link}".rstrip())
            found.append(done)
    return tuple(found)


def _quiet(text: str) -> None:
    """Take a line that the look's own table repeats."""


def policy(azure: Azure) -> Policy:
    """Return what config/ says: production data are learned from in the first environment whose jobs may read them."""
    config = azure.config
    readers = config.data.production_access
    is_prod = config.environment.name == "prod"
    return Policy(config.watch, readers[0] if is_prod and readers else config.environment.name)


def _supposed(state: State) -> State:
    """Return the state as if nothing had been started or told before: outside of CI that cannot be known."""
    unknown = {name for name, _ in state.unknown()}
    supposed: dict[str, Any] = {}
    if "tickets" in unknown:
        supposed["tickets"] = ()
    if "runs" in unknown:
        supposed["runs"] = {}
    return replace(state, **supposed)


def _count(name: str, state: State) -> str:
    value = getattr(state, name)
    if isinstance(value, Unknown):
        return value.reason
    special = {
        "outcomes": lambda: f"{len(value)}, {sum(bool(each.broken) for each in value)} with a breach",
        "jobs": lambda: f"{len(value)} ended, {sum(each.failed for each in value)} failed",
        "alerts": lambda: f"{len(value)}, {sum(each.fired for each in value)} fired",
        "probes": lambda: ", ".join(f"{each.kind} {each.found}" for each in value) or "no endpoint serves",
        "tickets": lambda: f"{len(value)}, {sum(each.open for each in value)} open",
        "runs": lambda: (
            ", ".join(f"{key} {'finished' if run.finished else 'runs'}" for key, run in value.items()) or "0"
        ),
    }
    return special[name]() if name in special else str(len(value))
