"""GitHub in memory, as far as looks use it: workflows that are dispatched, their runs, issues with labels."""

from typing import Any

import pytest

from .cloud import Cloud
from .transport import Reply, Request

WORKFLOWS = ("promote.yml", "retrain.yml")
REPOSITORY = "example-org/flights"
PAGE = f"https://github.com/{REPOSITORY}"


class CiSystem:
    """One repository.

    Attributes:
        workflows: on the default branch.
        started: inputs of the runs that were started.
        finished: keys of those that have ended.
        issues: by number.
        state: of the workflow `watch`.
        ended: when its good runs ended, newest first.
    """

    def __init__(self, cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
        self.workflows = list(WORKFLOWS)
        self.started: list[dict[str, str]] = []
        self.finished: set[str] = set()
        self.issues: dict[int, dict[str, Any]] = {}
        self.state = "active"
        self.ended: list[str] = []
        cloud.hosts.append((r"api\.github\.com", self._answer))
        monkeypatch.setenv("GITHUB_TOKEN", "token-of-the-job")
        monkeypatch.setenv("GITHUB_REPOSITORY", REPOSITORY)
        for name in ("GITHUB_API_URL", "GITHUB_SERVER_URL"):
            monkeypatch.delenv(name, raising=False)

    def titles(self, *, open: bool = True) -> list[str]:
        """Return the titles of issues."""
        state = "open" if open else "closed"
        return [issue["title"] for issue in self.issues.values() if issue["state"] == state]

    def text(self, title: str) -> str:
        """Return what an issue says."""
        return next(str(issue["body"]) for issue in self.issues.values() if issue["title"] == title)

    def close_by_hand(self) -> None:
        """Let a person close all issues."""
        for issue in self.issues.values():
            issue["state"] = "closed"

    def _answer(self, request: Request) -> Reply:
        if request.headers.get("Authorization") != "Bearer token-of-the-job":
            raise Reply(401, {"message": "Bad credentials"})
        path = request.path.removeprefix(f"/repos/{REPOSITORY}")
        if path == "":
            return Reply(200, {"default_branch": "main"})
        if path.startswith("/actions/workflows/"):
            return self._workflow(request, path.split("/")[3])
        if path == "/issues" and request.method == "GET":
            wanted = request.query["labels"]
            found = [each for each in self.issues.values() if wanted in [label["name"] for label in each["labels"]]]
            return Reply(200, _page(request, [{"pull_request": {}, "body": "", "state": "open"}, *found]))
        if path == "/issues":
            return Reply(201, self._made(request.body))
        return Reply(200, self._changed(int(path.rpartition("/")[2]), request.body))

    def _watch(self, request: Request) -> Reply:
        if not request.path.endswith("/runs"):
            return Reply(200, {"path": ".github/workflows/watch.yml", "state": self.state})
        assert request.query == {"status": "success", "branch": "main", "per_page": "1"}
        runs = [{"updated_at": ended, "conclusion": "success"} for ended in self.ended[:1]]
        return Reply(200, {"total_count": len(self.ended), "workflow_runs": runs})

    def _workflow(self, request: Request, name: str) -> Reply:
        if name == "watch.yml":
            return self._watch(request)
        if name not in self.workflows:
            raise Reply(404, {"message": "Not Found"}, {"X-Accepted-GitHub-Permissions": "actions=write"})
        if request.method == "POST":
            if set(request.body) != {"ref", "inputs"} or not all(
                isinstance(each, str) for each in request.body["inputs"].values()
            ):
                raise Reply(422, {"message": "Invalid request"})
            self.started.append({"workflow": name, **request.body["inputs"]})
            return Reply(204)
        runs = [
            {
                "display_title": run["key"],
                "status": "completed" if run["key"] in self.finished else "in_progress",
                "html_url": f"{PAGE}/actions/runs/{number}",
            }
            for number, run in enumerate(self.started)
            if run["workflow"] == name
        ]
        return Reply(200, {"total_count": len(runs), "workflow_runs": _page(request, runs)})

    def _made(self, body: dict[str, Any]) -> dict[str, Any]:
        number = len(self.issues) + 1
        labels = [{"name": name} for name in body["labels"]]
        made = {**body, "labels": labels, "number": number, "state": "open", "html_url": f"{PAGE}/issues/{number}"}
        self.issues[number] = made
        return made

    def _changed(self, number: int, body: dict[str, Any]) -> dict[str, Any]:
        reason = body.get("state_reason")
        if reason not in (None, "completed", "not_planned", "reopened", "duplicate"):
            raise Reply(422, {"message": "Validation Failed"})
        self.issues[number].update(body)
        return self.issues[number]


def _page(request: Request, values: list[dict[str, Any]]) -> list[dict[str, Any]]:
    size, page = int(request.query["per_page"]), int(request.query["page"])
    return values[size * (page - 1) : size * page]
