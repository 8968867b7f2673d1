"""GitHub's side of update pull requests: read with the token of the job, written with the optional TEMPLATE_TOKEN.

The job's own token cannot push workflows, and checks of its pull requests would wait for an approval. TEMPLATE_TOKEN is
a fine-grained token for this repository: contents, pull requests and workflows, each to read and write.
"""

import base64
import os
from collections.abc import Mapping, Sequence

from ..azure.watch.ci import Ci as Issues
from ..bootstrap.rest import RefusedError, Rest
from ..config.environment import EnvironmentConfig
from ..errors import UserError
from . import words
from .handover import PullRequest
from .repository import signed_in

TOKEN = "TEMPLATE_TOKEN"
LABEL = "template-conflict"  # of pull requests that need work
_HEADERS = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}


class Ci:
    """A repository on GitHub.

    Attributes:
        issues: of the repository, written with the token of the job.
    """

    def __init__(self, config: EnvironmentConfig, environment: Mapping[str, str]) -> None:
        repository = environment.get("GITHUB_REPOSITORY") or config.ci.repository
        self._owner = repository.partition("/")[0]
        self._address = f"{environment.get('GITHUB_API_URL') or 'https://api.github.com'}/repos/{repository}"
        self.issues = Issues(config, environment)
        self._reading = self._rest(environment["GITHUB_TOKEN"])
        self._token = environment.get(TOKEN) or ""

    @property
    def writes(self) -> bool:
        """Whether there is a token that may push."""
        return bool(self._token)

    def sign_in(self) -> dict[str, str]:
        """Return variables with which git signs in."""
        basic = base64.b64encode(f"x-access-token:{self._token}".encode()).decode()
        return signed_in(f"Basic {basic}")

    def refuses(self, error: UserError) -> bool:
        """Return whether the token is not meant to push: TEMPLATE_TOKEN always is."""
        return False

    def pull_request(self, branch: str) -> PullRequest | None:
        """Return the newest pull request of a branch, whatever its state."""
        query = {"head": f"{self._owner}:{branch}", "state": "all", "sort": "created", "direction": "desc"}
        for each in self._reading.get("/pulls", params=query):
            return PullRequest(each["html_url"], "merged" if each.get("merged_at") else each["state"])
        return None

    def open(self, branch: str, title: str, lines: Sequence[str], *, draft: bool) -> str:
        """Open a pull request into the default branch, as a draft with a label if it needs work; return its address."""
        rest = self._rest(self._token)
        base = self._reading.get("")["default_branch"]
        body = {"title": title, "head": branch, "base": base, "body": words.markdown(lines)}
        try:
            made = rest.post("/pulls", json={**body, "draft": draft})
        except RefusedError as error:
            if not (draft and error.status == 422 and "draft" in error.message.lower()):
                raise
            made = rest.post("/pulls", json=body)  # some plans have no drafts in private repositories
        if draft:
            rest.post(f"/issues/{made['number']}/labels", json={"labels": [LABEL]})
        return str(made["html_url"])

    def _rest(self, token: str) -> Rest:
        return Rest(self._address, lambda: token, name="GitHub", headers=_HEADERS)


def connect(config: EnvironmentConfig, environment: Mapping[str, str] = os.environ) -> Ci | None:
    """Return the repository on GitHub, None where this process has no GITHUB_TOKEN: outside of a workflow."""
    return Ci(config, environment) if environment.get("GITHUB_TOKEN") else None
