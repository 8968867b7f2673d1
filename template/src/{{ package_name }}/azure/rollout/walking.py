"""Do the steps of `rollout` in Azure, reading the state again after each."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from ...errors import UserError
from ...files import atomic_write
from .. import waiting
from ..operations import FOLDER, Operation
from ..problems import AzureFailedError, AzureProblemError
from . import diagnosis
from . import next_step as rollout
from .endpoint import Served
from .lease import Lease
from .releases import Release

LOOKS = 6  # that a change may take to be seen

Decide = Callable[[rollout.Endpoint, bool], rollout.Step | None]


class StuckError(UserError):
    """The state of an endpoint allows no step."""


def walk(
    served: Served,
    operation: Operation,
    lease: Lease | None,
    decide: Decide,
    release: Release | None = None,
    wanted: rollout.Wanted | None = None,
) -> rollout.Endpoint:
    """Take step after step until none is left, and return the state that is reached.

    Args:
        served: the endpoint, as `kinds.of` returns it.
        operation: records the steps; a dry run only says them.
        lease: of the endpoint; None in a dry run.
        decide: the state, and whether the newcomer was watched at its present share, to the next step.
        release, wanted: that a deployment is for.

    Raises:
        UserError: the state allows no step, or a step failed.
    """
    endpoint, watched = served.read(), False
    while (step := decide(endpoint, watched)) is not None:
        if isinstance(step, rollout.Refuse):
            raise StuckError(f"endpoint {served.name}: {step.reason}")
        if operation.applies(*_words(served, endpoint, step)) and lease is not None:
            lease.renew()
            _do(served, operation, step, release)
            endpoint = _changed(served, endpoint, step)
        else:
            endpoint = rollout.after(endpoint, step, wanted)
        watched = isinstance(step, rollout.Watch) or (watched and not isinstance(step, rollout.Shift))
    return endpoint


def _changed(served: Served, before: rollout.Endpoint, step: rollout.Step) -> rollout.Endpoint:
    """Return the state once it shows a step's effect; Azure's answers may lag behind its work."""
    found = served.read()
    for _ in range(LOOKS):
        if found != before or isinstance(step, rollout.Watch | rollout.Settle):
            return found
        waiting.pause()
        found = served.read()
    raise AzureFailedError(f"endpoint {served.name}: Azure accepted a change and does not show it: run it again later")


def _do(served: Served, operation: Operation, step: rollout.Step, release: Release | None) -> None:
    match step:
        case rollout.Settle(name):
            served.settle(served.deployment_path(name))
        case rollout.Create(name, instances):
            _create(served, operation, name, instances, _of(release, step))
        case rollout.Remove(name, failed):
            if failed:
                explain(served, operation, name)
            served.remove(name)
        case rollout.Scale(name, instances):
            served.scale(name, instances)
        case rollout.Test(name):
            operation.note(f"{name}: {served.test(_of(release, step), name)}")
            served.mark(name, tested=True)
        case rollout.Watch(name):
            operation.note(f"{name}: {served.watch(_of(release, step), name)}")
        case rollout.Distrust(name):
            served.mark(name, tested=False)
        case rollout.Remember(name):
            served.remember(name)
        case rollout.Shift(traffic, mirror):
            served.shift(traffic, mirror)


def _of(release: Release | None, step: rollout.Step) -> Release:
    """Return the release that a step is for; only steps of a deployment have one."""
    if release is None:
        raise ValueError(f"{step} is for a release")
    return release


def _create(served: Served, operation: Operation, name: str, instances: int, release: Release) -> None:
    try:
        served.create(release, name, instances)
    except (AzureProblemError, AzureFailedError) as error:
        made = served.resource(served.deployment_path(name))
        if made is None or made["properties"].get("provisioningState") not in rollout.FAILED:
            raise
        why = explain(served, operation, name, str(error))
        served.remove(name)
        raise type(error)(f"{error}; {why}; the failed deployment is deleted", error.code, error.status) from error


def explain(served: Served, operation: Operation, name: str, message: str = "") -> str:
    """Keep the logs of a failed deployment in outputs/operations/, and return what they tell."""
    logs = served.logs(name)
    if not logs:
        return "its kind keeps no logs"
    path = served.project.outputs / FOLDER / f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{served.name}-{name}.log"
    atomic_write(path, "".join(f"==> {container} <==\n{text}\n" for container, text in logs.items()))
    found = diagnosis.cause("\n".join(logs.values()), message)
    why = f"cause: {found.sentence}" if found else "the cause is not known"
    operation.note(f"{name}: {why}; logs: {served.project.relative(path)}")
    return why


def _words(served: Served, endpoint: rollout.Endpoint, step: rollout.Step) -> tuple[str, Any, Any]:
    """Return a step as the thing that changes, its state before and after."""
    label, deployment = f"endpoint {served.name}", f"deployment {getattr(step, 'name', '')} of {served.name}"
    known = endpoint.deployments.get(getattr(step, "name", ""))
    match step:
        case rollout.Settle():
            return deployment, known.state if known else None, "waited for"
        case rollout.Create(_, instances):
            return deployment, None, f"made, with {instances} instances" if instances else "made"
        case rollout.Remove():
            return deployment, known.model or known.state if known else None, "deleted"
        case rollout.Scale(_, instances):
            return f"{deployment}: instances", known.instances if known else None, instances
        case rollout.Test():
            return deployment, "not tested", "tested"
        case rollout.Watch():
            return deployment, f"{endpoint.share(step.name)} % of the traffic", "watched"
        case rollout.Distrust():
            return deployment, "tested", "rolled back"
        case rollout.Remember(name):
            return f"{label}: previous", endpoint.previous or None, name or None
        case rollout.Shift(traffic, mirror):
            both = [{"traffic": dict(endpoint.traffic), "mirror": dict(endpoint.mirror)}]
            both.append({"traffic": dict(traffic), "mirror": dict(mirror)})
            before, after = ({key: value for key, value in each.items() if value} for each in both)
            return f"{label}: traffic", before or None, after
    return label, None, None
