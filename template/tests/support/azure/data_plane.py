"""The services beside Azure Resource Manager: scoring and run history."""

import re
import uuid
from collections.abc import Callable
from typing import Any

from .resources import Resources
from .transport import Json, Reply, Request, refusal


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
