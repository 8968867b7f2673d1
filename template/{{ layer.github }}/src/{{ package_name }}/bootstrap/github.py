"""GitHub as bootstrap sees it: the sign-in, the repository in GitHub's own spelling, its owner and plan.

Paths, answers and rights: GitHub's OpenAPI description, as the npm package @octokit/openapi holds it.
"""

import json
import os
import shlex
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import UserError
from ..infra import tools
from .rest import RefusedError, Rest

VERSION = "2022-11-28"
SIGN_IN = "run 'gh auth login', or set GH_TOKEN"
SCOPES = ("repo", "workflow", "read:org")  # of a classic token: workflow to push .github/workflows


@dataclass(frozen=True)
class Owner:
    """A person or an organisation."""

    login: str
    id: int
    organisation: bool
    plan: str | None  # such as free, team, enterprise; None: hidden from this sign-in

    @property
    def approves(self) -> bool:
        """Whether private repositories may have required reviewers: with Enterprise only."""
        return self.plan not in ("free", "pro", "team")

    @property
    def protects(self) -> bool:
        """Whether private repositories have environment variables, branch policies and rulesets: not with Free."""
        return self.plan != "free"


class GitHub:
    """One repository, which may not exist yet."""

    def __init__(self, wanted: str, environment: Mapping[str, str] = os.environ) -> None:
        """Sign in.

        Args:
            wanted: the repository as the configuration spells it.
            environment: variables of this process.

        Raises:
            UserError: this machine has no sign-in, or GitHub does not accept it.
        """
        self.server = environment.get("GITHUB_SERVER_URL") or "https://github.com"
        self.token = _token(self.server, environment)
        self.rest = Rest(
            environment.get("GITHUB_API_URL") or "https://api.github.com",
            lambda: self.token,
            name="GitHub",
            headers={"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": VERSION},
        )
        self.wanted = wanted
        self._found: dict[str, Any] | None = None
        self._owner: Owner | None = None
        try:
            answer = self.rest.send("GET", "/user")
        except RefusedError as refused:
            if refused.status == 401:
                raise UserError(f"GitHub does not accept the sign-in ({refused.message}): {SIGN_IN}") from None
            raise
        self._me: dict[str, Any] = answer.json()
        self._scopes = answer.headers.get("X-OAuth-Scopes")

    @property
    def me(self) -> str:
        """The name of the person who is signed in."""
        return str(self._me["login"])

    @property
    def missing_scopes(self) -> list[str]:
        """Scopes that a classic token lacks; a fine-grained one has none, and is refused call by call."""
        if self._scopes is None:
            return []
        held = {each.strip() for each in self._scopes.split(",")}
        held |= {"read:org"} if held & {"admin:org", "write:org"} else set()
        return [scope for scope in SCOPES if scope not in held]

    def repository(self) -> dict[str, Any] | None:
        """Return the repository, None if there is none or it is hidden.

        Raises:
            UserError: it has another name now.
        """
        if self._found is None:
            try:
                self._found = self.rest.get(f"/repos/{self.wanted}", missing=(404,))
            except RefusedError as refused:
                if refused.status in (301, 307, 308):
                    raise UserError(
                        f"config/common.yml: ci.repository: {self.wanted!r} is refused: it was renamed or moved;"
                        " write its new name"
                    ) from None
                raise
        return self._found

    def forget(self) -> None:
        """Look at the repository again, the next time."""
        self._found = None

    @property
    def path(self) -> str:
        """The path of the repository, in GitHub's own spelling once it exists."""
        found = self.repository()
        return f"/repos/{found['full_name'] if found else self.wanted}"

    def owner(self) -> Owner:
        """Return who owns the repository, or would.

        Raises:
            UserError: GitHub has no such person or organisation.
        """
        if self._owner is None:
            name = self.wanted.partition("/")[0]
            found = self.rest.get(f"/users/{name}", missing=(404,))
            if found is None:
                raise UserError(f"config/common.yml: ci.repository: GitHub has no person or organisation {name!r}")
            organisation = found["type"] == "Organization"
            whole = self.rest.get(f"/orgs/{found['login']}") if organisation else self._me
            mine = organisation or found["login"] == self.me
            plan = (whole.get("plan") or {}).get("name") if mine else None
            self._owner = Owner(found["login"], found["id"], organisation, plan)
        return self._owner

    def command(self, method: str, path: Callable[[], str], body: Callable[[], Any] | None = None) -> Callable[[], str]:
        """Return a function that gives the line of `gh` for a call."""

        def line() -> str:
            start = f"gh api --method {method} {shlex.quote(path())}"
            return f"{start} --input - <<< {shlex.quote(json.dumps(body()))}" if body else start

        return line


def _token(server: str, environment: Mapping[str, str]) -> str:
    if given := environment.get("GH_TOKEN"):
        return given
    if path := shutil.which("gh", path=environment.get("PATH")):
        ended = tools.run([path, "auth", "token", "--hostname", server.partition("://")[2]])
        if ended.code == 0 and ended.out.strip():
            return ended.out.strip()
    raise UserError(f"not signed in to GitHub: {SIGN_IN}")
