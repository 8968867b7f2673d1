"""Answers about the rules of branches, and about workflows."""

from pathlib import Path

from ..azure.transport import Reply, Request
from .ci_fake_state import Hub, Json, page

RULES = ("creation", "update", "deletion", "non_fast_forward", "pull_request", "required_status_checks")


class AboutWorkflows(Hub):
    """Answers about the rules of branches, and about workflows."""

    def _rulesets(self, request: Request) -> Reply:
        if self._there.private and self.free:
            raise Reply(403, {"message": "Upgrade to GitHub Pro or make this repository public."})
        if request.method == "GET":
            keys = ("id", "name", "target", "enforcement")
            return page(request, [{key: each[key] for key in keys} for each in self._there.rulesets.values()])
        if any(each["name"] == request.body["name"] for each in self._there.rulesets.values()):
            raise Reply(422, {"message": "Validation Failed", "errors": ["Name must be unique"]})
        return Reply(201, self._write_ruleset(self._next(), request.body))

    def _ruleset(self, request: Request, number: str) -> Reply:
        if int(number) not in self._there.rulesets:
            raise Reply(404, {"message": "Not Found"})
        if request.method == "DELETE":
            del self._there.rulesets[int(number)]
            return Reply(204)
        if request.method == "PUT":
            self._write_ruleset(int(number), request.body)
        return Reply(200, self._there.rulesets[int(number)])

    def _write_ruleset(self, number: int, body: dict[str, Json]) -> Json:
        assert {"name", "target", "enforcement", "conditions", "rules"} <= set(body)
        assert all(rule["type"] in RULES for rule in body["rules"])
        self._there.rulesets[number] = {"bypass_actors": [], **body, "id": number}
        return self._there.rulesets[number]

    def _workflows(self, request: Request) -> Reply:
        listed = [
            {"id": number, "path": path, "state": self._there.states.get(Path(path).name, "active")}
            for number, path in enumerate(self._workflow_files(), 1)
        ]
        return page(request, listed, "workflows")

    def _enable(self, request: Request, number: str) -> Reply:
        self._there.states.pop(Path(self._workflow_files()[int(number) - 1]).name, None)
        return Reply(204)

    def _runs(self, request: Request, file: str) -> Reply:
        self._content(file)
        started = [("workflow_dispatch", each) for each in self._there.runs]
        started += [("push", each) for each in self._there.pushed]
        runs = [{"id": number, "event": event} for number, (event, each) in enumerate(started) if each == file]
        event = request.query.get("event")
        return page(request, [run for run in runs if event in (None, run["event"])], "workflow_runs")

    def _dispatch(self, request: Request, file: str) -> Reply:
        if "workflow_dispatch" not in self._content(file):
            raise Reply(422, {"message": "Workflow does not have 'workflow_dispatch' trigger"})
        assert request.body["ref"] == "main"
        self._there.runs.append(file)
        return Reply(204)

    def _workflow_files(self) -> list[str]:
        return self._git("ls-tree", "--name-only", "main", ".github/workflows/").splitlines()

    def _content(self, file: str) -> str:
        self._there  # noqa: B018
        if not self._files.get(file):
            self._files[file] = self._git("show", f"main:.github/workflows/{file}")
        if not self._files[file]:
            raise Reply(404, {"message": "Not Found"})
        return self._files[file]
