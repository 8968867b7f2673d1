"""GitHub, Azure DevOps and Key Vault as their documents say they answer, for what the Logic App asks of them."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from tests.infra.workflow.engine import Answer, Clock, Request

VAULT = "https://kv-flight-time-dev-x7k2.vault.azure.net/secrets/github-token?api-version=7.4"
TOKEN = "github_pat_stand_in_0123456789"
REPOSITORY = "example-org/flight-time"
ORGANISATION, PROJECT = "example-org", "Flight time"
AZURE_DEVOPS = "499b84ac-1321-427f-aa17-267ca6975798"
SIGN_IN = "<html><title>Azure DevOps Services | Sign In</title></html>"


@dataclass(frozen=True)
class Started:
    """One run that CI was asked for."""

    what: str
    """The event's type (GitHub), the pipeline's ID (Azure DevOps)."""
    fields: dict[str, Any]
    time: datetime


@dataclass
class Ticket:
    """An issue or a work item."""

    number: int
    title: str
    text: str
    labels: list[str]
    kind: str = ""
    is_open: bool = True
    comments: list[str] = field(default_factory=list)
    is_pull_request: bool = False


@dataclass
class Service:
    clock: Clock
    started: list[Started] = field(default_factory=list)
    tickets: list[Ticket] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    disturb: Callable[[int, Request], Answer | None] = lambda number, request: None
    """May answer in the service's place; gets the number of the request, from 0."""

    def __call__(self, request: Request) -> Answer:
        self.requests.append(request)
        disturbed = self.disturb(len(self.requests) - 1, request)
        return self.answer(request) if disturbed is None else disturbed

    def answer(self, request: Request) -> Answer:
        raise NotImplementedError

    def new_ticket(self, title: str, text: str, labels: list[str], kind: str = "") -> Ticket:
        self.tickets.append(Ticket(len(self.tickets) + 1, title, text, labels, kind))
        return self.tickets[-1]


@dataclass
class GitHub(Service):
    """And the key vault that holds its token."""

    vault: str = VAULT

    def answer(self, request: Request) -> Answer:
        if request.url == self.vault:
            allowed = request.identity_for == "https://vault.azure.net" and request.method == "GET"
            return (
                Answer(200, {"value": TOKEN, "id": self.vault.split("?")[0]}) if allowed else Answer(401, {"error": {}})
            )
        url = urlsplit(request.url)
        root = f"/repos/{REPOSITORY}/"
        assert (url.scheme, url.netloc) == ("https", "api.github.com"), request.url
        assert url.path.startswith(root), request.url
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return Answer(401, {"message": "Bad credentials"})
        if not request.headers.get("User-Agent"):
            return Answer(403, "Request forbidden by administrative rules.")
        assert request.headers["User-Agent"] == "azure-logic-apps"
        assert request.headers["Accept"] == "application/vnd.github+json"
        assert request.headers["X-GitHub-Api-Version"] == "2022-11-28"
        query = {key: value[0] for key, value in parse_qs(url.query).items()}
        match request.method, url.path.removeprefix(root).split("/"):
            case "POST", ["dispatches"]:
                return self.dispatch(request.body)
            case "GET", ["actions", "runs"]:
                return self.runs(query)
            case "GET", ["issues"]:
                assert query == {"state": "open", "labels": "infra-alert", "per_page": "100"}
                wanted = [issue for issue in self.tickets if issue.is_open and "infra-alert" in issue.labels]
                return Answer(200, [self.shown(issue) for issue in wanted])
            case "POST", ["issues"]:
                issue = self.new_ticket(request.body["title"], request.body["body"], request.body["labels"])
                return Answer(201, self.shown(issue))
            case "POST", ["issues", number, "comments"]:
                self.tickets[int(number) - 1].comments.append(request.body["body"])
                return Answer(201, {"id": 1})
            case "PATCH", ["issues", number]:
                assert request.body == {"state": "closed", "state_reason": "completed"}
                self.tickets[int(number) - 1].is_open = False
                return Answer(200, self.shown(self.tickets[int(number) - 1]))
        raise AssertionError(f"{request.method} {request.url}")

    def dispatch(self, body: Any) -> Answer:
        assert set(body) == {"event_type", "client_payload"}
        if len(body["event_type"]) > 100 or len(body["client_payload"]) > 10:
            return Answer(422, {"message": "Invalid request."})
        self.started.append(Started(body["event_type"], body["client_payload"], self.clock.time))
        return Answer(204)

    def runs(self, query: dict[str, str]) -> Answer:
        """A workflow that listens names its runs by `client_payload.title`; runs are listed after some seconds."""
        assert (query["event"], query["per_page"]) == ("repository_dispatch", "100")
        since = datetime.fromisoformat(query["created"].removeprefix(">="))
        assert query["created"].startswith(">=")
        listed = [
            run for run in self.started if since <= run.time and run.time + timedelta(seconds=20) <= self.clock.time
        ]
        runs = [{"id": number, "display_title": run.fields["title"]} for number, run in enumerate(listed)]
        return Answer(200, {"total_count": len(runs), "workflow_runs": runs})

    def shown(self, issue: Ticket) -> dict[str, Any]:
        shown: dict[str, Any] = {"number": issue.number, "title": issue.title, "body": issue.text or None}
        return shown | ({"pull_request": {"url": "..."}} if issue.is_pull_request else {})


@dataclass
class AzureDevOps(Service):
    states: dict[str, str] = field(
        default_factory=lambda: {"To Do": "Proposed", "Doing": "InProgress", "Done": "Completed", "Cut": "Removed"}
    )
    """Names of the process's states, and their categories."""
    names_parameters: bool = True
    """Whether runs are listed with the parameters that they were started with."""

    def answer(self, request: Request) -> Answer:
        url = urlsplit(request.url)
        assert (url.scheme, url.netloc) == ("https", "dev.azure.com"), request.url
        organisation, project, api, *path = [unquote(part) for part in url.path.split("/")[1:]]
        assert (organisation, project, api) == (ORGANISATION, PROJECT, "_apis"), request.url
        if request.identity_for != AZURE_DEVOPS:
            return Answer(203, SIGN_IN)
        query = {key: value[0] for key, value in parse_qs(url.query).items()}
        assert query.pop("api-version") == "7.1"
        content = None if request.body is None else "application/json"
        if path[:2] == ["wit", "workitems"]:
            content = "application/json-patch+json"
        if request.headers.get("Content-Type") != content:
            return Answer(415, {"message": "The request indicated a Content-Type that is not supported."})
        match request.method, path:
            case "GET", ["build", "builds"]:
                return self.builds(query)
            case "POST", ["pipelines", pipeline, "runs"]:
                assert set(request.body) == {"templateParameters"}
                self.started.append(Started(pipeline, request.body["templateParameters"], self.clock.time))
                return Answer(200, {"id": len(self.started), "state": "inProgress"})
            case "GET", ["wit", "workitemtypes", _, "states"]:
                states = [{"name": name, "category": category} for name, category in self.states.items()]
                return Answer(200, {"count": len(states), "value": states})
            case "POST", ["wit", "wiql"]:
                return self.wiql(request.body["query"])
            case "POST", ["wit", "workitems", kind]:
                fields = self.fields(request)
                assert kind.startswith("$"), "Azure DevOps takes anything else for the ID of an item"
                item = self.new_ticket(
                    fields["System.Title"], fields["System.Description"], fields["System.Tags"].split("; "), kind[1:]
                )
                return Answer(200, {"id": item.number})
            case "PATCH", ["wit", "workitems", number]:
                fields = self.fields(request)
                item = self.tickets[int(number) - 1]
                assert self.states[fields["System.State"]] == "Completed"
                item.is_open = False
                item.comments.append(fields["System.History"])
                return Answer(200, {"id": item.number})
        raise AssertionError(f"{request.method} {request.url}")

    def builds(self, query: dict[str, str]) -> Answer:
        assert (query["queryOrder"], query["$top"]) == ("queueTimeDescending", "100")
        since = datetime.fromisoformat(query["minTime"])
        found = [run for run in self.started if run.what == query["definitions"] and run.time >= since]
        builds = [
            {"id": number, **({"templateParameters": run.fields} if self.names_parameters else {})}
            for number, run in zip(itertools.count(1), reversed(found), strict=False)
        ]
        return Answer(200, {"count": len(builds), "value": builds})

    def wiql(self, query: str) -> Answer:
        form = (
            r"SELECT \[System.Id\] FROM WorkItems WHERE \[System.TeamProject\] = @project "
            r"AND \[System.Tags\] CONTAINS '([0-9a-z-]+)' AND \[System.State\] NOT IN \(('(?:[^']|'')*'(?:, )?)+\)"
        )
        match = re.fullmatch(form, query)
        assert match, query
        closed = [name.replace("''", "'") for name in re.findall(r"'((?:[^']|'')*)'", query.split("NOT IN")[1])]
        assert closed == [name for name, category in self.states.items() if category in ("Completed", "Removed")]
        found = [item for item in self.tickets if item.is_open and match[1] in item.labels]
        return Answer(200, {"workItems": [{"id": item.number, "url": "..."} for item in found]})

    def fields(self, request: Request) -> dict[str, str]:
        assert all(operation["op"] == "add" for operation in request.body)
        return {operation["path"].removeprefix("/fields/"): operation["value"] for operation in request.body}
