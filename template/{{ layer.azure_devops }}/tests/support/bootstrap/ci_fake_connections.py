"""Service connections of the fake Azure DevOps."""

import copy
import re
from typing import TYPE_CHECKING

from ..azure.transport import Reply, Request
from .ci_fake_answers import Json, refusal
from .ci_fake_gates import drop_checks
from .devops_api import PUBLISHED

if TYPE_CHECKING:
    from .ci_fake import CiFake

ISSUER = "https://login.microsoftonline.com/tenant/v2.0"


def _endpoints(fake: "CiFake", request: Request, match: re.Match[str]) -> Reply:
    fake.project(match[1])
    wanted, kind = request.query.get("endpointNames", "").split(","), request.query.get("type")
    found = [
        each
        for each in fake.pipelines.connections.values()
        if each["name"] in wanted or (kind and each["type"].lower() == kind.lower())
    ]
    found = [fake.pipelines.ripe(each) for each in fake.pipelines.shown(found)]
    return Reply(200, {"count": len(found), "value": found})


def _make_endpoint(fake: "CiFake", request: Request, match: re.Match[str]) -> Reply:
    fake.rights.need("Create")
    body = request.body
    _refuse_connection(body)
    fake.project(body["serviceEndpointProjectReferences"][0]["projectReference"]["id"])
    if any(each["name"] == body["name"] for each in fake.pipelines.connections.values()):
        raise refusal(500, "DuplicateServiceConnectionException", f"Service connection {body['name']} already exists")
    key = f"e0000000-0000-0000-0000-{fake.pipelines.number():012d}"
    return Reply(200, _stored(fake, key, body))


def _change_endpoint(fake: "CiFake", request: Request, match: re.Match[str]) -> Reply:
    _refuse_connection(request.body)
    return Reply(200, _stored(fake, match[1], request.body))


def _refuse_connection(body: Json) -> None:
    """Refuse a body that is not one of a manual connection by workload identity federation."""
    published = PUBLISHED["connection"]
    data, given = body["data"], body["authorization"]["parameters"]
    fixed = {key: value for key, value in published["data"].items() if value}
    same = set(data) == set(published["data"]) and fixed.items() <= data.items()
    if not same or body["url"] != published["url"] or set(given) != set(published["parameters"].split()):
        raise refusal(400, "InvalidArgument", f"connection {body['name']}: {data}")


def _stored(fake: "CiFake", key: str, body: Json) -> Json:
    kept = copy.deepcopy(body) | {"id": key}
    if kept["authorization"]["scheme"] == "WorkloadIdentityFederation":
        name = f"/eid1/c/pub/t/x/a/y/sc/Z/{kept['name']}"  # in letters of both cases
        kept["authorization"]["parameters"] |= {
            "workloadIdentityFederationIssuer": ISSUER,
            "workloadIdentityFederationSubject": name,
        }
    fake.pipelines.connections[key] = kept
    return kept


def _delete_endpoint(fake: "CiFake", request: Request, match: re.Match[str]) -> Reply:
    assert request.query["projectIds"] in fake.projects
    fake.pipelines.connections.pop(match[1])
    drop_checks(fake, "endpoint", match[1])
    return Reply(204)


PROJECT = "/([^/]+)/_apis"
ROUTES = {
    f"GET {PROJECT}/serviceendpoint/endpoints": _endpoints,
    "POST /_apis/serviceendpoint/endpoints": _make_endpoint,
    "PUT /_apis/serviceendpoint/endpoints/([^/]+)": _change_endpoint,
    "DELETE /_apis/serviceendpoint/endpoints/([^/]+)": _delete_endpoint,
}
