"""The resources of Azure Resource Manager in memory, and its long-running operations."""

import re
import uuid
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

from .transport import Json, Reply, refusal

ARM = "https://management.azure.com"
ASSETS = frozenset({"models", "environments", "components", "data", "codes"})
# Collection -> polls of its long-running operations that answer "in progress".
SLOW = {"onlineendpoints": 1, "batchendpoints": 1, "deployments": 2, "schedules": 1, "computes": 1}


class Resources:
    """Resources by their paths, in the form in which the service returns them."""

    def __init__(self) -> None:
        self._kept: dict[str, dict[str, Any]] = {}  # lower-case path -> resource
        self._operations: dict[str, dict[str, Any]] = {}
        self._clock = 0

    def put(self, path: str, body: Json) -> dict[str, Any]:
        """Store a resource as the service would; it keeps the time of its creation."""
        now = datetime.now(UTC).isoformat()
        created = self._kept.get(path.lower(), {}).get("systemData", {}).get("createdAt", now)
        parts = path.split("/providers/")[-1].split("/")
        self._clock += 1
        self._kept[path.lower()] = {
            **body,
            "id": _id(path),
            "name": unquote(parts[-1]),
            "type": "/".join([parts[0], *parts[1::2]]),
            "properties": dict(body.get("properties") or {}),
            "systemData": {"createdAt": created, "lastModifiedAt": now, "createdBy": "me", "createdByType": "User"},
            "_path": path,
            "_order": self._clock,
        }
        return self._kept[path.lower()]

    def get(self, path: str) -> dict[str, Any] | None:
        """Return a resource, None if there is none."""
        return self._kept.get(path.lower())

    def must(self, path: str) -> dict[str, Any]:
        """Return a resource.

        Raises:
            Reply: 404.
        """
        found = self.get(path)
        if found is None:
            kind, name = path.split("/")[-2:]
            code = "UserError" if kind in ("versions", "jobs") else "ResourceNotFound"
            raise refusal(404, code, f"{kind} {name} was not found.")
        return found

    def below(self, path: str) -> list[dict[str, Any]]:
        """Return the resources of a collection, oldest change first."""
        start = path.lower() + "/"
        found = [each for key, each in self._kept.items() if key.startswith(start) and "/" not in key[len(start) :]]
        return sorted(found, key=lambda each: int(each["_order"]))

    def everything(self) -> dict[str, dict[str, Any]]:
        """Return all resources by their lower-case paths."""
        return dict(self._kept)

    def delete(self, path: str) -> bool:
        """Remove a resource with those below it; return whether it was there."""
        gone = [key for key in self._kept if key == path.lower() or key.startswith(path.lower() + "/")]
        for key in gone:
            del self._kept[key]
        return bool(gone)

    def container(self, path: str) -> dict[str, Any]:
        """Return an asset without a version: it knows its latest and its next one.

        Raises:
            Reply: 404, where no version is there.
        """
        versions = self.below(f"{path}/versions")
        name = path.rpartition("/")[2]
        if not versions:
            raise refusal(404, "UserError", f"{path.split('/')[-2]} container {name} was not found.")
        latest = max(versions, key=lambda each: int(each["_order"]))["name"]
        numbers = [int(each["name"]) for each in versions if each["name"].isdigit()]
        following = str(max(numbers) + 1) if numbers else None
        properties = {"latestVersion": latest, "nextVersion": following, "properties": {}, "tags": {}}
        return {"id": path, "name": name, "properties": properties}

    def begin(
        self, resource: dict[str, Any] | None, polls: int, failure: str | None = None, empty: bool = False
    ) -> str:
        """Begin a long-running operation and return its path.

        Args:
            resource: whose provisioningState ends with it.
            polls: that answer "in progress" before the end.
            failure: message of an operation that fails.
            empty: the last answer has no body, as that of an import into a registry.
        """
        path = f"/operations/{uuid.uuid4()}"
        self._operations[path] = {"resource": resource, "left": polls, "failure": failure, "empty": empty}
        return path

    def tick(self, path: str) -> None:
        """Let the operation on a resource go on, as time does: its own reader sees that too."""
        for operation, found in list(self._operations.items()):
            resource = found["resource"]
            if resource is not None and resource["_path"].lower() == path.lower() and self.running(resource):
                self.operation(operation)

    def operation(self, path: str) -> Reply:
        """Answer a poll."""
        found = self._operations.get(path)
        if found is None:
            raise refusal(404, "NotFound", f"no operation {path}")
        if found["left"] > 0:
            found["left"] -= 1
            return Reply(202 if found["empty"] else 200, {"status": "InProgress"}, {"Location": f"{ARM}{path}"})
        resource, failure = found["resource"], found["failure"]
        if resource is not None:
            resource["properties"]["provisioningState"] = "Failed" if failure else "Succeeded"
        if failure:
            code, _, message = failure.partition(": ")
            return Reply(200, {"status": "Failed", "error": {"code": code, "message": message or code}})
        return Reply(200, None if found["empty"] else {"status": "Succeeded"})

    def running(self, resource: dict[str, Any]) -> bool:
        """Return whether an operation on a resource has not ended."""
        return resource["properties"].get("provisioningState") in ("Creating", "Updating", "Deleting")


def shown(resource: dict[str, Any]) -> dict[str, Any]:
    """Return a resource as it is sent."""
    return {key: value for key, value in resource.items() if not key.startswith("_")}


def _id(path: str) -> str:
    """Return the ID of a resource; assets of a registry have a form of their own."""
    found = re.match(r".*/registries/([^/]+)/(models|environments|components|data|codes)/(.*)", path)
    return f"azureml://registries/{found[1]}/{found[2]}/{found[3]}" if found else path
