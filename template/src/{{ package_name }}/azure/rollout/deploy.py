"""Bring a model version onto an endpoint, end that, or take it back. All of it may be interrupted and repeated."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from ...errors import UserError
from ..operations import Operation, Say, recorded
from ..tags import PARKED, PREVIOUS_MODEL
from . import lease, releases
from . import next_step as rollout
from .endpoint import Served, UnfitError
from .walking import StuckError, walk


def deploy(served: Served, label: str, *, say: Say, override: str | None = None, dry_run: bool = False) -> None:
    """Let a model version take over an endpoint: made, tested, then given the traffic in stages.

    The old deployment stays until `finish`. A deployment that fails while it gets traffic loses it again.

    Args:
        served: the endpoint, as `kinds.of` returns it.
        label: NAME:VERSION.
        say: receives lines of progress.
        override: why prod takes a version that staging has not passed.
        dry_run: say the steps, and change nothing.

    Raises:
        UserError: it is refused, or another process changes the endpoint.
        UnfitError: the deployment answers wrongly, slowly or not at all.
        AzureProblemError, AzureFailedError: Azure refused or failed.
    """
    azure = served.azure
    with recorded(azure, "deploy", label, say=say, reason=override, dry_run=dry_run) as operation:
        release = replace(releases.find(azure, label), override=override or "")
        releases.refuse_unstaged(azure, release, override)
        with _alone(served, operation) as held:
            refuse_parked(served)
            release = served.prepare(operation, release)
            if not served.exists() and operation.applies(f"endpoint {served.name}", None, "made"):
                served.make()
            wanted = served.wanted(release)
            try:
                reached = walk(
                    served,
                    operation,
                    held,
                    lambda endpoint, watched: rollout.forward(endpoint, wanted, watched),
                    release,
                    wanted,
                )
            except UnfitError:
                _take_back(served, operation, held)
                raise
            if operation.applies(f"surroundings of {served.name}", None, sorted(reached.traffic)):
                served.surround(sorted(reached.traffic))
        say(f"{release.label} serves in {azure.config.environment.name}")


def finish(served: Served, *, say: Say, dry_run: bool = False) -> None:
    """Delete the deployment that served before.

    Raises:
        UserError: no deployment has taken over.
    """
    with recorded(served.azure, "finish", served.name, say=say, dry_run=dry_run) as operation:
        with _alone(served, operation) as held:
            endpoint = served.read()
            if isinstance(rollout.end(endpoint), rollout.Remove) and not dry_run:
                served.surround(sorted(endpoint.traffic))
            walk(served, operation, held, lambda endpoint, watched: rollout.end(endpoint))
        if not operation.changes:
            say(f"{served.name}: nothing to finish")


def rollback(served: Served, *, say: Say, reason: str | None = None, dry_run: bool = False) -> None:
    """Give all traffic back to the deployment that served before, whatever became of the new one.

    A command that changes the endpoint meanwhile loses its lease, and stops before its next change.

    Raises:
        UserError: no deployment is left that served before.
    """
    azure = served.azure
    with recorded(azure, "rollback", served.name, say=say, reason=reason, dry_run=dry_run) as operation:
        with _alone(served, operation, first=True) as held:
            try:
                reached = walk(served, operation, held, lambda endpoint, watched: rollout.back(endpoint))
            except StuckError as error:
                if earlier := ((served.resource() or {}).get("tags") or {}).get(PREVIOUS_MODEL):
                    env = azure.config.environment.name
                    again = f"'mlops azure deploy {earlier} --env {env} --kind {served.kind}' brings the last one back"
                    raise StuckError(f"{error}; {again}") from error
                raise
            if operation.changes and not dry_run:
                served.surround(sorted(reached.traffic))
        if not operation.changes:
            say(f"{served.name}: {', '.join(reached.traffic)} serves, and nothing else had traffic")


def cleanup(served: Served, *, say: Say, dry_run: bool = False, chosen: list[str] | None = None) -> list[str]:
    """Delete what a rollout left behind, and return the names; never what serves or served before.

    Args:
        chosen: only these, which the user has seen.
    """
    with recorded(served.azure, "cleanup", served.name, say=say, dry_run=dry_run) as operation:
        with _alone(served, operation) as held:

            def decide(endpoint: rollout.Endpoint, watched: bool) -> rollout.Step | None:
                return next(
                    (step for step in rollout.leftovers(endpoint) if chosen is None or step.name in chosen), None
                )

            left = [step.name for step in rollout.leftovers(served.read())]
            walk(served, operation, held, decide)
        if not operation.changes:
            say(f"{served.name}: nothing is left behind")
    return left


def refuse_parked(served: Served) -> None:
    """Refuse to change an endpoint whose deployments are away.

    Raises:
        UserError: it is parked.
    """
    since = ((served.resource() or {}).get("tags") or {}).get(PARKED)
    if since:
        env = served.azure.config.environment.name
        raise UserError(f"endpoint {served.name}: is parked since {since}: run 'mlops azure unpark --env {env}' first")


def _take_back(served: Served, operation: Operation, held: lease.Lease | None) -> None:
    endpoint = served.read()
    if held is not None and (len(endpoint.traffic) > 1 or endpoint.mirror):
        operation.note(f"{served.name}: the new deployment loses its traffic again")
        walk(served, operation, held, lambda endpoint, watched: rollout.back(endpoint))


@contextmanager
def _alone(served: Served, operation: Operation, *, first: bool = False) -> Iterator[lease.Lease | None]:
    """Hold the endpoint's lease; a dry run needs none."""
    if operation.dry_run:
        yield None
        return
    with lease.held(served.azure, served.name, operation.command, first=first) as held:
        yield held
