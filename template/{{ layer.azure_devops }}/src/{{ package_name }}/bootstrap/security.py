"""Rights in Azure DevOps: access control lists, by names of rights; their bits are asked of the API.

Namespaces and forms of tokens: "Security namespace and permission reference" in MicrosoftDocs/azure-devops-docs.
"""

from dataclasses import dataclass
from typing import Any

from .place import Place

PROJECT = "52d39943-cb85-4d7f-8fa8-c6baac873819"
COLLECTION = "3e65f728-f8bc-4ecd-8764-7e378b19bfa7"
BUILD = "33344d9c-fc72-4d6f-aba5-fa317101a7e9"
REPOSITORIES = "2e9eb7ed-3c0a-47d4-87c1-0ffdd275fd87"
AREAS = "83e28ad4-2d72-4ceb-97b0-c7726d5502c3"
TAGGING = "bb50f182-8e5e-40b8-bc21-e8752a1e7ae2"
CONNECTIONS = "49b48001-ca20-4adc-8111-5b60c903a50c"


@dataclass(frozen=True)
class Right:
    """One right of a namespace."""

    name: str
    bit: int
    shown: str  # as pages of Azure DevOps call it


class Security:
    """Rights of an organisation."""

    def __init__(self, place: Place) -> None:
        self._rest = place.core
        self._known: dict[str, dict[str, Right]] = {}

    def rights(self, namespace: str, names: tuple[str, ...]) -> tuple[Right, ...]:
        """Return rights of a namespace by their names, those that this organisation knows."""
        if namespace not in self._known:
            answer = self._rest.get(f"/_apis/securitynamespaces/{namespace}")["value"][0]
            self._known[namespace] = {
                each["name"]: Right(each["name"], each["bit"], each.get("displayName") or each["name"])
                for each in answer["actions"]
            }
        return tuple(self._known[namespace][name] for name in names if name in self._known[namespace])

    def lacks(self, namespace: str, token: str, names: tuple[str, ...]) -> tuple[Right, ...]:
        """Return those rights that the person who is signed in does not have."""
        wanted = self.rights(namespace, names)
        if self._mine(namespace, token, sum(right.bit for right in wanted)):
            return ()
        return tuple(right for right in wanted if not self._mine(namespace, token, right.bit))

    def _mine(self, namespace: str, token: str, bits: int) -> bool:
        """Return whether that person has all of some rights."""
        query = {"tokens": token, "alwaysAllowAdministrators": "true"}
        return bool(self._rest.get(f"/_apis/permissions/{namespace}/{bits}", params=query)["value"][0])

    def given(self, namespace: str, token: str, descriptor: str) -> tuple[int, int]:
        """Return the bits that an identity is given at this very place, and those that it has in the end."""
        query = {"token": token, "descriptors": descriptor, "includeExtendedInfo": "true"}
        lists: list[dict[str, Any]] = self._rest.get(f"/_apis/accesscontrollists/{namespace}", params=query)["value"]
        for each in lists:
            if entry := (each.get("acesDictionary") or {}).get(descriptor):
                more = entry.get("extendedInfo") or {}
                effective = more.get("effectiveAllow", entry["allow"]) & ~more.get("effectiveDeny", entry["deny"])
                return entry["allow"], effective
        return 0, 0

    def give(self, namespace: str, token: str, descriptor: str, bits: int) -> None:
        """Allow an identity more."""
        entry = {"descriptor": descriptor, "allow": bits, "deny": 0, "extendedinfo": {}}
        body = {"token": token, "merge": True, "accessControlEntries": [entry]}
        self._rest.post(f"/_apis/accesscontrolentries/{namespace}", json=body)

    def take(self, namespace: str, token: str, descriptor: str, bits: int) -> None:
        """Take back what an identity was allowed."""
        query = {"token": token, "descriptor": descriptor}
        self._rest.delete(f"/_apis/permissions/{namespace}/{bits}", params=query)
