"""Azure DevOps in memory, as far as looks use it: pipelines that are started, builds, work items with revisions."""

import re
from typing import Any

import pytest

from .cloud import Cloud
from .transport import Reply, Request

PIPELINES = {"promote": 11, "retrain": 12, "watch": 13}
FOLDER = "\\flights"
STATES = {"To Do": "Proposed", "Doing": "InProgress", "Done": "Completed"}  # of an Issue of the process Basic
PAGE = "https://dev.azure.com/example-org/Flights"


class CiSystem:
    """One project.

    Attributes:
        pipelines: number of each by its name.
        foreign: pipelines of other folders.
        started: parameters of the runs that were started.
        finished: keys of those that have ended.
        issues: fields of the work items, by number.
        state: of the pipeline `watch`.
        ended: when its good runs ended, newest first.
    """

    def __init__(self, cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
        self.pipelines = dict(PIPELINES)
        self.foreign: list[dict[str, Any]] = []
        self.started: list[dict[str, str]] = []
        self.finished: set[str] = set()
        self.issues: dict[int, dict[str, Any]] = {}
        self.revisions: dict[int, int] = {}
        self.state = "enabled"
        self.ended: list[str] = []
        cloud.hosts.append((r"dev\.azure\.com", self._answer))
        monkeypatch.setenv("SYSTEM_ACCESSTOKEN", "token-of-the-job")
        monkeypatch.setenv("SYSTEM_COLLECTIONURI", "https://dev.azure.com/example-org/")
        monkeypatch.setenv("SYSTEM_TEAMPROJECT", "Flights")
        monkeypatch.setenv("BUILD_DEFINITIONFOLDERPATH", FOLDER)

    def titles(self, *, open: bool = True) -> list[str]:
        """Return the titles of work items, without their keys."""
        found = [item for item in self.issues.values() if (STATES[item["System.State"]] != "Completed") == open]
        return [item["System.Title"].rpartition(" [")[0] for item in found]

    def text(self, title: str) -> str:
        """Return what a work item says."""
        found = [item for item in self.issues.values() if item["System.Title"].startswith(title)]
        return str(found[0]["System.Description"])

    def close_by_hand(self) -> None:
        """Let a person close all work items."""
        for number, item in self.issues.items():
            item["System.State"] = "Done"
            self.revisions[number] += 1

    def _answer(self, request: Request) -> Reply:
        if request.headers.get("Authorization") != "Bearer token-of-the-job":
            raise Reply(203, "<html>Sign in</html>", {"Content-Type": "text/html"})
        if request.query.get("api-version") != "7.1":
            raise Reply(400, {"message": "No api-version was supplied"})
        path = request.path.partition("/_apis")[2]
        if path == "/pipelines":
            shown = [{"name": name, "id": number, "folder": FOLDER} for name, number in self.pipelines.items()]
            return Reply(200, {"value": [*shown, *self.foreign]})
        if path.startswith("/pipelines/"):
            return self._start(request, int(path.split("/")[2]))
        if path == "/build/definitions/13":
            return Reply(200, {"id": 13, "name": "watch", "queueStatus": self.state})
        if path == "/build/builds" and request.query["definitions"] == "13":
            wanted = {"statusFilter": "completed", "resultFilter": "succeeded", "branchName": "refs/heads/main"}
            assert wanted.items() <= request.query.items()
            return Reply(200, {"value": [{"result": "succeeded", "finishTime": each} for each in self.ended[:1]]})
        if path == "/build/builds":
            return Reply(200, {"value": self._builds(request)})
        if path == "/wit/wiql":
            tag = re.search(r"\[System\.Tags\] CONTAINS '([^']+)'", request.body["query"])
            found = [number for number, item in self.issues.items() if tag and tag[1] in item["System.Tags"]]
            return Reply(200, {"workItems": [{"id": number} for number in found]})
        if path == "/wit/workitemsbatch":
            return Reply(200, {"value": [self._shown(number) for number in request.body["ids"]]})
        if path == "/wit/workitemtypes/Issue/states":
            return Reply(200, {"value": [{"name": name, "category": each} for name, each in STATES.items()]})
        return self._work_item(request, path.rpartition("/")[2])

    def _start(self, request: Request, pipeline: int) -> Reply:
        name = next(name for name, number in self.pipelines.items() if number == pipeline)
        self.started.append({"workflow": name, **request.body["templateParameters"]})
        return Reply(200, {"id": len(self.started), "_links": {"web": {"href": f"{PAGE}/{len(self.started)}"}}})

    def _builds(self, request: Request) -> list[dict[str, Any]]:
        key = request.query["buildNumber"].rstrip("*")
        names = {str(number): name for name, number in self.pipelines.items()}
        return [
            {
                "status": "completed" if run["key"] in self.finished else "inProgress",
                "_links": {"web": {"href": f"{PAGE}/{number}"}},
            }
            for number, run in enumerate(self.started, 1)
            if run["key"].startswith(key) and run["workflow"] == names[request.query["definitions"]]
        ]

    def _work_item(self, request: Request, last: str) -> Reply:
        if request.headers.get("Content-Type") != "application/json-patch+json":
            raise Reply(415, {"message": "TF400898: the content type is not supported"})
        if request.method == "POST":
            number = len(self.issues) + 1
            self.issues[number], self.revisions[number] = {"System.State": "To Do"}, 0
        else:
            number = int(last)
        for change in request.body:
            if change["op"] == "test" and change["value"] != self.revisions[number]:
                raise Reply(412, {"message": "VS403351: Test Operation for path /rev failed"})
        for change in request.body:
            if change["op"] == "add":
                self.issues[number][change["path"].removeprefix("/fields/")] = change["value"]
        self.revisions[number] += 1
        return Reply(200, self._shown(number))

    def _shown(self, number: int) -> dict[str, Any]:
        url = f"{PAGE}/_workitems/{number}"
        return {"id": number, "rev": self.revisions[number], "fields": dict(self.issues[number]), "url": url}
