"""Azure DevOps as bootstrap sees it: the sign-in, its two hosts, and the project in the API's own spelling.

Paths and bodies: MicrosoftDocs/vsts-rest-api-specs, 7.1, and terraform-provider-azuredevops where the specification
leaves a field out.
"""

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from ..config.ci import Pipelines
from ..errors import UserError
from .rest import RefusedError, Rest

RESOURCE = "499b84ac-1321-427f-aa17-267ca6975798"  # Azure DevOps, as the audience of a token
VERSION = {"api-version": "7.1"}
PREVIEW = {"api-version": "7.1-preview.1"}  # checks, permissions of pipelines, groups, the sign-in
BRANCH = "refs/heads/main"
REFUSED = "the sign-in is not accepted: run 'az login' with an account that the organisation knows"
Json = dict[str, Any]


class Place:
    """One project of an organisation, and its repository; both may not exist yet."""

    def __init__(self, config: Pipelines, token: Callable[[], str]) -> None:
        self.organisation, self.project_name, self.repository_name = config.repository.split("/")
        self.prefix = config.prefix
        self.source = config.source.removeprefix("github:") if config.source else None
        self.server = f"https://dev.azure.com/{quote(self.organisation)}"
        self.core = Rest(self.server, token, name="Azure DevOps", params=VERSION)
        people = f"https://vssps.dev.azure.com/{quote(self.organisation)}"
        self.people = Rest(people, token, name="Azure DevOps", params=VERSION)
        self.me = self.account = ""  # ID and mail address of the person who is signed in, after `sign_in`
        self._project: Json | None = None
        self._repository: Json | None = None
        self.environments: dict[str, str] = {}  # name -> number of those that were found

    def sign_in(self) -> None:
        """Check that the organisation exists and knows who asks.

        Raises:
            UserError: it does not.
        """
        try:
            answer = self.core.get("/_apis/connectionData", params=PREVIEW, missing=(404,))
        except RefusedError as refused:
            if refused.status != 401:
                raise
            raise UserError(f"{self.server}: {REFUSED}") from None
        if answer is None:
            raise UserError(f"{self.server}: no such organisation: 'ci.repository' in config/common.yml begins with it")
        # An organisation with public projects takes a bad token for a visitor.
        person = answer["authenticatedUser"]
        self.me = str(person["id"]).lower()
        self.account = str(((person.get("properties") or {}).get("Account") or {}).get("$value") or "YOUR-ACCOUNT")
        if str(person.get("descriptor", "")).startswith("System:PublicAccess"):
            raise UserError(f"{self.server}: {REFUSED}")

    def project(self) -> Json | None:
        """Return the project as the API spells it, None while there is none."""
        if self._project is None:
            found = self.core.get(f"/_apis/projects/{quote(self.project_name)}", missing=(404,))
            # A project that is being made answers already, but refuses all else.
            self._project = found if found and found.get("state", "wellFormed") == "wellFormed" else None
        return self._project

    def repository(self) -> Json | None:
        """Return the repository in Azure Repos as the API spells it, None while there is none."""
        if self._repository is None and self.project():
            path = self.path(f"git/repositories/{quote(self.repository_name)}")
            self._repository = self.core.get(path, missing=(404,))
        return self._repository

    def forget(self) -> None:
        """Look again at the next question."""
        self._project = self._repository = None
        self.environments.clear()

    @property
    def id(self) -> str:
        """ID of the project, which exists."""
        project = self.project()
        if project is None:
            raise UserError(f"Azure DevOps: {self.organisation} has no project {self.project_name!r} yet; run it again")
        return str(project["id"])

    @property
    def name(self) -> str:
        """The project's name in the API's own spelling."""
        return str((self.project() or {}).get("name", self.project_name))

    def path(self, rest: str) -> str:
        """Return the path of a resource of the project."""
        return f"/{self.id}/_apis/{rest}"

    def named(self, role: str) -> str:
        """Return the name of an environment or a service connection.

        Args:
            role: such as `prod` or `prod-infra`.
        """
        return f"{self.prefix}-{role}"
