"""GitHub in memory, as far as bootstrap uses it, with a real bare git repository behind the one repository.

Paths, bodies, statuses: GitHub's OpenAPI description (npm package @octokit/openapi 23.0.2). Beyond it: an empty
repository answers questions about commits with 409; names of repositories and environments are found in any letter
case; `prevent_self_review` needs a reviewer (github-community-projects/safe-settings#628); private repositories have
required reviewers with Enterprise only, else 422 (backstage/backstage#28977).
"""

import re
from collections.abc import Callable

import pytest

from ..azure.transport import Reply, Request
from .ci_fake_environments import AboutEnvironments
from .ci_fake_repository import AboutRepository
from .ci_fake_rules import AboutWorkflows
from .rest_fake import Web

REVIEWERS = {"promote": "@kim", "prod": "@kim", "infra": "@kim"}
TOKEN = "token-of-a-person"


class FakeCi(AboutRepository, AboutEnvironments, AboutWorkflows):
    """GitHub as the sign-in of this test sees it."""

    def answer(self, request: Request) -> Reply:
        """Answer one call; paths of another repository are not found."""
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            raise Reply(401, {"message": "Bad credentials"})
        own = f"/repos/{self.owner['login']}/{self.name}"
        line = re.sub(re.escape(own), REPOSITORY, f"{request.method} {request.path}", count=1, flags=re.IGNORECASE)
        for pattern, answer in ROUTES:
            if found := pattern.fullmatch(line):
                return answer(self, request, *found.groups())
        raise Reply(404, {"message": f"Not Found: the fake knows no {request.method} {request.path}"})


def install(web: Web, monkeypatch: pytest.MonkeyPatch) -> FakeCi:
    """Put GitHub behind the network of a test, and sign in to it."""
    made = FakeCi()
    web.hosts.append((r"api\.github\.com", made.answer))
    monkeypatch.setenv("GH_TOKEN", TOKEN)
    # The second two would name another author of commits than the configuration of the test's repository.
    for key in ("GITHUB_API_URL", "GITHUB_SERVER_URL", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_EMAIL"):
        monkeypatch.delenv(key, raising=False)
    return made


REPOSITORY = "/repos/OWNER/NAME"
ENVIRONMENT = rf"{REPOSITORY}/environments/([^/]+)"
WORKFLOWS = rf"{REPOSITORY}/actions/workflows"
ANSWERS: list[tuple[str, Callable[..., Reply]]] = [
    ("GET /user", FakeCi._user),
    (r"GET /users/([^/]+)", FakeCi._users),
    (r"GET /orgs/([^/]+)", FakeCi._organisation),
    (r"GET /user/memberships/orgs/([^/]+)", FakeCi._membership),
    (r"GET /orgs/([^/]+)/teams/([^/]+)", FakeCi._team),
    (r"POST /orgs/([^/]+)/repos", FakeCi._new_repository),
    ("POST /user/repos", FakeCi._new_repository),
    (f"GET {REPOSITORY}", FakeCi._show),
    (f"DELETE {REPOSITORY}", FakeCi._delete_repository),
    (f"GET {REPOSITORY}/commits", FakeCi._commits),
    (rf"GET {REPOSITORY}/commits/(\w+)", FakeCi._commit),
    (f"GET {REPOSITORY}/issues", FakeCi._issues),
    (rf"GET {REPOSITORY}/git/ref/heads/(\w+)", FakeCi._ref),
    (f"GET {REPOSITORY}/actions/permissions", FakeCi._actions),
    (f"PUT {REPOSITORY}/actions/permissions", FakeCi._actions),
    (f"GET {REPOSITORY}/actions/permissions/workflow", FakeCi._token),
    (f"PUT {REPOSITORY}/actions/permissions/workflow", FakeCi._token),
    (f"GET {REPOSITORY}/actions/runners", FakeCi._runners),
    (r"GET /orgs/([^/]+)/actions/runner-groups", FakeCi._runner_groups),
    (r"GET /orgs/([^/]+)/actions/runner-groups/(\d+)/runners", FakeCi._runners_of_group),
    (f"GET {REPOSITORY}/actions/oidc/customization/sub", FakeCi._subject),
    (f"GET {REPOSITORY}/teams", FakeCi._teams_of),
    (rf"PUT /orgs/([^/]+)/teams/([^/]+){REPOSITORY}", FakeCi._team_access),
    (rf"DELETE /orgs/([^/]+)/teams/([^/]+){REPOSITORY}", FakeCi._team_access),
    (rf"GET {REPOSITORY}/collaborators/([^/]+)/permission", FakeCi._permission),
    (rf"PUT {REPOSITORY}/collaborators/([^/]+)", FakeCi._collaborator),
    (rf"DELETE {REPOSITORY}/collaborators/([^/]+)", FakeCi._collaborator),
    (f"GET {REPOSITORY}/invitations", FakeCi._invitations),
    (rf"DELETE {REPOSITORY}/invitations/(\d+)", FakeCi._invitation),
    (f"GET {REPOSITORY}/environments", FakeCi._environments),
    (f"GET {ENVIRONMENT}", FakeCi._environment),
    (f"PUT {ENVIRONMENT}", FakeCi._environment),
    (f"DELETE {ENVIRONMENT}", FakeCi._environment),
    (f"GET {ENVIRONMENT}/deployment-branch-policies", FakeCi._policies),
    (f"POST {ENVIRONMENT}/deployment-branch-policies", FakeCi._policies),
    (rf"DELETE {ENVIRONMENT}/deployment-branch-policies/(\d+)", FakeCi._policy),
    (f"POST {ENVIRONMENT}/variables", FakeCi._new_variable),
    (rf"GET {ENVIRONMENT}/variables/(\w+)", FakeCi._variable),
    (rf"PATCH {ENVIRONMENT}/variables/(\w+)", FakeCi._variable),
    (rf"DELETE {ENVIRONMENT}/variables/(\w+)", FakeCi._variable),
    (f"POST {REPOSITORY}/actions/variables", FakeCi._new_variable),
    (rf"GET {REPOSITORY}/actions/variables/(\w+)", FakeCi._variable),
    (rf"PATCH {REPOSITORY}/actions/variables/(\w+)", FakeCi._variable),
    (rf"DELETE {REPOSITORY}/actions/variables/(\w+)", FakeCi._variable),
    (f"GET {REPOSITORY}/rulesets", FakeCi._rulesets),
    (f"POST {REPOSITORY}/rulesets", FakeCi._rulesets),
    (rf"GET {REPOSITORY}/rulesets/(\d+)", FakeCi._ruleset),
    (rf"PUT {REPOSITORY}/rulesets/(\d+)", FakeCi._ruleset),
    (rf"DELETE {REPOSITORY}/rulesets/(\d+)", FakeCi._ruleset),
    (f"GET {WORKFLOWS}", FakeCi._workflows),
    (rf"PUT {WORKFLOWS}/(\d+)/enable", FakeCi._enable),
    (rf"GET {WORKFLOWS}/([\w.-]+)/runs", FakeCi._runs),
    (rf"POST {WORKFLOWS}/([\w.-]+)/dispatches", FakeCi._dispatch),
]
ROUTES = [(re.compile(pattern), answer) for pattern, answer in ANSWERS]
