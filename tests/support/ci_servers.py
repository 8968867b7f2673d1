"""GitHub and Azure DevOps over HTTP on this machine, as far as update pull requests use them."""

from __future__ import annotations

import json
import re
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

JOB, PERSONAL = "token-of-the-job", "token-of-a-person"
Answer = tuple[int, Any]


class Server:
    """One repository with its pull requests and issues.

    Attributes:
        origin: the bare repository: a pull request needs a branch of it.
        pulls, issues: by number, as the service tells them.
        writes: method and path of each call that changed something.
    """

    def __init__(self, origin: Path) -> None:
        self.origin = origin
        self.pulls: dict[int, dict[str, Any]] = {}
        self.issues: dict[int, dict[str, Any]] = {}
        self.writes: list[str] = []

    def variables(self, address: str) -> dict[str, str]:
        """Return the variables by which a job finds this server."""
        raise NotImplementedError

    def answer(self, method: str, path: str, query: dict[str, str], body: Any, token: str) -> Answer:
        """Answer one request."""
        raise NotImplementedError

    def has(self, branch: str) -> bool:
        command = ["git", "show-ref", "--quiet", f"refs/heads/{branch}"]
        return subprocess.run(command, cwd=self.origin, check=False).returncode == 0

    def close_pulls(self) -> None:
        """Let a person close all pull requests without merging."""
        for pull in self.pulls.values():
            pull |= {"state": "closed", "status": "abandoned"}


class GitHub(Server):
    """GitHub's REST API, by its OpenAPI description."""

    def variables(self, address: str) -> dict[str, str]:
        return {"GITHUB_API_URL": address, "GITHUB_REPOSITORY": "example-org/flight-time", "GITHUB_TOKEN": JOB}

    def answer(self, method: str, path: str, query: dict[str, str], body: Any, token: str) -> Answer:
        token = token.removeprefix("Bearer ")
        if token not in (JOB, PERSONAL):
            return 401, {"message": "Bad credentials"}
        path = path.removeprefix("/repos/example-org/flight-time")
        match method, path.strip("/").split("/"):
            case "GET", [""]:
                return 200, {"default_branch": "main"}
            case "GET", ["pulls"]:
                assert query["state"] == "all"
                head = query["head"].removeprefix("example-org:")
                return 200, [pull for pull in reversed(self.pulls.values()) if pull["head"] == head]
            case "POST", ["pulls"]:
                if token != PERSONAL:
                    return 403, {"message": "Resource not accessible by integration"}
                if not self.has(body["head"]):
                    return 422, {"message": "Validation Failed", "errors": [{"field": "head", "code": "invalid"}]}
                return 201, self._made(self.pulls, {**body, "labels": [], "merged_at": None}, "pull")
            case "POST", ["issues", number, "labels"]:
                self.pulls[int(number)]["labels"] += body["labels"]
                return 200, []
            case "GET", ["issues"]:
                assert query["labels"] == "mlops-watch"
                return 200, list(self.issues.values()) if query["page"] == "1" else []
            case "POST", ["issues"]:
                return 201, self._made(self.issues, body, "issues")
            case "PATCH", ["issues", number]:
                self.issues[int(number)] |= body
                return 200, self.issues[int(number)]
        return 404, {"message": "Not Found"}

    def _made(self, of: dict[int, dict[str, Any]], body: dict[str, Any], kind: str) -> dict[str, Any]:
        number = len(of) + 1
        page = f"https://github.com/example-org/flight-time/{kind}/{number}"
        of[number] = {**body, "number": number, "state": "open", "html_url": page}
        return of[number]


class AzureDevOps(Server):
    """Azure DevOps' REST API, by Microsoft's published specification; a bad sign-in is answered with a page."""

    def variables(self, address: str) -> dict[str, str]:
        return {
            "SYSTEM_COLLECTIONURI": f"{address}/example-org/",
            "SYSTEM_TEAMPROJECT": "Flight time",
            "BUILD_REPOSITORY_ID": "0b5a1c6e-0000-4000-8000-000000000000",
            "BUILD_REPOSITORY_PROVIDER": "TfsGit",
            "SYSTEM_ACCESSTOKEN": JOB,
        }

    def answer(self, method: str, path: str, query: dict[str, str], body: Any, token: str) -> Answer:
        if token != f"Bearer {JOB}" or query.get("api-version") != "7.1":
            return 203, "<html>Sign in</html>"
        path = path.removeprefix("/example-org/Flight time/_apis/").removeprefix("git/repositories/")
        match method, path.split("/"):
            case "GET", [_]:
                return 200, {"defaultBranch": "refs/heads/main"}
            case "GET", [_, "pullrequests"]:
                assert query["searchCriteria.status"] == "all"
                wanted = query["searchCriteria.sourceRefName"]
                return 200, {"value": [pull for pull in self.pulls.values() if pull["sourceRefName"] == wanted]}
            case "POST", [_, "pullrequests"]:
                if not self.has(body["sourceRefName"].removeprefix("refs/heads/")):
                    return 403, {"message": "TF401027: You need the Git 'PullRequestContribute' permission"}
                if len(body["description"]) > 4000:
                    return 400, {"message": "A description for a pull request must not be longer than 4000 characters."}
                number = len(self.pulls) + 1
                self.pulls[number] = {**body, "pullRequestId": number, "status": "active"}
                return 201, self.pulls[number]
            case "POST", ["wit", "wiql"]:
                return 200, {"workItems": [{"id": number} for number in self.issues]}
            case "POST", ["wit", "workitemsbatch"]:
                return 200, {"value": [self._item(number) for number in body["ids"]]}
            case "GET", ["wit", "workitemtypes", "Issue", "states"]:
                states = {"To Do": "Proposed", "Doing": "InProgress", "Done": "Completed"}
                return 200, {"value": [{"name": name, "category": each} for name, each in states.items()]}
            case "POST", ["wit", "workitems", "$Issue"]:
                number = len(self.issues) + 1
                self.issues[number] = {"System.State": "To Do", "rev": 0}
                return self._change(number, body)
            case "PATCH", ["wit", "workitems", number]:
                return self._change(int(number), body)
        return 404, {"message": f"no such path: {path}"}

    def _change(self, number: int, changes: list[dict[str, Any]]) -> Answer:
        for change in changes:
            if change["op"] == "add":
                self.issues[number][change["path"].removeprefix("/fields/")] = change["value"]
        self.issues[number]["rev"] += 1
        return 200, self._item(number)

    def _item(self, number: int) -> dict[str, Any]:
        fields = {name: value for name, value in self.issues[number].items() if name != "rev"}
        return {
            "id": number,
            "rev": self.issues[number]["rev"],
            "fields": fields,
            "url": f"https://dev.azure.com/{number}",
        }


@contextmanager
def running(server: Server) -> Iterator[dict[str, str]]:
    """Answer requests while the `with` lasts; yield the variables of jobs."""

    class Handler(BaseHTTPRequestHandler):
        def handle_one(self) -> None:
            parts = urlsplit(self.path)
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length)) if length else None
            path = unquote(parts.path)
            if self.command != "GET" and not re.search("wiql|batch", path):
                server.writes.append(f"{self.command} {path}")
            token = self.headers.get("Authorization", "")
            status, answer = server.answer(self.command, path, dict(parse_qsl(parts.query)), body, token)
            html = isinstance(answer, str)
            content = (answer if html else json.dumps(answer)).encode()
            self.send_response(status)
            self.send_header("Content-Type", "text/html" if html else "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PATCH = handle_one

        def log_message(self, format: str, *arguments: Any) -> None:
            """Stay silent."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        threading.Thread(target=http.serve_forever, daemon=True).start()
        try:
            yield server.variables(f"http://127.0.0.1:{http.server_port}")
        finally:
            http.shutdown()


SERVERS: dict[str, type[Server]] = {"github": GitHub, "azure_devops": AzureDevOps}
