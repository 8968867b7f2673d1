"""Take the deployments of an idle environment away, which cost money all the time, and bring exactly them back.

A blob beside the workspace keeps the resources that come back, as Azure described them. The endpoint, its
address, roles and all versions stay. A tag on the endpoint says so; `watch` and `deploy` leave it alone meanwhile.
"""

import json
from datetime import UTC, datetime
from typing import Any

from ...errors import UserError
from ..operations import Operation, Say, recorded
from ..problems import translated
from ..storage import blob, ensure_container
from ..tags import MODEL, PARKED
from . import lease
from . import next_step as rollout
from .endpoint_tests import reference
from .releases import Release

FOLDER = "parked"


def park(served: Any, *, say: Say, dry_run: bool = False) -> None:
    """Delete the deployments of an endpoint, after keeping what they were.

    Raises:
        UserError: Azure is at work on one of them.
    """
    with recorded(served.azure, "park", served.name, say=say, dry_run=dry_run) as operation:
        endpoint = served.resource()
        if endpoint is None:
            say(f"{served.name}: there is none in {served.azure.config.environment.name}")
            return
        deployments = served.deployments()
        parked = (endpoint.get("tags") or {}).get(PARKED)
        if parked and not deployments:
            say(f"{served.name}: is parked since {parked}")
            return
        changing = [each["name"] for each in deployments if served.read().deployments[each["name"]].changing]
        if changing:
            raise UserError(f"endpoint {served.name}: Azure is at work on {', '.join(changing)}: park it afterwards")
        names = [each["name"] for each in deployments]
        if not operation.applies(f"deployments of {served.name}", names, "away") or not names:
            return
        with lease.held(served.azure, served.name, "park") as held:
            if not parked:
                _keep(served, {"endpoint": endpoint["properties"], "deployments": deployments})
                served.tag(served.path, {PARKED: datetime.now(UTC).isoformat(timespec="seconds")})
            served.unsurround()
            held.renew()
            served.shift({}, {})
            for name in names:
                held.renew()
                served.remove(name)


def unpark(served: Any, *, say: Say, dry_run: bool = False) -> None:
    """Bring the deployments of an endpoint back as they were, and give them their traffic once they answer.

    Raises:
        UserError: it is not parked.
        UnfitError: one that had traffic does not answer as before.
        AzureProblemError, AzureFailedError: Azure refused or failed; the next run goes on.
    """
    with recorded(served.azure, "unpark", served.name, say=say, dry_run=dry_run) as operation:
        if not ((served.resource() or {}).get("tags") or {}).get(PARKED):
            say(f"{served.name}: is not parked")
            return
        kept = _kept(served)
        names = [each["name"] for each in kept["deployments"]]
        if not operation.applies(f"deployments of {served.name}", "away", names):
            return
        with lease.held(served.azure, served.name, "unpark") as held:
            for resource in kept["deployments"]:
                held.renew()
                _restore(served, operation, resource)
            traffic, mirror = served.divided(kept["endpoint"])
            for name in traffic:
                served.smoke(_release(next(each for each in kept["deployments"] if each["name"] == name)), name)
            held.renew()
            served.shift(traffic, mirror)
            served.surround(sorted(traffic))
            served.tag(served.path, {PARKED: ""})


def _restore(served: Any, operation: Operation, resource: dict[str, Any]) -> None:
    path = served.deployment_path(resource["name"])
    found = served.settle(path)
    if found is not None and found["properties"].get("provisioningState") in rollout.FAILED:
        served.remove(resource["name"])
        found = None
    if found is None:
        served.put(path, resource)
        found = served.resource(path)
    if found is None or found["properties"].get("provisioningState") != rollout.READY:
        raise UserError(f"deployment {resource['name']}: did not come back: 'mlops azure logs' shows why; run it again")
    operation.note(f"{resource['name']}: is back")


def _release(resource: dict[str, Any]) -> Release:
    tags = resource.get("tags") or {}
    name, _, version = tags.get(MODEL, "").partition(":")
    return Release(name, version, reference(resource), tags)


def _keep(served: Any, content: dict[str, Any]) -> None:
    with translated(served.azure, f"what {served.name} was"):
        ensure_container(served.azure)
        blob(served.azure, f"{FOLDER}/{served.name}.json").upload_blob(json.dumps(content).encode(), overwrite=True)


def _kept(served: Any) -> dict[str, Any]:
    with translated(served.azure, f"what {served.name} was"):
        content = blob(served.azure, f"{FOLDER}/{served.name}.json").download_blob().readall()
    found: dict[str, Any] = json.loads(content)
    return found
