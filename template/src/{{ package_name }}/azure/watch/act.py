"""Do what was decided: each action under a claim, each effect with the claim's key."""

from collections.abc import Callable
from dataclasses import dataclass

from ...errors import UserError
from ..client import Azure
from ..problems import translated
from .ci import Ci
from .claims import ISSUES, Claims
from .decide import OWNER_LIVES, Acknowledge, Action, Start, Tell
from .state import Entry

ALERTS = "2019-03-01"  # version of Microsoft.AlertsManagement


@dataclass(frozen=True)
class Done:
    """What became of an action: done, left to another look, or failed with the reason."""

    action: str
    outcome: str
    link: str = ""
    failed: bool = False


def described(action: Action) -> str:
    """Return an action in words."""
    if isinstance(action, Start):
        entry = action.entry
        verb = "take over the start of" if action.dead else "start"
        return f"{verb} {entry.key}: {entry.inputs.get('reason', '')}"
    if isinstance(action, Tell):
        verb = "close" if not action.content.open else "open" if action.ticket is None else "update"
        return f"{verb} issue: {action.content.title}"
    return f"acknowledge alert {action.alert.rule}"


def perform(azure: Azure, ci: Ci, claims: Claims, action: Action) -> Done:
    """Do one action; a failure leaves the rest to the next look and stops no other action."""
    methods: dict[type, Callable[..., tuple[str, str]]] = {Start: _start, Tell: _tell, Acknowledge: _acknowledge}
    try:
        with translated(azure, described(action)):
            outcome, link = methods[type(action)](azure, ci, claims, action)
    except UserError as error:
        return Done(described(action), str(error), failed=True)
    return Done(described(action), outcome, link)


def _start(azure: Azure, ci: Ci, claims: Claims, action: Start) -> tuple[str, str]:
    entry = claims.take_over(action.entry) if action.dead else claims.claim(action.entry)
    if entry is None:
        return "left to another look, which has claimed it", ""
    run = ci.run(entry) if action.dead else None  # its dead owner may have started it
    if run is None and not claims.holds(entry):
        return "left to the next look: this one was too slow", ""
    link = run.link if run else ci.start(entry)
    claims.finish(entry, link)
    return "found: it was started before" if run else "started", link


def _tell(azure: Azure, ci: Ci, claims: Claims, action: Tell) -> tuple[str, str]:
    if action.ticket is not None:
        return ("updated" if action.content.open else "closed"), ci.change(action.ticket, action.content)
    key = action.content.key
    lane = f"{ISSUES}/{action.content.short_key}"
    last = claims.last(lane)
    if last is not None and last.done:
        return (
            f"not opened again: {last.link} was removed; delete the blob {lane}/ in the container watch for a new one",
            "",
        )
    if last is not None and claims.clock() - last.at < OWNER_LIVES:
        return "left to another look, which has claimed it", ""
    new = Entry(lane=lane, number=1, key=key, owner=claims.owner, at=claims.clock())
    entry = claims.take_over(last) if last else claims.claim(new)
    if entry is None or not claims.holds(entry):
        return "left to another look, which has claimed it", ""
    link = ci.create(action.content)  # an issue of a dead owner would be in the list, which was read after its claim
    claims.finish(entry, link)
    return "opened", link


def _acknowledge(azure: Azure, ci: Ci, claims: Claims, action: Acknowledge) -> tuple[str, str]:
    azure.call(
        "POST",
        f"{action.alert.id}/changestate",
        version=ALERTS,
        parameters={"newState": "Acknowledged"},
        body={"comments": "mlops azure watch has opened an issue"},
    )
    return "acknowledged", ""
