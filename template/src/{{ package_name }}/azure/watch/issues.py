"""The words of issues and work items: pure functions of what a look found."""

import hashlib
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from ...figures import number
from . import cures
from .cures import Cure
from .state import Alert, Budget, Probe

Phase = Literal["setup", "model-development"]
SHOWN = 20  # rows of the issue of a model
LABEL = "mlops-watch"  # of every issue that looks keep
_MARK = re.compile(r"mlops:([0-9a-f]{10}) ([0-9a-f]{12}) causes:((?: [0-9a-f]{10})*)")


@dataclass(frozen=True)
class Content:
    """What an issue says; `lines` are paragraphs, or items where they begin with '- '; `code` is between backticks.

    Attributes:
        causes: digests of the causes that it has told; a closed issue opens again for a new one only.
        open: whether it shall be open.
    """

    key: str
    title: str
    phase: Phase
    lines: tuple[str, ...]
    causes: frozenset[str]
    open: bool = True

    @property
    def short_key(self) -> str:
        """The key, short enough for a title."""
        return short(self.key)

    @property
    def digest(self) -> str:
        """What the issue is compared by: its words, causes and state."""
        said = [self.title, self.phase, *self.lines, *sorted(self.causes), str(self.open)]
        return hashlib.sha256(json.dumps(said).encode()).hexdigest()[:12]


@dataclass(frozen=True)
class Row:
    """One line of the issue of a model: a cause with its figures."""

    cause: str
    text: str
    link: str = ""


def short(cause: str) -> str:
    """Return the digest under which an issue remembers a cause.

    >>> short("online/drift/calm_root_1")
    'eac2ae6335'
    """
    return hashlib.sha256(cause.encode()).hexdigest()[:10]


def mark(content: Content) -> str:
    """Return the text by which a later look knows an issue and what it says; it stands in the issue's body."""
    causes = "".join(f" {cause}" for cause in sorted(content.causes))
    return f"mlops:{content.short_key} {content.digest} causes:{causes}"


def marked(body: str) -> tuple[str, str, frozenset[str]] | None:
    """Return key, digest and causes from the mark in an issue's body, None where it has none."""
    found = _MARK.search(body)
    return (found[1], found[2], frozenset(found[3].split())) if found else None


def of_alert(alert: Alert, env: str, open: bool) -> Content:
    """Return the issue of an alert rule on a target."""
    target = alert.target.rpartition("/")[2] or alert.target
    lines = [
        f"Azure's alert `{alert.rule}` on `{target}` {'fired' if alert.fired else 'has resolved'}.",
        *([alert.description] if alert.description else []),
        *([f"Measured: {alert.measured}"] if alert.measured else []),
        *_cure(cures.of_alert(alert.rule), env),
    ]
    return _setup(f"alert/{alert.key}", f"{env}: {alert.rule}", lines, alert.id, open)


def of_budget(budget: Budget, env: str, month: str, open: bool) -> Content:
    """Return the issue of a budget; its figure is rounded, so that the issue does not change with every look."""
    share = int(100 * budget.spent / budget.limit) if budget.limit else 100
    lines = [
        f"Budget `{budget.name}`: {share} % of {number(budget.limit)} {budget.unit} are spent in {month};"
        f" it tells from {number(budget.percent)} %. Nothing is stopped.",
        *_cure(cures.BUDGET, env),
    ]
    return _setup(f"budget/{budget.name}", f"{env}: the budget is nearly used up", lines, month, open)


def of_probe(probe: Probe, env: str, open: bool) -> Content:
    """Return the issue of an endpoint that does not answer the known request."""
    state = "answers wrongly" if probe.found == "answer" else "is out of reach"
    lines = [
        f"The {probe.kind} endpoint `{probe.endpoint}` does not answer the known request: {probe.found}.",
        *([probe.text] if probe.text else []),
        *_cure(cures.PROBES.get(probe.found, cures.OTHER), env),
    ]
    key = f"endpoint/{probe.kind}/{probe.endpoint}"
    return _setup(key, f"{env}: {probe.kind} endpoint {probe.endpoint} {state}", lines, probe.found, open)


def of_model(env: str, rows: Sequence[Row], known: Iterable[str], started: str) -> Content:
    """Return the issue of an environment's model.

    Args:
        env: the environment.
        rows: causes, newest first.
        known: digests of causes that the issue has told already.
        started: how the command is called that a breach may start, such as `retrain`.
    """
    shown = [f"- {row.text}{f' {row.link}' if row.link else ''}" for row in rows[:SHOWN]]
    more = [f"- and {len(rows) - SHOWN} older ones"] if len(rows) > SHOWN else []
    lines = [
        f"Monitors, gates or jobs of {env} found something that people should look at, newest first:",
        *shown,
        *more,
        f"`mlops azure status --env {env}` shows what serves; `mlops azure logs --env {env}` shows what failed;"
        f" `mlops azure {started} --env {env}` starts over with new data.",
    ]
    causes = frozenset(known) | {short(row.cause) for row in rows}
    return Content(f"model/{env}", f"{env}: the model needs a look", "model-development", tuple(lines), causes)


def _setup(key: str, title: str, lines: Sequence[str], cause: str, open: bool) -> Content:
    # A closed issue forgets its causes: what comes back after it was over opens it again.
    return Content(key, title, "setup", tuple(lines), frozenset({short(cause)} if open else ()), open)


def _cure(cure: Cure, env: str) -> list[str]:
    keys = ", ".join(f"`{key}`" for key in cure.keys)
    return [
        *([f"Keys of config/ that decide it: {keys}."] if keys else []),
        f"Next: `{cure.command.format(env=env)}`",
    ]
