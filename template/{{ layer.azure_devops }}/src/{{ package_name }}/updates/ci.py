"""Azure DevOps' side of update pull requests: read with the token of the job, written with the optional TEMPLATE_TOKEN.

TEMPLATE_TOKEN is a personal access token with the scope "Code (read & write)", a secret variable of the pipeline. The
build service needs no right to push.
"""

import base64
import os
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from ..azure.watch.ci import Ci as Issues
from ..bootstrap.rest import Rest
from ..config.environment import EnvironmentConfig
from . import words
from .handover import PullRequest
from .repository import signed_in

TOKEN = "TEMPLATE_TOKEN"
LABEL = "template-conflict"  # of pull requests that need work
LONGEST = 4000  # characters of a description
_STATES = {"active": "open", "abandoned": "closed", "completed": "merged"}


class Ci:
    """A repository in Azure Repos.

    Attributes:
        issues: work items of the project, written with the token of the job.
    """

    def __init__(self, config: EnvironmentConfig, environment: Mapping[str, str]) -> None:
        organisation, project, name = config.ci.repository.split("/")
        server = environment.get("SYSTEM_COLLECTIONURI") or f"https://dev.azure.com/{organisation}/"
        place = f"{server.rstrip('/')}/{quote(environment.get('SYSTEM_TEAMPROJECT') or project)}"
        self._page = f"{place}/_git/{quote(name)}/pullrequest"
        self._address = f"{place}/_apis/git/repositories/{quote(environment.get('BUILD_REPOSITORY_ID') or name)}"
        self.issues = Issues(config, environment)
        self._reading = self._rest("Bearer", environment["SYSTEM_ACCESSTOKEN"])
        token = environment.get(TOKEN) or ""
        # A variable that is not defined stays as it is written. A repository elsewhere has other pull requests.
        given = not token.startswith("$(") and environment.get("BUILD_REPOSITORY_PROVIDER", "TfsGit") == "TfsGit"
        self._basic = base64.b64encode(f":{token}".encode()).decode() if token and given else ""

    @property
    def writes(self) -> bool:
        """Whether there is a token that may push."""
        return bool(self._basic)

    def sign_in(self) -> dict[str, str]:
        """Return variables with which git signs in."""
        return signed_in(self._basic)

    def pull_request(self, branch: str) -> PullRequest | None:
        """Return the newest pull request of a branch, whatever its state."""
        query = {"searchCriteria.sourceRefName": f"refs/heads/{branch}", "searchCriteria.status": "all"}
        found = self._reading.get("/pullrequests", params=query)["value"]
        newest = max(found, key=lambda each: int(each["pullRequestId"]), default=None)
        return PullRequest(self._url(newest), _STATES[newest["status"]]) if newest else None

    def open(self, branch: str, title: str, lines: Sequence[str], *, draft: bool) -> str:
        """Open a pull request into the default branch, as a draft with a label if it needs work; return its address."""
        body = {
            "sourceRefName": f"refs/heads/{branch}",
            "targetRefName": self._reading.get("")["defaultBranch"],
            "title": title,
            "description": words.markdown(lines, LONGEST),
            "isDraft": draft,
            "labels": [{"name": LABEL}] if draft else [],
        }
        return self._url(self._rest("Basic", self._basic).post("/pullrequests", json=body))

    def _url(self, pull_request: Mapping[str, Any]) -> str:
        return f"{self._page}/{pull_request['pullRequestId']}"

    def _rest(self, scheme: str, token: str) -> Rest:
        params = {"api-version": "7.1"}
        return Rest(self._address, lambda: token, name="Azure DevOps", params=params, scheme=scheme)


def connect(config: EnvironmentConfig, environment: Mapping[str, str] = os.environ) -> Ci | None:
    """Return the repository in Azure Repos, None where this process has no SYSTEM_ACCESSTOKEN."""
    return Ci(config, environment) if environment.get("SYSTEM_ACCESSTOKEN") else None
