"""Runs of a workspace over MLflow's interface, without its package: the only list that filters by state and time."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ..client import Azure

PAGE = 1000
_PAGES = 50
_WORKSPACE = "2024-10-01"


@dataclass(frozen=True)
class FoundRun:
    """A run: its tags, its state, and when it began and ended."""

    id: str
    name: str
    status: str
    began: datetime
    ended: datetime | None
    tags: Mapping[str, str]

    @property
    def is_root(self) -> bool:
        """Whether it is no step of another run."""
        return "mlflow.parentRunId" not in self.tags


class Runs:
    """Search in the runs of a workspace.

    Rights: `experiments/read`, `experiments/runs/read` and `models/read`; Reader of the workspace has them.
    """

    def __init__(self, azure: Azure) -> None:
        self._azure = azure
        tracking = azure.call("GET", azure.workspace_id, version=_WORKSPACE).body["properties"]["mlFlowTrackingUri"]
        self._address = re.sub(r"^azureml://", "https://", str(tracking)).rstrip("?/") + "/api/2.0/mlflow"
        answer = self._post("experiments/search", {"max_results": PAGE})
        self._experiments = [each["experiment_id"] for each in answer.get("experiments", [])]

    def search(self, condition: str, since: datetime) -> Iterator[FoundRun]:
        """Yield the runs that meet a condition and were created after a time, newest first.

        Args:
            condition: of MLflow's filters; Azure knows AND, and =, LIKE and ILIKE on tags.
            since: aware; a job may end long after it was created.
        """
        if not self._experiments:
            return
        body: dict[str, Any] = {
            "experiment_ids": self._experiments,
            # how-to-track-experiments-mlflow writes seconds; a service that counts milliseconds returns more, not less.
            "filter": f"{condition} and attributes.creation_time > '{int(since.timestamp())}'",
            "order_by": ["attributes.start_time DESC"],
            "max_results": PAGE,
        }
        for _ in range(_PAGES):
            answer = self._post("runs/search", body)
            for run in answer.get("runs", []):
                found = _found(run)
                if found.began < since:
                    return
                yield found
            if not answer.get("next_page_token"):
                return
            body["page_token"] = answer["next_page_token"]

    def link(self, run: str) -> str:
        """Return where the studio shows a run."""
        return f"https://ml.azure.com/runs/{run}?wsid={self._azure.workspace_id}"

    def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        answer: dict[str, Any] = self._azure.call("POST", f"{self._address}/{path}", version=None, body=body).body or {}
        return answer


def _found(run: dict[str, Any]) -> FoundRun:
    info = run["info"]
    ended = info.get("end_time")
    tags = {tag["key"]: tag["value"] for tag in run.get("data", {}).get("tags", [])}
    name = tags.get("mlflow.runName") or info.get("run_name") or info["run_id"]
    return FoundRun(
        id=info["run_id"],
        name=name,
        status=info["status"].upper(),
        began=_time(info["start_time"]),
        ended=_time(ended) if ended else None,
        tags=tags,
    )


def _time(milliseconds: int | str) -> datetime:
    return datetime.fromtimestamp(int(milliseconds) / 1000, UTC)
