"""The fake Azure DevOps around its pipelines: projects, repositories, people, groups, agents."""

import re
import shutil
from typing import TYPE_CHECKING

from ..azure.transport import Reply, Request
from .ci_fake_answers import Json, refusal

if TYPE_CHECKING:
    from .ci_fake import CiFake

ME = "ada00000-0000-0000-0000-000000000001"


def _connection(fake: "CiFake", request: Request, match: re.Match[str]) -> Reply:
    identity = {
        "id": ME,
        "descriptor": "Microsoft.IdentityModel.Claims.ClaimsIdentity;tenant\\ada@example.com",
        "properties": {"Account": {"$type": "System.String", "$value": "ada@example.com"}},
    }
    visitor = {"id": "a" * 8, "descriptor": "System:PublicAccess;aaaaaaaa"}
    return Reply(200, {"authenticatedUser": visitor if fake.anonymous else identity})


def _get_project(fake: "CiFake", request: Request, match: re.Match[str]) -> Reply:
    return Reply(200, fake.project(match[1]))


def _make_project(fake: "CiFake", request: Request, match: re.Match[str]) -> Reply:
    fake.rights.need("CREATE_PROJECTS")
    if any(each["name"].lower() == request.body["name"].lower() for each in fake.projects.values()):
        raise refusal(400, "ProjectAlreadyExistsException", "TF200019: the project exists")
    fake.add_project(request.body["name"])["visibility"] = request.body["visibility"]
    return _operation(fake)


def _delete_project(fake: "CiFake", request: Request, match: re.Match[str]) -> Reply:
    number = fake.project(match[1])["id"]
    for each in [each for each in fake.repositories.values() if each["project"]["id"] == number]:
        shutil.rmtree(fake.folder(each))
        del fake.repositories[each["id"]]
    del fake.projects[number]
    fake.pipelines.clear()
    fake.rights.clear()
    fake.memberships.clear()
    return _operation(fake)


def _operation(fake: "CiFake") -> Reply:
    key = f"0b000000-{len(fake.operations)}"
    fake.operations[key] = 0
    return Reply(202, {"id": key, "status": "queued", "url": "operation"})


def _look_at_operation(fake: "CiFake", request: Request, match: re.Match[str]) -> Reply:
    fake.operations[match[1]] += 1
    ended = fake.operations[match[1]] > 1
    said = {"detailedMessage": "TF400711: the process template is broken"} if fake.operations_fail else {}
    status = ("failed" if said else "succeeded") if ended else "inProgress"
    return Reply(200, {"id": match[1], "status": status, **said})


def _processes(fake: "CiFake", request: Request, match: re.Match[str]) -> Reply:
    both = [{"id": "agile", "isDefault": False}, {"id": "b8a3a935-7e91-48b8-a94c-606d37c3e9f2", "isDefault": True}]
    return Reply(200, {"value": both})


def _repositories(fake: "CiFake", request: Request, match: re.Match[str]) -> Reply:
    number = fake.project(match[1])["id"]
    return Reply(200, {"value": [each for each in fake.repositories.values() if each["project"]["id"] == number]})


def _repository(fake: "CiFake", match: re.Match[str]) -> Json:
    number = fake.project(match[1])["id"]
    for each in fake.repositories.values():
        if each["project"]["id"] == number and match[2].lower() in (each["id"], each["name"].lower()):
            return each
    raise refusal(404, "GitRepositoryNotFoundException", f"TF401019: {match[2]} does not exist")


def _make_repository(fake: "CiFake", request: Request, match: re.Match[str]) -> Reply:
    number = fake.project(match[1])["id"]
    for each in fake.repositories.values():
        if each["project"]["id"] == number and each["name"].lower() == request.body["name"].lower():
            raise refusal(409, "GitRepositoryNameAlreadyExistsException")
    return Reply(201, fake.add_repository(number, request.body["name"]))


def _delete_repository(fake: "CiFake", request: Request, match: re.Match[str]) -> Reply:
    found = _repository(fake, match)
    if len([each for each in fake.repositories.values() if each["project"] == found["project"]]) == 1:
        raise refusal(400, "GitRepositoryMinimumPerProjectThresholdExceededException")
    shutil.rmtree(fake.folder(found))
    del fake.repositories[found["id"]]
    return Reply(204)


def _refs(fake: "CiFake", request: Request, match: re.Match[str]) -> Reply:
    found = fake.heads(_repository(fake, match))
    wanted = f"refs/{request.query.get('filter', '')}"
    listed = [{"name": name, "objectId": commit} for name, commit in found.items() if name.startswith(wanted)]
    return fake.page(request, listed)


def _commits(fake: "CiFake", request: Request, match: re.Match[str]) -> Reply:
    return Reply(200, {"value": [{"commitId": each} for each in fake.commits(_repository(fake, match))]})


def _work_items(fake: "CiFake", request: Request, match: re.Match[str]) -> Reply:
    return Reply(200, {"workItems": [{"id": number} for number in fake.rights.work_items]})


def _identities(fake: "CiFake", request: Request, match: re.Match[str]) -> Reply:
    wanted = request.query["filterValue"].lower()
    found = [
        {"id": key, "isActive": True, "descriptor": f"person;{name}"}
        for name, key in fake.people.items()
        if name.lower() == wanted
    ]
    service = fake.rights.service()
    if service and wanted == service["providerDisplayName"].lower():
        found.append(service)
    return Reply(200, {"count": len(found), "value": found})


def _descriptor(fake: "CiFake", request: Request, match: re.Match[str]) -> Reply:
    return Reply(200, {"value": f"scp.{match[1]}"})


def _groups(fake: "CiFake", request: Request, match: re.Match[str]) -> Reply:
    scope = request.query.get("scopeDescriptor", "scp.")
    if request.query.get("subjectTypes") == "aadgp":
        return fake.page(request, [each for each in fake.groups.values() if "originId" in each])
    return fake.page(request, [each for each in fake.groups.values() if f"scp.{each.get('project')}" == scope])


def _add_group(fake: "CiFake", request: Request, match: re.Match[str]) -> Reply:
    return Reply(201, fake.add_member(request.body["originId"], request.query["groupDescriptors"]))


def _membership(fake: "CiFake", request: Request, match: re.Match[str]) -> Reply:
    if (match[1], match[2]) not in fake.memberships:
        raise refusal(404, "GraphMembershipNotFoundException")
    if request.method == "DELETE":
        fake.memberships.remove((match[1], match[2]))
    return Reply(200, {"memberDescriptor": match[1]})


def _usage(fake: "CiFake", request: Request, match: re.Match[str]) -> Reply:
    return Reply(200, {"resourceLimit": {"totalCount": fake.free_jobs, "isHosted": True}, "usedCount": 0})


def _pools(fake: "CiFake", request: Request, match: re.Match[str]) -> Reply:
    wanted = request.query.get("poolName")
    found = [{"id": number, "name": name} for name, number in fake.pools.items() if name == wanted]
    return Reply(200, {"value": found})


REPOSITORY = r"/([^/]+)/_apis/git/repositories/([^/]+)"
ROUTES = {
    "GET /_apis/connectionData": _connection,
    "GET /_apis/projects/([^/]+)": _get_project,
    "POST /_apis/projects": _make_project,
    "DELETE /_apis/projects/([^/]+)": _delete_project,
    "GET /_apis/operations/([^/]+)": _look_at_operation,
    "GET /_apis/process/processes": _processes,
    "GET /([^/]+)/_apis/git/repositories": _repositories,
    "POST /([^/]+)/_apis/git/repositories": _make_repository,
    f"GET {REPOSITORY}": lambda fake, request, match: Reply(200, _repository(fake, match)),
    f"DELETE {REPOSITORY}": _delete_repository,
    f"GET {REPOSITORY}/refs": _refs,
    f"GET {REPOSITORY}/commits": _commits,
    "POST /([^/]+)/_apis/wit/wiql": _work_items,
    "GET /_apis/identities": _identities,
    "GET /_apis/graph/descriptors/([^/]+)": _descriptor,
    "GET /_apis/graph/groups": _groups,
    "POST /_apis/graph/groups": _add_group,
    "GET /_apis/graph/memberships/([^/]+)/([^/]+)": _membership,
    "DELETE /_apis/graph/memberships/([^/]+)/([^/]+)": _membership,
    "GET /_apis/distributedtask/resourceusage": _usage,
    "GET /_apis/distributedtask/pools": _pools,
}
