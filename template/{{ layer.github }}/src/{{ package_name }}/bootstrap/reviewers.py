"""People and teams who approve: found on GitHub, and with the access that an approval needs."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ..errors import UserError
from .github import GitHub
from .steps import Phase, State, Step


@dataclass(frozen=True)
class Reviewer:
    """A user or team of GitHub."""

    kind: Literal["User", "Team"]
    name: str  # login or slug, in GitHub's spelling
    id: int


class People:
    """Users and teams, by the names that the configuration gives them, such as `@org/team` or `@user`."""

    def __init__(self, hub: GitHub) -> None:
        self._hub = hub
        self._known: dict[str, Reviewer | None] = {}

    def problem(self, key: str, name: str) -> str | None:
        """Return why `name` cannot approve; `key` is where it is written."""
        where = f"config/common.yml: ci.reviewers.{key}: {name!r} is refused:"
        organisation, _, team = name.removeprefix("@").partition("/")
        owner = self._hub.owner()
        if team and not (owner.organisation and organisation.casefold() == owner.login.casefold()):
            return f"{where} only teams of the repository's organisation can approve; its owner is {owner.login}"
        if self.find(name) is None:
            return f"{where} GitHub knows no such {'team, or hides it from you' if team else 'user'}"
        return None

    def find(self, name: str) -> Reviewer | None:
        """Return a user or team, None if GitHub shows none of this name."""
        if name not in self._known:
            organisation, _, team = name.removeprefix("@").partition("/")
            path = f"/orgs/{organisation}/teams/{team}" if team else f"/users/{organisation}"
            found = self._hub.rest.get(path, missing=(404,))
            if found is None or not (team or found.get("type", "User") == "User"):  # an organisation approves nothing
                self._known[name] = None
            else:
                kind: Literal["User", "Team"] = "Team" if team else "User"
                self._known[name] = Reviewer(kind, found["slug" if team else "login"], found["id"])
        return self._known[name]

    def get(self, name: str) -> Reviewer:
        """Return a user or team.

        Raises:
            UserError: GitHub shows none of this name.
        """
        found = self.find(name)
        if found is None:
            raise UserError(f"config/common.yml: ci.reviewers: {name!r} is refused: GitHub does not show it")
        return found

    def steps(self, names: Iterable[str]) -> list[Step]:
        """Return the access of each approver to the repository."""
        return [self._step(name) for name in dict.fromkeys(names) if name.casefold() != f"@{self._hub.me}".casefold()]

    def waiting(self, names: Iterable[str]) -> list[str]:
        """Return the users who have not accepted their invitation yet."""
        invited = self._invitations()
        return [name for name in dict.fromkeys(names) if name.removeprefix("@").casefold() in invited]

    def _step(self, name: str) -> Step:
        return Step(
            f"github:access/{name}",
            f"{name} may write to the repository, which an approval needs",
            Phase.PEOPLE,
            lambda: self._state(name),
            lambda: self._write(name),
            lambda: self._remove(name),
            self._hub.command("PUT", lambda: self._path(self.get(name)), lambda: {"permission": "push"}),
        )

    def _state(self, name: str) -> State:
        reviewer = self.get(name)
        if self._hub.repository() is None:
            return State.ABSENT
        if reviewer.kind == "Team":
            teams = self._hub.rest.pages(f"{self._hub.path}/teams", params={"per_page": "100"})
            found = next((team for team in teams if team["id"] == reviewer.id), None)
            return State.ABSENT if found is None else _enough(found["permissions"])
        if reviewer.name.casefold() in self._invitations():
            return State.SAME
        found = self._hub.rest.get(f"{self._path(reviewer)}/permission", missing=(404,))
        held = found["permission"] if found else "none"
        return State.ABSENT if held == "none" else State.SAME if held in ("write", "admin") else State.DIFFERENT

    def _write(self, name: str) -> None:
        self._hub.rest.put(self._path(self.get(name)), json={"permission": "push"})

    def _remove(self, name: str) -> None:
        reviewer = self.get(name)
        if (number := self._invitations().get(reviewer.name.casefold())) and reviewer.kind == "User":
            self._hub.rest.delete(f"{self._hub.path}/invitations/{number}")
        else:
            self._hub.rest.delete(self._path(reviewer))

    def _path(self, reviewer: Reviewer) -> str:
        if reviewer.kind == "Team":
            repository = self._hub.path.removeprefix("/repos/")
            return f"/orgs/{self._hub.owner().login}/teams/{reviewer.name}/repos/{repository}"
        return f"{self._hub.path}/collaborators/{reviewer.name}"

    def _invitations(self) -> dict[str, int]:
        if self._hub.repository() is None:
            return {}
        listed = self._hub.rest.pages(f"{self._hub.path}/invitations", params={"per_page": "100"})
        return {each["invitee"]["login"].casefold(): each["id"] for each in listed if each.get("invitee")}


def _enough(permissions: Mapping[str, Any]) -> State:
    return State.SAME if permissions["push"] else State.DIFFERENT
