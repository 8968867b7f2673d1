"""Groups of people in Entra ID: found by name or made, with their IDs in config/common.yml."""

import re
from collections.abc import Iterator, Mapping
from shlex import quote

from ..config.environment import Groups
from ..errors import UserError
from ..paths import Project
from . import settings
from .azure import Azure
from .journal import Journal
from .rest import RefusedError
from .steps import Phase, State, Step

_ID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")

# Directory roles that may make groups whatever the directory's policy says, by their template IDs.
# Source: Microsoft Entra documentation, "Microsoft Entra built-in roles".
_MAKERS = {
    "62e90394-69f5-4237-9190-012177145e10": "Global Administrator",
    "fdd7a751-b60b-444a-984c-02652fe8fa1c": "Groups Administrator",
    "fe930be7-5e62-47db-91af-98c3a49a38b1": "User Administrator",
}


class People:
    """The groups of config/common.yml, by their keys there."""

    def __init__(self, project: Project, azure: Azure, slug: str, given: Mapping[str, str], journal: Journal) -> None:
        """Choose names.

        Args:
            project: whose configuration gets the IDs.
            azure: whose directory holds the groups.
            slug: the project's name, with which the names of groups begin.
            given: key -> name or object ID of a group; the others are called after the project.
            journal: keeps the IDs of groups that are made, as another run may name them otherwise.
        """
        unknown = [key for key in given if key not in Groups.model_fields]
        if unknown:
            known = ", ".join(Groups.model_fields)
            raise UserError(f"--group: {unknown[0]!r} is refused: no such group of people; known: {known}")
        self._project = project
        self._azure = azure
        self._journal = journal
        self._names = {key: given.get(key, f"{slug}-{key.replace('_', '-')}") for key in Groups.model_fields}

    def steps(self) -> list[Step]:
        """Return the groups whose keys are in the configuration; one without a key has no tasks in this scenario."""
        wanted = settings.read(self._project, "common", "groups") or {}
        return [self._step(key) for key in Groups.model_fields if key in wanted]

    def problems(self) -> list[str]:
        """Return what is missing in the directory: its groups, the right to make some, or it is another one."""
        if other := self._azure.problem():
            return [other]
        found = [*self._unknown()]
        absent = [step for step in self.steps() if step.state() is State.ABSENT] if not found else []
        if absent and not self._may_make():
            found.append(
                "Microsoft Entra ID: your directory lets only administrators make groups; have one with the role Groups"
                f" Administrator make {', '.join(step.what.removeprefix('group ') for step in absent)}, or give groups"
                " that exist, with --group KEY=ID"
            )
        return found

    def _unknown(self) -> Iterator[str]:
        """Yield the IDs that are no group of this directory."""
        written = settings.read(self._project, "common", "groups") or {}
        for key in (key for key in Groups.model_fields if key in written):
            given = self._names[key] if written[key] is None else str(written[key])
            if _ID.fullmatch(given) and not self._exists(given):
                where = f"--group {key}" if written[key] is None else f"config/common.yml: groups.{key}"
                yield f"{where}: {given!r} is refused: the directory of the subscription has no such group"

    def _exists(self, group: str) -> bool:
        try:
            return self._azure.graph.get(f"/groups/{group}", params={"$select": "id"}, missing=(404,)) is not None
        except RefusedError as refused:
            if refused.status == 403:  # it does not show groups to this person
                return True
            raise

    def _may_make(self) -> bool:
        policy = self._azure.graph.get("/policies/authorizationPolicy", missing=(403, 404))
        if policy is None:  # hidden from ordinary users: then the attempt tells
            return True
        if policy["defaultUserRolePermissions"]["allowedToCreateSecurityGroups"]:
            return True
        # A cast is an "advanced query" of Graph, which needs both.
        roles = self._azure.graph.pages(
            "/me/transitiveMemberOf/microsoft.graph.directoryRole",
            params={"$count": "true"},
            headers={"ConsistencyLevel": "eventual"},
            missing=(403,),
        )
        return any(role.get("roleTemplateId") in _MAKERS for role in roles)

    def _step(self, key: str) -> Step:
        name = self._names[key]
        return Step(
            f"entra:group/{key}",
            f"group {name}",
            Phase.PEOPLE,
            lambda: self._state(key),
            lambda: self._make(key),
            lambda: self._remove(key),
            lambda: f"az ad group create --display-name {quote(name)} --mail-nickname {quote(_nickname(name))}",
        )

    def _state(self, key: str) -> State:
        if settings.read(self._project, "common", f"groups.{key}") is not None:
            return State.SAME  # also another group's: the owner has chosen it
        return State.ABSENT if self._find(key) is None else State.DIFFERENT

    def _make(self, key: str) -> None:
        found = self._find(key)
        if found is None:
            name = self._names[key]
            body = {
                "displayName": name,
                "mailNickname": _nickname(name),
                "mailEnabled": False,
                "securityEnabled": True,
            }
            found = str(self._azure.graph.post("/groups", json=body)["id"])
        if self._journal.is_open(f"entra:group/{key}"):
            self._journal.note(f"entra:group/{key}", found)
        settings.write(self._project, {"common": {f"groups.{key}": found}})

    def _remove(self, key: str) -> str | None:
        found = self._journal.fact(f"entra:group/{key}") or self._find(key)
        if found is None:
            return None
        members = f"/groups/{found}/members"
        if next(self._azure.graph.pages(members, params={"$select": "id", "$top": "1"}, missing=(404,)), None):
            return "it has members"
        self._azure.graph.delete(f"/groups/{found}")
        self._journal.note(f"entra:group/{key}", None)
        if settings.read(self._project, "common", f"groups.{key}") == found:
            settings.write(self._project, {"common": {f"groups.{key}": None}})
        return None

    def _find(self, key: str) -> str | None:
        name = self._names[key]
        if _ID.fullmatch(name):
            return name
        query = {"$filter": f"displayName eq '{name.replace(chr(39), chr(39) * 2)}'", "$select": "id"}
        found = [str(each["id"]) for each in self._azure.graph.pages("/groups", params=query)]
        if len(found) > 1:
            raise UserError(
                f"Microsoft Entra ID: {len(found)} groups are called {name!r}: choose one with --group {key}=ID,"
                f" of {', '.join(found)}"
            )
        return found[0] if found else None


def _nickname(name: str) -> str:
    """Return a name as the part of a mail address, which Entra ID demands of each group.

    >>> _nickname("Flights ML engineers")
    'Flights-ML-engineers'
    """
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", name)[:64]
