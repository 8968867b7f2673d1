"""The services beside Azure Resource Manager: scoring, blobs, run history."""

import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from .resources import Resources
from .transport import Json, Reply, Request, refusal

STAMP = {"Last-Modified": "Mon, 01 Jan 2024 00:00:00 GMT", "x-ms-version": "2021-01-01", "x-ms-blob-type": "BlockBlob"}


@dataclass
class Blob:
    """A blob; `etag` changes with every write."""

    content: bytes
    metadata: dict[str, str] = field(default_factory=dict)
    etag: str = ""


class Blobs:
    """Storage accounts, by `account/container/path`: put, head, get, list, delete, conditions."""

    def __init__(self) -> None:
        self.kept: dict[str, Blob] = {}
        self._writes = 0

    def answer(self, request: Request) -> Reply:
        """Answer a request to *.blob.core.windows.net or *.dfs.core.windows.net."""
        key = request.host.split(".")[0] + request.path
        if request.query.get("comp") == "list":
            return self._list(request, key)
        if request.query.get("restype") == "container":
            return Reply(201 if request.method == "PUT" else 200, None, STAMP)
        known = self.kept.get(key)
        self._check_conditions(request, known)
        if request.method == "PUT":
            return self._write(request, key, known)
        if known is None:
            raise _missing(request)
        if request.method == "DELETE":
            del self.kept[key]
            return Reply(202, None, STAMP)
        headers = self._headers(known) | {f"x-ms-meta-{name}": value for name, value in known.metadata.items()}
        size = len(known.content)
        if request.method == "HEAD":
            return Reply(200, None, headers | {"Content-Length": str(size)})
        if not size:
            return (
                Reply(416, None, {"x-ms-error-code": "InvalidRange"}) if _ranged(request) else Reply(200, b"", headers)
            )
        if not _ranged(request):
            return Reply(200, known.content, headers)
        return Reply(206, known.content, headers | {"Content-Range": f"bytes 0-{size - 1}/{size}"})

    def put(self, key: str, content: bytes) -> Blob:
        """Store a blob as `account/container/path`."""
        self._writes += 1
        self.kept[key] = Blob(content, etag=f'"0x{self._writes:X}"')
        return self.kept[key]

    def _write(self, request: Request, key: str, known: Blob | None) -> Reply:
        content = request.body if isinstance(request.body, bytes) else _text(request.body)
        metadata = {
            name[10:]: value for name, value in request.headers.items() if name.lower().startswith("x-ms-meta-")
        }
        if request.query.get("comp") == "metadata":
            if known is None:
                raise _missing(request)
            known.metadata = metadata
            return Reply(200, None, self._headers(known))
        if request.query.get("comp") == "block":
            before = known.content if known else b""
            content, metadata = before + content, {}
        elif request.query.get("comp") == "blocklist":
            content = known.content if known else b""
        blob = self.put(key, content)
        blob.metadata = metadata
        return Reply(201, None, self._headers(blob))

    def _list(self, request: Request, key: str) -> Reply:
        container = key.rstrip("/")
        prefix = f"{container}/{request.query.get('prefix', '')}"
        names = sorted(name for name in self.kept if name.startswith(prefix))
        items = "".join(
            f"<Blob><Name>{name[len(container) + 1 :]}</Name><Properties>"
            f"<Content-Length>{len(self.kept[name].content)}</Content-Length><Etag>{self.kept[name].etag}</Etag>"
            "<BlobType>BlockBlob</BlobType></Properties><Metadata/></Blob>"
            for name in names
        )
        text = (
            '<?xml version="1.0" encoding="utf-8"?>'
            f"<EnumerationResults><Blobs>{items}</Blobs><NextMarker/></EnumerationResults>"
        )
        return Reply(200, text, STAMP | {"Content-Type": "application/xml"})

    def _check_conditions(self, request: Request, known: Blob | None) -> None:
        headers = {name.lower(): value for name, value in request.headers.items()}
        if request.method == "PUT" and headers.get("if-none-match") == "*" and known is not None:
            raise Reply(409, _error("BlobAlreadyExists"), {"x-ms-error-code": "BlobAlreadyExists"})
        wanted = headers.get("if-match")
        if wanted and (known is None or known.etag != wanted):
            raise Reply(412, _error("ConditionNotMet"), {"x-ms-error-code": "ConditionNotMet"})

    def _headers(self, blob: Blob) -> dict[str, str]:
        return STAMP | {"ETag": blob.etag, "Content-Type": "application/octet-stream"}


class Scoring:
    """The online endpoints' own addresses.

    Attributes:
        answer_of: deployment, body of the request -> answer, or a Reply.
        asked: deployments in the order in which they were asked.
    """

    def __init__(self, resources: Resources) -> None:
        self.resources = resources
        self.answer_of: Callable[[str, Json], Json] = lambda deployment, body: {"deployment": deployment}
        self.asked: list[str] = []

    def answer(self, request: Request) -> Reply:
        """Answer a request to NAME.REGION.inference.ml.azure.com."""
        name = request.host.split(".")[0]
        found = [
            each
            for each in self.resources.everything().values()
            if each["type"].endswith("/onlineEndpoints") and each["name"] == name
        ]
        if not found:
            raise refusal(404, "NotFound", f"there is no endpoint {name}")
        if "Authorization" not in request.headers:
            raise refusal(401, "Unauthorized", "no token")
        endpoint = found[0]
        traffic = endpoint["properties"].get("traffic") or {}
        chosen = request.headers.get("azureml-model-deployment") or max(
            traffic, key=lambda each: traffic[each], default=""
        )
        deployment = self.resources.get(f"{endpoint['_path']}/deployments/{chosen}") if chosen else None
        if deployment is None or deployment["properties"].get("provisioningState") != "Succeeded":
            raise refusal(404, "NotFound", "There is no deployment to route to")
        self.asked.append(chosen)
        answer = self.answer_of(chosen, request.body)
        if isinstance(answer, Reply):
            return answer
        return Reply(200, answer, {"azureml-model-deployment": chosen, "x-ms-request-id": str(uuid.uuid4())})


class History:
    """The runs behind jobs.

    Attributes:
        statuses: job -> statuses that it still goes through; the last one stays.
        logs: job -> name of a log -> its text.
    """

    def __init__(self, resources: Resources) -> None:
        self.resources = resources
        self.statuses: dict[str, list[str]] = {}
        self.logs: dict[str, dict[str, str]] = {}
        self.children: dict[str, list[dict[str, Any]]] = {}  # run -> its steps, as run history shows them

    def answer(self, request: Request) -> Reply:
        """Answer a request below /history/."""
        found = re.search(r"(/subscriptions/.*/workspaces/[^/]+).*/runs/([^/]+)", request.path)
        if not found:
            raise refusal(404, "NotFound", f"the fake has no route {request.line}")
        workspace, run = found[1], found[2]
        job = self.resources.get(f"{workspace}/jobs/{run}")
        if job is None:
            raise refusal(404, "UserError", f"run {run} was not found")
        if request.path.endswith("/rundata"):
            return Reply(200, {"runMetadata": {"runId": run, "outputs": None}})
        if request.path.rstrip("/").endswith("/children"):
            return Reply(200, {"value": self.children.get(run, [])})
        status = self.advance(job)
        body = {
            "runId": run,
            "status": status,
            "experimentId": "e",
            "runType": "azureml.PipelineRun",
            "properties": {},
            "tags": job["properties"].get("tags") or {},
        }
        if request.path.endswith("/details"):
            host = "https://logs.blob.core.windows.net/logs"
            logs = {name: f"{host}/{run}/{name}" for name in self.logs.get(run, {})}
            body |= {"logFiles": logs, "target": "cpu", "startTimeUtc": None, "endTimeUtc": None}
            if status == "Failed":
                body["error"] = {"error": {"code": "UserError", "message": "a step failed"}}
        return Reply(200, body)

    def advance(self, job: dict[str, Any]) -> str:
        """Let a job take its next status, and return that."""
        states = self.statuses.get(job["name"]) or ["Completed"]
        status = states.pop(0) if len(states) > 1 else states[0]
        job["properties"]["status"] = status
        return status

    def log(self, request: Request) -> Reply:
        """Answer a request for a log."""
        _, _, run, name = request.path.split("/", 3)
        return Reply(200, self.logs[run][name])


def _ranged(request: Request) -> bool:
    return any(name.lower() in ("range", "x-ms-range") for name in request.headers)


def _text(body: Json) -> bytes:
    import json

    return b"" if body is None else json.dumps(body).encode()


def _error(code: str) -> str:
    return f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>{code}</Message></Error>"


def _missing(request: Request) -> Reply:
    headers = {"x-ms-error-code": "BlobNotFound", "Content-Type": "application/xml"}
    return Reply(404, None if request.method == "HEAD" else _error("BlobNotFound"), headers)
