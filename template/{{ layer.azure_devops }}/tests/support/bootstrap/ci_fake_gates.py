"""Gates of the fake Azure DevOps: environments, checks, permissions of pipelines, policies of branches."""

import copy
import re
from typing import TYPE_CHECKING

from ..azure.transport import Reply, Request
from .ci_fake_answers import Json, refusal
from .devops_api import PUBLISHED

if TYPE_CHECKING:
    from .ci_fake import CiFake


def _environments(fake: "CiFake", request: Request, match: re.Match[str]) -> Reply:
    wanted = request.query.get("name", "")
    found = [each for each in fake.pipelines.environments.values() if each["name"].startswith(wanted)]
    return fake.page(request, fake.pipelines.shown(found))


def _make_environment(fake: "CiFake", request: Request, match: re.Match[str]) -> Reply:
    fake.project(match[1])
    if any(each["name"] == request.body["name"] for each in fake.pipelines.environments.values()):
        raise refusal(409, "EnvironmentExistsException", f"Environment {request.body['name']} already exists")
    number = fake.pipelines.number()
    fake.pipelines.environments[number] = {**request.body, "id": number}
    return Reply(200, fake.pipelines.environments[number])


def _delete_environment(fake: "CiFake", request: Request, match: re.Match[str]) -> Reply:
    fake.pipelines.environments.pop(int(match[2]))
    drop_checks(fake, "environment", match[2])
    return Reply(200)


def drop_checks(fake: "CiFake", kind: str, key: str) -> None:
    """Forget checks and permissions of something that is deleted."""
    gone = [
        n
        for n, each in fake.pipelines.checks.items()
        if each["resource"]["type"] == kind and str(each["resource"]["id"]) == key
    ]
    for number in gone:
        del fake.pipelines.checks[number]
    fake.pipelines.permissions.pop((kind, key), None)


def _checks(fake: "CiFake", request: Request, match: re.Match[str]) -> Reply:
    key = (request.query["resourceType"], request.query["resourceId"])
    found = [
        each
        for each in fake.pipelines.checks.values()
        if (each["resource"]["type"], str(each["resource"]["id"])) == key
    ]
    if request.query.get("$expand") != "settings":
        found = [{name: value for name, value in each.items() if name != "settings"} for each in found]
    return Reply(200, {"count": len(found), "value": found})


def _write_check(fake: "CiFake", request: Request, match: re.Match[str]) -> Reply:
    _refuse_check(request.body)
    number = int(match[2]) if request.method == "PATCH" else fake.pipelines.number()
    body = copy.deepcopy(request.body) | {"id": number}
    body["type"]["id"] = body["type"]["id"].upper()  # letter case of IDs may differ
    for approver in body["settings"].get("approvers", []):
        approver["id"] = approver["id"].upper()
    fake.pipelines.checks[number] = body
    return Reply(200, body)


def _refuse_check(body: Json) -> None:
    kind = PUBLISHED["checks"][body["type"]["name"]]
    _refuse_settings(kind, body["settings"])
    if body["type"]["id"] != kind["id"] or not 0 < body["timeout"] <= kind["longest"]:
        raise refusal(400, "InvalidArgument", f"{body['type']}, {body['timeout']} minutes")
    if definition := kind.get("definition"):
        values, known = body["settings"]["inputs"], kind["inputs"]
        wrong = [key for key in values if key not in known or values[key] not in (known[key] or [values[key]])]
        if wrong or body["settings"]["definitionRef"] != definition:
            raise refusal(400, "InvalidArgument", f"inputs {wrong} of {body['settings']['definitionRef']}")


def _refuse_settings(kind: Json, settings: Json) -> None:
    if unknown := set(settings) - set(kind["settings"].split()):
        raise refusal(400, "InvalidArgument", f"unknown settings {sorted(unknown)} of {kind['id']}")


def _delete_check(fake: "CiFake", request: Request, match: re.Match[str]) -> Reply:
    fake.pipelines.checks.pop(int(match[2]))
    return Reply(204)


def _permissions(fake: "CiFake", request: Request, match: re.Match[str]) -> Reply:
    key = (match[2], match[3])
    given = fake.pipelines.permissions.setdefault(key, {})
    if request.method == "PATCH":
        given |= {each["id"]: each["authorized"] for each in request.body["pipelines"]}
        if "allPipelines" in request.body and not request.body["allPipelines"]["authorized"]:
            fake.pipelines.open.discard(key)
    listed = [{"id": number, "authorized": True} for number, yes in given.items() if yes]
    everyone = {"allPipelines": {"authorized": True}} if key in fake.pipelines.open else {}
    return Reply(200, {"resource": {"type": key[0], "id": key[1]}, "pipelines": listed, **everyone})


def _policies(fake: "CiFake", request: Request, match: re.Match[str]) -> Reply:
    kind = request.query.get("policyType")
    return fake.page(request, [each for each in fake.pipelines.policies.values() if each["type"]["id"] == kind])


def _write_policy(fake: "CiFake", request: Request, match: re.Match[str]) -> Reply:
    kinds = {each["id"]: each for each in PUBLISHED["policies"].values()}
    _refuse_settings(kinds[request.body["type"]["id"]], request.body["settings"])
    for scope in request.body["settings"]["scope"]:
        assert scope["repositoryId"] in fake.repositories
    number = int(match[2]) if request.method == "PUT" else fake.pipelines.number()
    fake.pipelines.policies[number] = copy.deepcopy(request.body) | {"id": number}
    return Reply(200, fake.pipelines.policies[number])


def _delete_policy(fake: "CiFake", request: Request, match: re.Match[str]) -> Reply:
    fake.pipelines.policies.pop(int(match[2]))
    return Reply(204)


PROJECT = "/([^/]+)/_apis"
CHECKS = f"{PROJECT}/pipelines/checks/configurations"
PERMISSIONS = f"{PROJECT}/pipelines/pipelinepermissions/([^/]+)/([^/]+)"
ROUTES = {
    f"GET {PROJECT}/distributedtask/environments": _environments,
    f"POST {PROJECT}/distributedtask/environments": _make_environment,
    f"DELETE {PROJECT}/distributedtask/environments/([^/]+)": _delete_environment,
    f"GET {CHECKS}": _checks,
    f"POST {CHECKS}": _write_check,
    f"PATCH {CHECKS}/([^/]+)": _write_check,
    f"DELETE {CHECKS}/([^/]+)": _delete_check,
    f"GET {PERMISSIONS}": _permissions,
    f"PATCH {PERMISSIONS}": _permissions,
    f"GET {PROJECT}/policy/configurations": _policies,
    f"POST {PROJECT}/policy/configurations": _write_policy,
    f"PUT {PROJECT}/policy/configurations/([^/]+)": _write_policy,
    f"DELETE {PROJECT}/policy/configurations/([^/]+)": _delete_policy,
}
