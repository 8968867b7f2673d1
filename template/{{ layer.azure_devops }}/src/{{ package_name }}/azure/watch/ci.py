"""Azure DevOps' side of a look: pipelines that it starts, and work items that it keeps; with the token of the job.

A pipeline that is started has the parameters `key`, `env`, `model` and `reason`, and the name
`${{ parameters.key }}-$(Rev:r)`, by which its runs are found. Its build service needs, on each such pipeline,
"Queue builds" and "Edit queue build configuration", and, on the area path, "Edit work items in this node".
"""

import html
import os
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import Any

import requests

from ...config.environment import EnvironmentConfig
from ...errors import StepFailedError, UserError
from ..authorization import authorization
from .issues import LABEL, Content, mark, marked
from .last_run import LastRun
from .state import Entry, Run, Ticket

SECONDS = 60
VERSION = "7.1"
BATCH = 200  # work items that one request returns
TITLE = 255
PATCH = "application/json-patch+json"
WATCH = "watch"
# States of a pipeline whose schedule starts nothing, and what to do.
SWITCHED_OFF = {
    "disabled": "a person disabled the pipeline: enable it in its settings",
    "paused": "a person paused the pipeline, so its runs wait: enable it in its settings",
}
_KEY = re.compile(r"\[([0-9a-f]{10})\]$")


class Ci:
    """A project on Azure DevOps."""

    def __init__(self, config: EnvironmentConfig, environment: Mapping[str, str]) -> None:
        organisation, project, _ = config.ci.repository.split("/")
        server = environment.get("SYSTEM_COLLECTIONURI") or f"https://dev.azure.com/{organisation}/"
        self._watch = config.watch
        self._where = config.where("watch")
        self._folder = environment.get("BUILD_DEFINITIONFOLDERPATH")
        self._address = f"{server.rstrip('/')}/{environment.get('SYSTEM_TEAMPROJECT') or project}/_apis"
        self._session = requests.Session()
        self._session.auth = authorization(f"Bearer {environment['SYSTEM_ACCESSTOKEN']}")

    def run(self, entry: Entry) -> Run | None:
        """Return the run whose number begins with an entry's key, None if there is none."""
        query = {"definitions": str(self._pipeline(entry)), "buildNumber": f"{entry.key}*"}
        for build in self._call("GET", "/build/builds", params=query)["value"]:
            return Run(entry.key, build["status"] == "completed", build["_links"]["web"]["href"])
        return None

    def start(self, entry: Entry) -> str:
        """Start the pipeline of an entry's lane; return where its run is shown."""
        body = {"templateParameters": {"key": entry.key, **entry.inputs}}
        answer = self._call("POST", f"/pipelines/{self._pipeline(entry)}/runs", json=body)
        return str(answer["_links"]["web"]["href"])

    def tickets(self) -> list[Ticket]:
        """Return the work items that looks keep, open and closed ones."""
        wanted = f"[System.TeamProject] = @project AND [System.Tags] CONTAINS '{LABEL}'"
        query = f"SELECT [System.Id] FROM WorkItems WHERE {wanted} ORDER BY [System.Id]"
        numbers = [item["id"] for item in self._call("POST", "/wit/wiql", json={"query": query})["workItems"]]
        found: dict[str, Ticket] = {}
        for start in range(0, len(numbers), BATCH):
            fields = ["System.Title", "System.State", "System.Description"]
            body = {"ids": numbers[start : start + BATCH], "fields": fields}
            for item in self._call("POST", "/wit/workitemsbatch", json=body)["value"]:
                if ticket := self._ticket(item):
                    found.setdefault(ticket.key, ticket)
        return list(found.values())

    def create(self, content: Content) -> str:
        """Make a work item; return where it is."""
        fields = {"System.Tags": f"{LABEL}; {content.phase}", **self._fields(content)}
        if self._watch.area_path:
            fields["System.AreaPath"] = self._watch.area_path
        changes = [{"op": "add", "path": f"/fields/{name}", "value": value} for name, value in fields.items()]
        return _page(self._patch("POST", f"/wit/workitems/${self._watch.work_item}", changes))

    def change(self, ticket: Ticket, content: Content) -> str:
        """Bring a work item to a content and to a state; return where it is.

        Raises:
            StepFailedError: it was changed since it was read, or Azure DevOps failed.
        """
        fields = self._fields(content)
        if content.open != ticket.open:
            fields["System.State"] = self._state(("Proposed", "InProgress") if content.open else ("Completed",))
        changes: list[dict[str, Any]] = [{"op": "test", "path": "/rev", "value": ticket.revision}]
        changes += [{"op": "add", "path": f"/fields/{name}", "value": value} for name, value in fields.items()]
        return _page(self._patch("PATCH", f"/wit/workitems/{ticket.number}", changes))

    def last_run(self) -> LastRun:
        """Return the last good run of the pipeline `watch`."""
        if WATCH not in self._pipelines:
            return LastRun(None, "the project has no such pipeline: 'mlops bootstrap' makes it")
        number = self._pipelines[WATCH]
        state = self._call("GET", f"/build/definitions/{number}")["queueStatus"]
        query = {"definitions": str(number), "branchName": "refs/heads/main", "statusFilter": "completed"}
        query |= {"resultFilter": "succeeded", "queryOrder": "finishTimeDescending", "$top": "1"}
        runs = self._call("GET", "/build/builds", params=query)["value"]
        # Up to seven digits after the seconds: datetime reads six.
        ended = [datetime.fromisoformat(run["finishTime"].partition(".")[0].rstrip("Z") + "+00:00") for run in runs]
        return LastRun(ended[0] if ended else None, SWITCHED_OFF.get(state))

    def _ticket(self, item: dict[str, Any]) -> Ticket | None:
        fields = item["fields"]
        key = _KEY.search(fields["System.Title"])
        if not key:
            return None
        _, digest, causes = marked(fields.get("System.Description") or "") or ("", "", frozenset[str]())
        over = self._categories.get(fields["System.State"]) in ("Completed", "Removed")
        return Ticket(key[1], item["id"], not over, digest, causes, _page(item), item["rev"])

    def _fields(self, content: Content) -> dict[str, str]:
        end = f" [{content.short_key}]"
        text = _html([*content.lines, mark(content)])
        fields = {"System.Title": content.title[: TITLE - len(end)] + end, "System.Description": text}
        if self._watch.work_item == "Bug":
            fields["Microsoft.VSTS.TCM.ReproSteps"] = text  # the field that a bug's page shows
        return fields

    @cached_property
    def _categories(self) -> dict[str, str]:
        """Category of each state of the type of work items, in the order of the states."""
        answer = self._call("GET", f"/wit/workitemtypes/{self._watch.work_item}/states")
        return {state["name"]: state["category"] for state in answer["value"]}

    def _state(self, categories: Sequence[str]) -> str:
        found = [name for name, category in self._categories.items() if category in categories]
        if not found:
            raise UserError(f"{self._where}.work_item: {self._watch.work_item!r} has no state of {categories[0]}")
        return found[0]

    @cached_property
    def _pipelines(self) -> dict[str, int]:
        """Number of each pipeline by its name; of several projects' pipelines, those beside the one that runs count."""
        found = self._call("GET", "/pipelines")["value"]
        own = [each for each in found if each.get("folder") == self._folder]
        return {each["name"]: each["id"] for each in [*found, *own]}

    def _pipeline(self, entry: Entry) -> int:
        name = self._watch.promote if entry.lane == "promote" else self._watch.retrain
        if name not in self._pipelines:
            raise UserError(f"{self._where}.{entry.lane}: {name!r} is refused: the project has no such pipeline")
        return self._pipelines[name]

    def _patch(self, method: str, path: str, changes: list[dict[str, Any]]) -> dict[str, Any]:
        answer: dict[str, Any] = self._call(method, path, json=changes, headers={"Content-Type": PATCH})
        return answer

    def _call(self, method: str, path: str, **options: Any) -> Any:
        what = f"Azure DevOps, {method} {path}"
        query = options.pop("params", {}) | {"api-version": VERSION}
        try:
            answer = self._session.request(
                method, self._address + path, params=query, timeout=SECONDS, allow_redirects=False, **options
            )
        except requests.exceptions.RequestException as error:
            raise StepFailedError(f"{what}: no answer: {type(error).__name__}") from error
        is_json = "json" in answer.headers.get("Content-Type", "")
        said = answer.json().get("message", "") if is_json and answer.status_code >= 400 else ""
        if "TF215106" in said:
            raise UserError(
                f"{what}: the build service needs 'Queue builds' and 'Edit queue build configuration': {said}"
            )
        if "TF237111" in said:
            raise UserError(f"{what}: the build service needs 'Edit work items in this node': {said}")
        if answer.status_code == 412 or "VS403351" in said:
            raise StepFailedError(f"{what}: was changed since it was read; the next look writes it")
        if answer.status_code not in (200, 201) or not is_json:  # a bad token is answered with a page to sign in
            raise StepFailedError(f"{what}: refused with {answer.status_code}: {said or 'the token is not accepted'}")
        return answer.json()


def connect(config: EnvironmentConfig, environment: Mapping[str, str] = os.environ) -> Ci | None:
    """Return the project on Azure DevOps, None where this process has no SYSTEM_ACCESSTOKEN: outside of a pipeline."""
    return Ci(config, environment) if environment.get("SYSTEM_ACCESSTOKEN") else None


def last_run(config: EnvironmentConfig, environment: Mapping[str, str] = os.environ) -> LastRun | None:
    """Return the last good run of the pipeline `watch`; None without a token."""
    found = connect(config, environment)
    return found.last_run() if found else None


def warning(text: str) -> str:
    """Return the line by which a job shows a warning on its run's page."""
    return f"##vso[task.logissue type=warning]{text}"


def _page(item: dict[str, Any]) -> str:
    links = item.get("_links") or {}
    return str(links["html"]["href"]) if "html" in links else str(item.get("url", ""))


def _html(lines: Sequence[str]) -> str:
    """Return lines as HTML: items as a list, `code` as such.

    >>> _html(["Run `mlops`:", "- a < b"])
    '<p>Run <code>mlops</code>:</p><ul><li>a &lt; b</li></ul>'
    """
    text = ""
    for line in lines:
        safe = re.sub(r"`([^`]*)`", r"<code>\1</code>", html.escape(line.removeprefix("- "), quote=False))
        text += f"<ul><li>{safe}</li></ul>" if line.startswith("- ") else f"<p>{safe}</p>"
    return text.replace("</ul><ul>", "")
