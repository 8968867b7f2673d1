"""Rights in the fake Azure DevOps: namespaces with bits, access control lists, and what jobs may do by them.

Namespaces, names, bits and forms of tokens are those of devops_api.yml.
"""

import re
from typing import TYPE_CHECKING, Any
from uuid import NAMESPACE_URL, uuid5

from ..azure.transport import Reply, Request
from .ci_fake_answers import refusal
from .devops_api import RIGHTS, TOKENS

if TYPE_CHECKING:
    from .ci_fake import CiFake

COLLECTION = "c0111ec7-0000-0000-0000-000000000000"


class Rights:
    """Entries of access control lists.

    Attributes:
        mine: whether the person who is signed in has rights.
        not_mine: bits, of any namespace, that this person lacks all the same.
        lists: (namespace, token, descriptor) -> allowed bits.
        denied: (namespace, bit) that another entry denies to the build service.
        limited: whether jobs are limited to their project: says which build service acts.
        work_items: numbers of work items.
    """

    def __init__(self, fake: "CiFake") -> None:
        self._fake = fake
        self.mine, self.not_mine = True, 0
        self.lists: dict[tuple[str, str, str], int] = {}
        self.denied: set[tuple[str, int]] = set()
        self.limited = True
        self.work_items: list[int] = []

    def clear(self) -> None:
        """Forget all: the project is gone."""
        self.lists.clear()

    def need(self, name: str) -> None:
        """Refuse a person without rights."""
        if not self.mine:
            raise refusal(403, "AccessDeniedException", f"TF50309: needs {name}")

    def service(self) -> dict[str, Any] | None:
        """Return the identity of the build service; it is made with the first run."""
        if not self._fake.pipelines.builds:
            return None
        project = next(iter(self._fake.projects.values()))
        number, name = (project["id"], project["name"]) if self.limited else (COLLECTION, "Project Collection")
        descriptor = f"Microsoft.TeamFoundation.ServiceIdentity;5e11:Build:{number}"
        shown = f"{name} Build Service ({self._fake.organisation})"
        return {"id": "5e1f", "descriptor": descriptor, "providerDisplayName": shown, "isActive": True}

    def allowed(self, namespace: str, token: str) -> int:
        """Return the bits that the build service has in the end, those of places above included."""
        service = self.service()
        bits = 0
        for (there, place, who), allowed in self.lists.items():
            if there == namespace and service and who == service["descriptor"] and f"{token}/".startswith(f"{place}/"):
                bits |= allowed
        for there, bit in self.denied:
            bits &= ~bit if there == namespace else -1
        return bits

    def snapshot(self) -> dict[str, Any]:
        """Return the entries, with names of pipelines instead of numbers."""
        names = {str(number): each["name"] for number, each in self._fake.pipelines.definitions.items()}
        entries = {}
        for (_, token, who), bits in self.lists.items():
            start, _, last = token.rpartition("/")
            entries[f"{start}/{names.get(last, last)} {who}"] = bits
        return {"rights": {key: bits for key, bits in sorted(entries.items()) if bits}}


def _namespace(fake: "CiFake", request: Request, match: re.Match[str]) -> Reply:
    actions = [{"bit": bit, "name": name, "displayName": shown} for name, (bit, shown) in RIGHTS[match[1]].items()]
    return Reply(200, {"count": 1, "value": [{"namespaceId": match[1], "actions": actions}]})


def _refuse_token(namespace: str, token: str) -> None:
    """Refuse a token of another form: the service would keep it, and it would have no effect."""
    if not re.fullmatch(TOKENS[namespace], token):
        raise refusal(400, "InvalidArgument", f"{token} is no token of {namespace}")


def _mine(fake: "CiFake", request: Request, match: re.Match[str]) -> Reply:
    _refuse_token(match[1], request.query["tokens"])
    return Reply(200, {"count": 1, "value": [fake.rights.mine and not int(match[2]) & fake.rights.not_mine]})


def _take(fake: "CiFake", request: Request, match: re.Match[str]) -> Reply:
    key = (match[1], request.query["token"], request.query["descriptor"])
    fake.rights.lists[key] = fake.rights.lists.get(key, 0) & ~int(match[2])
    return Reply(200, {})


def _lists(fake: "CiFake", request: Request, match: re.Match[str]) -> Reply:
    token, who = request.query["token"], request.query["descriptors"]
    _refuse_token(match[1], token)
    allowed = fake.rights.lists.get((match[1], token, who))
    if allowed is None:
        return Reply(200, {"count": 0, "value": []})
    more = {"effectiveAllow": fake.rights.allowed(match[1], token)}
    entry = {"descriptor": who, "allow": allowed, "deny": 0, "extendedInfo": more}
    return Reply(200, {"count": 1, "value": [{"token": token, "acesDictionary": {who: entry}}]})


def _give(fake: "CiFake", request: Request, match: re.Match[str]) -> Reply:
    fake.rights.need("write")
    _refuse_token(match[1], request.body["token"])
    assert request.body["merge"] is True, "without it, other rights of the identity would go"
    for entry in request.body["accessControlEntries"]:
        key = (match[1], request.body["token"], entry["descriptor"])
        fake.rights.lists[key] = fake.rights.lists.get(key, 0) | entry["allow"]
    return Reply(200, {"count": 1, "value": request.body["accessControlEntries"]})


def node(path: str) -> str:
    """Return the ID of an area; the path of the project's own is empty."""
    return str(uuid5(NAMESPACE_URL, path))


def _area(fake: "CiFake", request: Request, match: re.Match[str]) -> Reply:
    return Reply(200, {"identifier": node(match[2]), "hasChildren": True})


def _settings(fake: "CiFake", request: Request, match: re.Match[str]) -> Reply:
    return Reply(200, {"enforceJobAuthScope": fake.rights.limited})


ROUTES = {
    "GET /_apis/securitynamespaces/([^/]+)": _namespace,
    r"GET /_apis/permissions/([^/]+)/(\d+)": _mine,
    r"DELETE /_apis/permissions/([^/]+)/(\d+)": _take,
    "GET /_apis/accesscontrollists/([^/]+)": _lists,
    "POST /_apis/accesscontrolentries/([^/]+)": _give,
    "GET /([^/]+)/_apis/wit/classificationnodes/areas(.*)": _area,
    "GET /([^/]+)/_apis/build/generalsettings": _settings,
}
