"""Azure DevOps' side of update pull requests, with the token of the job: no secret is needed.

The build service needs "Contribute", "Create branch" and "Contribute to pull requests" on the repository.
"""

import os
import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from ..azure.watch.ci import Ci as Issues
from ..bootstrap.rest import Rest
from ..config.environment import EnvironmentConfig
from ..errors import UserError
from . import words
from .handover import PullRequest
from .repository import signed_in

LABEL = "template-conflict"  # of pull requests that need work
LONGEST = 4000  # characters of a description
AZURE_REPOS = "TfsGit"  # as the pipeline's variables call it
_REFUSED = re.compile(r"TF401027|GenericContribute|CreateBranch|PullRequestContribute|returned error: 403")
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
        self._token = environment["SYSTEM_ACCESSTOKEN"]
        self._rest = Rest(self._address, lambda: self._token, name="Azure DevOps", params={"api-version": "7.1"})
        self._provider = environment.get("BUILD_REPOSITORY_PROVIDER") or AZURE_REPOS

    @property
    def writes(self) -> bool:
        """Whether the token may push: not into a repository that is elsewhere."""
        return self._provider == AZURE_REPOS

    def sign_in(self) -> dict[str, str]:
        """Return variables with which git signs in."""
        return signed_in(f"Bearer {self._token}")

    def refuses(self, error: UserError) -> bool:
        """Return whether a push or a pull request failed for want of a right, which bootstrap gives."""
        return bool(_REFUSED.search(str(error)))

    def pull_request(self, branch: str) -> PullRequest | None:
        """Return the newest pull request of a branch, whatever its state."""
        query = {"searchCriteria.sourceRefName": f"refs/heads/{branch}", "searchCriteria.status": "all"}
        found = self._rest.get("/pullrequests", params=query)["value"]
        newest = max(found, key=lambda each: int(each["pullRequestId"]), default=None)
        return PullRequest(self._url(newest), _STATES[newest["status"]]) if newest else None

    def open(self, branch: str, title: str, lines: Sequence[str], *, draft: bool) -> str:
        """Open a pull request into the default branch, as a draft with a label if it needs work; return its address."""
        body = {
            "sourceRefName": f"refs/heads/{branch}",
            "targetRefName": self._rest.get("")["defaultBranch"],
            "title": title,
            "description": words.markdown(lines, LONGEST),
            "isDraft": draft,
            "labels": [{"name": LABEL}] if draft else [],
        }
        return self._url(self._rest.post("/pullrequests", json=body))

    def _url(self, pull_request: Mapping[str, Any]) -> str:
        return f"{self._page}/{pull_request['pullRequestId']}"


def connect(config: EnvironmentConfig, environment: Mapping[str, str] = os.environ) -> Ci | None:
    """Return the repository in Azure Repos, None where this process has no SYSTEM_ACCESSTOKEN."""
    return Ci(config, environment) if environment.get("SYSTEM_ACCESSTOKEN") else None
