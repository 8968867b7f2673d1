"""The few REST calls of Label Studio that push and pull need, with a personal access token.

The token lives in the environment only. It is exchanged for a key that is good for five minutes; when that has
expired, the call is made once more with a new one.
"""

import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import requests

from ..errors import UserError

TOKEN = "LABEL_STUDIO_TOKEN"
LOOPBACK = ("127.0.0.1", "localhost", "::1")
TIMEOUT = 120.0  # seconds for one answer
PAGES = (500, 100, 20, 4, 1)  # tasks of a page; after a page that fails, its tasks in smaller ones


class ServerError(UserError):
    """Label Studio answered with an error, or not at all; `status` is None for the latter."""

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True)
class Project:
    """A project on the server; `description` says what it is for."""

    id: int
    description: str


@dataclass(frozen=True)
class Tasks:
    """Tasks of a project.

    Args:
        tasks: as the server describes them, with their annotations and predictions.
        unreadable: ids of tasks that the server fails to show.
        asked_at: the server's time when it was asked first.
    """

    tasks: list[dict[str, Any]]
    unreadable: list[int]
    asked_at: datetime


class Client:
    """A signed-in client.

    Args:
        url: address of the server.
        token: personal access token; default: the environment variable LABEL_STUDIO_TOKEN.

    Raises:
        UserError: the address is none, or there is no token.
    """

    def __init__(self, url: str, token: str | None = None) -> None:
        self.url = url.rstrip("/")
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.query:
            raise UserError(f"{url!r} is not the address of a Label Studio: it looks like https://labels.example.com")
        self._token = (token if token is not None else os.environ.get(TOKEN, "")).strip()
        if not self._token:
            raise UserError(
                f"{TOKEN} is not set in the environment: copy a personal access token from {self.url}, Account &"
                f" Settings, and run `export {TOKEN}=...`"
            )
        self._bearer = ""
        self._session = requests.Session()
        self._session.trust_env = parts.hostname not in LOOPBACK  # no proxy can reach this machine's own address

    def projects(self) -> list[Project]:
        """Return all projects that the user sees."""
        found: list[Project] = []
        page = 1
        while True:
            params = {"page": page, "page_size": 100, "include": "id,title,description"}
            answer = self._call("GET", "/api/projects/", params=params).json()
            found += [Project(each["id"], each.get("description") or "") for each in answer["results"]]
            if not answer.get("next"):
                return found
            page += 1

    def create_project(self, title: str, description: str, config: str) -> Project:
        """Make a project; `title` is 3 to 50 characters long."""
        body = {
            "title": title,
            "description": description,
            "label_config": config,
            "enable_empty_annotation": False,
            "maximum_annotations": 1,
        }
        return Project(self._call("POST", "/api/projects/", body=body).json()["id"], description)

    def send(self, project: int, tasks: Sequence[Mapping[str, Any]]) -> None:
        """Add tasks to a project; the server takes the same one twice."""
        self._call("POST", f"/api/projects/{project}/import", params={"return_task_ids": "true"}, body=tasks)

    def show_files(self, project: int, folder: str) -> None:
        """Let a project show the files of a folder of the server's machine."""
        body = {"project": project, "title": "queues", "path": folder, "use_blob_urls": True}
        self._call("POST", "/api/storages/localfiles/", body=body)

    def change(self, task: int, data: Mapping[str, str]) -> None:
        """Change what a task shows; its annotations stay."""
        self._call("PATCH", f"/api/tasks/{task}/", body={"data": data})

    def users(self) -> dict[int, str]:
        """Return the e-mail address of each user, by id."""
        return {each["id"]: each.get("email") or each["username"] for each in self._call("GET", "/api/users").json()}

    def tasks(self, project: int, since: datetime | None = None) -> Tasks:
        """Return the tasks of a project that changed after a time: a new, changed or deleted annotation counts.

        One task that the server cannot show, such as one with half a character, makes it fail for the whole page.
        Smaller pages then find that task, and bring the others.
        """
        first = self._page(project, since, 1, 1)
        if first.status_code == 404:
            raise self._error(first)
        found: list[dict[str, Any]] = []
        unreadable: list[int] = []
        number = 1
        while True:
            tasks, bad = self._span(project, since, 0, number)
            found += tasks
            unreadable += bad
            if len(tasks) + len(bad) < PAGES[0]:
                return Tasks(found, unreadable, _time(first))
            number += 1

    def _span(
        self, project: int, since: datetime | None, level: int, number: int
    ) -> tuple[list[dict[str, Any]], list[int]]:
        """Return the tasks of a page and the ids of those that cannot be shown; neither beyond the last page."""
        answer = self._page(project, since, PAGES[level], number)
        if answer.status_code == 404:
            return [], []
        if answer.ok:
            return answer.json()["tasks"], []
        if level == len(PAGES) - 1:
            only = self._call("GET", "/api/tasks", params=_query(project, since, 1, number) | {"include": "id"})
            return [], [each["id"] for each in only.json()["tasks"]]
        parts = PAGES[level] // PAGES[level + 1]
        found = [
            self._span(project, since, level + 1, part) for part in range((number - 1) * parts + 1, number * parts + 1)
        ]
        return [task for tasks, _ in found for task in tasks], [each for _, bad in found for each in bad]

    def _page(self, project: int, since: datetime | None, size: int, number: int) -> requests.Response:
        params = _query(project, since, size, number) | {"fields": "all"}
        return self._call("GET", "/api/tasks", params=params, accepted=(404, 500))

    def _call(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        body: object = None,
        accepted: Sequence[int] = (),
    ) -> requests.Response:
        """Return the answer to one call, which is a success or has one of the `accepted` statuses."""
        for attempt in range(2):
            if not self._bearer:
                self._sign_in()
            answer = self._send(method, path, params, body, self._sign)
            if answer.status_code == 401 and attempt == 0:
                self._bearer = ""  # it is good for five minutes
                continue
            break
        if answer.status_code >= 300 and answer.status_code not in accepted:
            raise self._error(answer)
        return answer

    def _sign(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._bearer}"
        return request

    def _sign_in(self) -> None:
        # The identity at the end: without it, requests would add what ~/.netrc has for this host.
        answer = self._send("POST", "/api/token/refresh/", None, {"refresh": self._token}, lambda request: request)
        if answer.status_code in (400, 401, 403):
            raise ServerError(
                f"{self.url} refuses the token in {TOKEN}: it takes a personal access token (Account & Settings), not"
                " the legacy one; after it was revoked there, copy the new one",
                answer.status_code,
            )
        if answer.status_code >= 300:
            raise self._error(answer)
        self._bearer = str(answer.json()["access"])

    def _send(
        self,
        method: str,
        path: str,
        params: Mapping[str, Any] | None,
        body: object,
        auth: Callable[[requests.PreparedRequest], requests.PreparedRequest],
    ) -> requests.Response:
        try:
            return self._session.request(
                method,
                self.url + path,
                params=params,
                data=None if body is None else json.dumps(body).encode(),
                headers={"Content-Type": "application/json"},
                auth=auth,
                timeout=TIMEOUT,
                allow_redirects=False,  # the token goes to no other address
            )
        except requests.Timeout:
            raise ServerError(f"{self.url}: no answer within {TIMEOUT:g} s") from None
        except requests.RequestException:
            raise ServerError(
                f"{self.url}: cannot be reached; is Label Studio running (`mlops review serve`), is the address right?"
            ) from None

    def _error(self, answer: requests.Response) -> ServerError:
        """Return the error that an answer stands for; the server's own words are in `detail`."""
        path = urlsplit(answer.request.url or "").path
        if 300 <= answer.status_code < 400:
            hint = f"redirects to {answer.headers.get('Location')}: give that address with --url"
            return ServerError(f"{self.url}{path} {hint}", answer.status_code)
        try:
            content = answer.json()
            detail = f": {content.get('validation_errors') or content['detail']}"
        except (ValueError, KeyError, AttributeError):
            detail = ""
        return ServerError(f"{self.url}{path} answered {answer.status_code}{detail}", answer.status_code)


def _query(project: int, since: datetime | None, size: int, number: int) -> dict[str, Any]:
    params: dict[str, Any] = {"project": project, "page": number, "page_size": size}
    if since is not None:
        changed = {
            "filter": "filter:tasks:updated_at",
            "operator": "greater",
            "type": "Datetime",
            "value": f"{since.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}",
        }
        params["query"] = json.dumps({"filters": {"conjunction": "and", "items": [changed]}})
    return params


def _time(answer: requests.Response) -> datetime:
    """Return the server's time, to the second; ours may differ from it."""
    return parsedate_to_datetime(answer.headers["Date"]).astimezone(UTC)
