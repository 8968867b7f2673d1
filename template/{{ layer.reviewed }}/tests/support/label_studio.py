"""A Label Studio at the HTTP edge: it answers in the shapes that the real server (1.23.2) was recorded with."""

import contextlib
import copy
import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

RECORDED: dict[str, dict[str, Any]] = json.loads(Path(__file__).with_suffix(".json").read_text(encoding="utf-8"))
TOKEN = "personal.access.token"
Answer = tuple[str, Any]  # name of a recorded answer, and the body that it gets


def shape(name: str) -> Any:
    """Return the body of a recorded answer."""
    return copy.deepcopy(RECORDED[name]["body"])


class Fake:
    """The state of the server, which tests read and change.

    Args:
        url: its address.
        projects, tasks: what it holds.
        folders: project -> folder of the server's machine whose files it shows.
        asked: method and path of each request, with its query.
        unreadable: ids of tasks that it fails to show.
        imports: imports that it takes before it hangs up; None for all.
    """

    def __init__(self) -> None:
        self.url = ""
        self.projects: list[dict[str, Any]] = []
        self.tasks: list[dict[str, Any]] = []
        self.users = {1: "ada@example.com", 2: "bea@example.com"}
        self.folders: dict[int, str] = {}
        self.asked: list[str] = []
        self.shown: list[int] = []
        self.unreadable: set[int] = set()
        self.imports: int | None = None
        self._keys = 0
        self._annotations = 0

    def expire(self) -> None:
        """Let the key run out that was given for the token."""
        self._keys += 1

    def of(self, who: str) -> dict[str, dict[str, Any]]:
        """Return the tasks of the newest project for a person or for everyone, by sample id."""
        project = [each["id"] for each in self.projects if f" {who}, labels" in each["description"]][-1]
        return {each["data"]["sample_id"]: each for each in self.tasks if each["project"] == project}

    def annotate(self, task: dict[str, Any], user: int, label: str | None) -> dict[str, Any]:
        """Label a task, or skip it with None."""
        made: dict[str, Any] = shape("skip" if label is None else "annotation")
        self._annotations += 1
        made |= {"id": self._annotations, "completed_by": user, "task": task["id"], "project": task["project"]}
        task["annotations"].append(made)
        return self.edit(task, made, label)

    def edit(self, task: dict[str, Any], annotation: dict[str, Any], label: str | None) -> dict[str, Any]:
        """Change the label of an annotation."""
        if label is not None:
            annotation["result"][0]["value"]["choices"] = [label]
        annotation["updated_at"] = task["updated_at"] = _now()
        return annotation

    def delete(self, task: dict[str, Any], annotation: dict[str, Any]) -> None:
        """Delete an annotation."""
        task["annotations"].remove(annotation)
        task["updated_at"] = _now()

    def answer(self, method: str, path: str, query: dict[str, str], body: Any, key: str | None) -> Answer | None:
        """Return the answer to a request; None hangs up."""
        if path == "/api/token/refresh/":
            if body != {"refresh": TOKEN} or key is not None:
                return "token refused", shape("token refused")
            return "key", {"access": f"key-{self._keys}"}
        if key != f"Bearer key-{self._keys}":
            return "key refused", shape("key refused")
        if path == "/api/projects/":
            return self._create(body) if method == "POST" else self._list(query)
        if path.endswith("/import"):
            return self._import(int(path.split("/")[3]), body)
        if path == "/api/storages/localfiles/":
            self.folders[body["project"]] = body["path"]
            return "storage", shape("storage") | body
        if method == "PATCH":
            (task,) = [each for each in self.tasks if each["id"] == int(path.split("/")[3])]
            task |= {"data": body["data"], "updated_at": _now()}
            return "changed task", shape("changed task") | {"id": task["id"], "data": body["data"]}
        if path == "/api/users":
            (user,) = shape("users")
            return "users", [user | {"id": number, "email": name} for number, name in self.users.items()]
        assert path == "/api/tasks", path
        return self._tasks(query)

    def _create(self, body: dict[str, Any]) -> Answer:
        if not 3 <= len(body["title"]) <= 50:
            return "title refused", shape("title refused")
        self.projects.append(shape("project") | body | {"id": len(self.projects) + 1})
        return "project", self.projects[-1]

    def _list(self, query: dict[str, str]) -> Answer:
        page, size = int(query["page"]), int(query["page_size"])
        found = [{key: each[key] for key in query["include"].split(",")} for each in self.projects]
        following = f"{self.url}/api/projects/?page={page + 1}" if page * size < len(found) else None
        part = found[(page - 1) * size : page * size]
        return "projects", shape("projects") | {"count": len(found), "next": following, "results": part}

    def _import(self, project: int, tasks: list[dict[str, Any]]) -> Answer | None:
        if self.imports == 0:
            return None
        self.imports = None if self.imports is None else self.imports - 1
        ids = []
        for each in tasks:
            made = shape("tasks")["tasks"][2]
            number = len(self.tasks) + 1
            made |= {"id": number, "project": project, "data": each["data"], "updated_at": _now()}
            made["predictions"] = each.get("predictions", [])
            self.tasks.append(made)
            ids.append(number)
        return "import", shape("import") | {"task_ids": ids, "task_count": len(ids)}

    def _tasks(self, query: dict[str, str]) -> Answer:
        if int(query["project"]) not in {each["id"] for each in self.projects}:
            return "no project", shape("no project")
        found = [each for each in self.tasks if each["project"] == int(query["project"])]
        if "query" in query:
            (wanted,) = json.loads(query["query"])["filters"]["items"]
            assert (wanted["filter"], wanted["operator"]) == ("filter:tasks:updated_at", "greater")
            found = [each for each in found if each["updated_at"] > wanted["value"]]
        page, size = int(query["page"]), int(query["page_size"])
        part = found[(page - 1) * size : page * size]
        if not part and page > 1:
            return "past the end", shape("past the end")
        if "include" in query:
            return "ids", shape("ids") | {"tasks": [{"id": each["id"]} for each in part]}
        if self.unreadable & {each["id"] for each in part}:
            return "unreadable", None
        self.shown += [each["id"] for each in part]
        return "tasks", shape("tasks") | {"total": len(found), "tasks": part}


@contextlib.contextmanager
def running() -> Iterator[Fake]:
    """Serve until the end of the block."""
    fake = Fake()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            length = int(self.headers.get("Content-Length", 0))
            body = json.loads(self.rfile.read(length)) if length else None
            fake.asked.append(f"{self.command} {self.path}")
            found = fake.answer(self.command, parts.path, query, body, self.headers.get("Authorization"))
            if found is None:
                self.close_connection = True
                return
            name, content = found
            text = b"<!doctype html>" if content is None else json.dumps(content).encode()
            self.send_response(RECORDED[name]["status"])
            self.send_header("Content-Type", RECORDED[name]["type"])
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        do_POST = do_PATCH = do_GET

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    fake.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield fake
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _now() -> str:
    return f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"
