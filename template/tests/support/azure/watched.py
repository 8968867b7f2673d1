"""What `mlops azure watch` reads beside resources: alerts, budgets, runs over MLflow's interface, the lake."""

import re
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

from .cloud import Cloud
from .transport import Reply, Request, refusal

# Requests of MLflow's interface and their fields: its service.proto, messages SearchExperiments and SearchRuns.
MLFLOW = {
    "experiments/search": {"max_results", "page_token", "filter", "order_by", "view_type"},
    "runs/search": {"experiment_ids", "filter", "run_view_type", "max_results", "order_by", "page_token"},
}
PAGE = 2  # values of a page of alerts: few, so that tests see more than one


class Watched:
    """One environment's part of Azure Monitor, Cost Management, MLflow and the lake.

    Attributes:
        runs: in the form of MLflow's REST interface.
    """

    def __init__(self, cloud: Cloud, env: str = "dev") -> None:
        self.cloud = cloud
        self.group = cloud.group(env)
        self.workspace = cloud.workspace(env)
        self.runs: list[dict[str, Any]] = []
        self.lake = cloud.configs[env].names.data_lake
        cloud.hosts[:0] = [
            (r"management\.azure\.com", self._management),
            (r"[a-z0-9]+\.api\.azureml\.ms", self._mlflow),
        ]
        cloud.control.actions["changestate"] = self._changed

    def alert(self, name: str, rule: str, fired: bool = True, **essentials: Any) -> str:
        """Let Azure Monitor have an alert; return its id."""
        path = f"{self.group}/providers/Microsoft.AlertsManagement/alerts/{name}"
        rule_id = f"{self.group}/providers/Microsoft.Insights/metricAlerts/{rule}"
        condition = {"metricName": "RequestLatency_P95", "metricValue": 912.5, "threshold": "500"}
        properties = {
            "essentials": {
                "alertRule": rule_id,
                "targetResource": f"{self.workspace}/onlineEndpoints/e",
                "monitorCondition": "Fired" if fired else "Resolved",
                "alertState": "New",
                "signalType": "Metric",
                "monitorService": "Platform",
                "startDateTime": "2026-11-28T10:00:00.1234567Z",
                "description": "Requests are slow.",
                "actionStatus": {"isSuppressed": False},
                **essentials,
            },
            "context": {"context": {"condition": {"allOf": [condition]}}},
        }
        self.cloud.resources.put(path, {"properties": properties})
        return path

    def budget(self, name: str, spent: float, limit: float) -> None:
        """Let the resource group have a budget that tells from 80 % on."""
        path = f"{self.group}/providers/Microsoft.Consumption/budgets/{name}"
        told = {"Actual_80": {"enabled": True, "threshold": 80, "operator": "GreaterThan"}}
        properties = {"amount": limit, "currentSpend": {"amount": spent, "unit": "EUR"}, "notifications": told}
        self.cloud.resources.put(path, {"properties": properties})

    def run(self, name: str, tags: dict[str, str], status: str = "FINISHED", began: datetime | None = None) -> None:
        """Let the workspace have a run."""
        began = began or datetime.now(UTC)
        milliseconds = int(began.timestamp() * 1000)
        info = {"run_id": name, "status": status, "start_time": milliseconds, "end_time": milliseconds + 60_000}
        shown = [{"key": key, "value": value} for key, value in tags.items()]
        self.runs.append({"info": info, "data": {"tags": shown}})

    def deliver(self, path: str, at: datetime | None = None, etag: str = "0x1") -> None:
        """Complete a delivery below `curated/`."""
        marker = self.cloud.blobs.put(f"{self.lake}/curated/{path}/_SUCCESS", b"")
        marker.etag, marker.modified = f'"{etag}"', format_datetime(at or datetime.now(UTC), usegmt=True)

    def _management(self, request: Request) -> Reply:
        reply = self.cloud.control.answer(request)
        if request.method == "GET" and request.path.endswith("/alerts"):
            if request.query.get("timeRange") != "30d":
                raise refusal(400, "BadRequest", "the fake expects all of the 30 days, which are not the default")
            start = int(request.query.get("page", 0))
            values, following = reply.body["value"], f"https://{request.host}{request.path}?timeRange=30d"
            body = {"value": values[start : start + PAGE]}
            if values[start + PAGE :]:
                body["nextLink"] = f"{following}&api-version=2019-03-01&page={start + PAGE}"
            return Reply(200, body)
        return reply

    def _changed(self, request: Request, path: str) -> Reply:
        found = self.cloud.resources.must(path)
        found["properties"]["essentials"]["alertState"] = request.query["newState"]
        return Reply(200, {})

    def _mlflow(self, request: Request) -> Reply:
        if not request.path.startswith("/mlflow/"):
            return self.cloud._machine_learning(request)
        _refuse_unknown(request)
        if request.path.endswith("/experiments/search"):
            return Reply(200, {"experiments": [{"experiment_id": "e1"}]})
        if not request.path.endswith("/runs/search") or not request.body["experiment_ids"]:
            raise refusal(400, "BadRequest", f"the fake has no route {request.line}")
        found = [run for run in self.runs if _meets(run, request.body["filter"])]
        newest = sorted(found, key=lambda run: -int(run["info"]["start_time"]))
        start = int(request.body.get("page_token") or 0)
        body: dict[str, Any] = {"runs": newest[start : start + PAGE]}
        if newest[start + PAGE :]:
            body["next_page_token"] = str(start + PAGE)
        return Reply(200, body)


def _refuse_unknown(request: Request) -> None:
    """Refuse a request that MLflow's interface does not have."""
    asked = next((end for end in MLFLOW if request.path.endswith(f"/api/2.0/mlflow/{end}")), None)
    if asked is None or set(request.body) - MLFLOW[asked]:
        raise refusal(400, "INVALID_PARAMETER_VALUE", f"MLflow has no such request: {request.line}")


def _meets(run: dict[str, Any], condition: str) -> bool:
    """Return whether a run meets a condition in the form that Azure documents: AND, =, LIKE, no `!=` on tags."""
    tags = {tag["key"]: tag["value"] for tag in run["data"]["tags"]}
    for part in condition.split(" and "):
        found = re.fullmatch(r"(tags|attributes)\.([\w.]+) (=|LIKE|>) '([^']*)'", part)
        if found is None:
            raise refusal(400, "BadRequest", f"this filter is not supported: {part}")
        kind, name, compare, value = found.groups()
        if kind == "attributes":
            meets = name == "creation_time" and int(run["info"]["start_time"]) > int(value) * 1000
        elif compare == "=":
            meets = tags.get(name) == value
        else:
            meets = bool(re.search(re.escape(value).replace("%", ".*"), tags.get(name, ""), re.DOTALL))
        if not meets:
            return False
    return True
