"""GitHub's side of a look: workflows that it starts, and issues that it keeps; with the token of the job.

A workflow that is started has the inputs `key`, `env`, `model` and `reason`, and `run-name: ${{ inputs.key }}`: by it
runs are found. The job needs `actions: write` and `issues: write`.
"""

import os
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

import requests

from ...config.environment import EnvironmentConfig
from ...errors import StepFailedError, UserError
from ..authorization import authorization
from .issues import LABEL, Content, mark, marked
from .last_run import LastRun
from .state import Entry, Run, Ticket

SECONDS = 60
PAGE = 100
MOST = 1000  # results that GitHub lists
WATCH = "watch.yml"
# States of a workflow that runs no schedule, and what to do.
SWITCHED_OFF = {
    "disabled_inactivity": "GitHub switched it off after 60 quiet days: 'gh workflow enable watch.yml'",
    "disabled_manually": "a person switched it off: 'gh workflow enable watch.yml'",
    "disabled_fork": "it is switched off in a fork: 'gh workflow enable watch.yml'",
}


class Ci:
    """A repository on GitHub."""

    def __init__(self, config: EnvironmentConfig, environment: Mapping[str, str]) -> None:
        self._watch = config.watch
        self._where = config.where("watch")
        repository = environment.get("GITHUB_REPOSITORY") or config.ci.repository
        self._address = f"{environment.get('GITHUB_API_URL') or 'https://api.github.com'}/repos/{repository}"
        self._session = requests.Session()
        self._session.auth = authorization(f"Bearer {environment['GITHUB_TOKEN']}")
        self._session.headers.update(
            {
                "Accept": "application/vnd.github+json",
                "X-GitHub-Api-Version": "2022-11-28",
            }
        )

    def run(self, entry: Entry) -> Run | None:
        """Return the run that carries an entry's key, None if GitHub lists none."""
        since = f"{entry.at - timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}"  # clocks may differ
        query = {"event": "workflow_dispatch", "created": f">={since}"}
        for run in self._pages(f"/actions/workflows/{self._workflow(entry)}/runs", query, "workflow_runs"):
            if run["display_title"] == entry.key:
                return Run(entry.key, run["status"] == "completed", run["html_url"])
        return None

    def start(self, entry: Entry) -> str:
        """Start the workflow of an entry's lane on the default branch; return where its runs are shown."""
        workflow = self._workflow(entry)
        branch = self._call("GET", "")["default_branch"]
        body = {"ref": branch, "inputs": {"key": entry.key, **entry.inputs}}
        self._call("POST", f"/actions/workflows/{workflow}/dispatches", json=body)
        return f"{self._page}/actions/workflows/{workflow}"

    def tickets(self) -> list[Ticket]:
        """Return the issues that looks keep, open and closed ones."""
        found: dict[str, Ticket] = {}
        for issue in self._pages("/issues", {"state": "all", "labels": LABEL, "direction": "asc"}):
            mark_of = marked(issue.get("body") or "")
            if "pull_request" not in issue and mark_of:
                key, digest, causes = mark_of
                is_open = issue["state"] == "open"
                found.setdefault(key, Ticket(key, issue["number"], is_open, digest, causes, issue["html_url"]))
        return list(found.values())

    def create(self, content: Content) -> str:
        """Open an issue; return where it is."""
        body = {"title": content.title, "body": self._text(content), "labels": [LABEL, content.phase]}
        return str(self._call("POST", "/issues", json=body)["html_url"])

    def change(self, ticket: Ticket, content: Content) -> str:
        """Bring an issue to a content, and open or close it; return where it is."""
        body = {"title": content.title, "body": self._text(content), "state": "open" if content.open else "closed"}
        if content.open != ticket.open:
            body["state_reason"] = "reopened" if content.open else "completed"
        return str(self._call("PATCH", f"/issues/{ticket.number}", json=body)["html_url"])

    def last_run(self) -> LastRun:
        """Return the last good run of the workflow `watch`."""
        path = f"/actions/workflows/{WATCH}"
        state = self._call("GET", path)["state"]
        runs = self._call("GET", f"{path}/runs", params={"status": "success", "branch": "main", "per_page": "1"})
        ended = [datetime.fromisoformat(run["updated_at"]) for run in runs["workflow_runs"]]
        return LastRun(ended[0] if ended else None, SWITCHED_OFF.get(state))

    @property
    def _page(self) -> str:
        repository = self._address.partition("/repos/")[2]
        return f"{os.environ.get('GITHUB_SERVER_URL') or 'https://github.com'}/{repository}"

    def _workflow(self, entry: Entry) -> str:
        return self._watch.promote if entry.lane == "promote" else self._watch.retrain

    def _text(self, content: Content) -> str:
        parts: list[str] = []
        for line in content.lines:
            if line.startswith("- ") and parts and parts[-1].startswith("- "):
                parts[-1] += f"\n{line}"
            else:
                parts.append(line)
        team = [f"cc {self._watch.team}"] if self._watch.team else []
        return "\n\n".join([*parts, *team, f"<!-- {mark(content)} -->"])

    def _pages(self, path: str, query: dict[str, str], key: str | None = None) -> Iterator[dict[str, Any]]:
        for page in range(1, MOST // PAGE + 1):
            answer = self._call("GET", path, params=query | {"per_page": str(PAGE), "page": str(page)})
            items = answer[key] if key else answer
            yield from items
            if len(items) < PAGE:
                return

    def _call(self, method: str, path: str, **options: Any) -> Any:
        what = f"GitHub, {method} {path.partition('?')[0] or 'repository'}"
        try:
            answer = self._session.request(method, self._address + path, timeout=SECONDS, **options)
        except requests.exceptions.RequestException as error:
            raise StepFailedError(f"{what}: no answer: {type(error).__name__}") from error
        if answer.status_code == 404 and "/workflows/" in path:
            raise UserError(
                f"{self._where}: {path.split('/')[3]!r} is refused: the default branch has no such workflow"
            )
        if answer.status_code in (403, 404) and (needed := answer.headers.get("X-Accepted-GitHub-Permissions")):
            raise UserError(f"{what}: refused with {answer.status_code}: the job's permissions need {needed}")
        if answer.status_code >= 400:
            raise StepFailedError(f"{what}: refused with {answer.status_code}: {answer.text[:200]}")
        return answer.json() if answer.content else None


def connect(config: EnvironmentConfig, environment: Mapping[str, str] = os.environ) -> Ci | None:
    """Return the repository on GitHub, None where this process has no GITHUB_TOKEN: outside of a workflow."""
    return Ci(config, environment) if environment.get("GITHUB_TOKEN") else None


def last_run(config: EnvironmentConfig, environment: Mapping[str, str] = os.environ) -> LastRun | None:
    """Return the last good run of the workflow `watch`; None without a token. The job needs `actions: read`."""
    found = connect(config, environment)
    return found.last_run() if found else None


def warning(text: str) -> str:
    """Return the line by which a job shows a warning beside the code."""
    return f"::warning::{text}"
