"""People and groups in Azure DevOps: those who approve, and the groups of Entra ID that work in the project."""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path

from ..config import yaml_file
from ..errors import UserError
from . import handover
from .place import PREVIEW, Place
from .steps import Phase, State, Step

# Section `groups` of config/common.yml -> group of the project. Annotators read: the command that labels is in it.
MEMBERS = {
    "data_scientists": "Contributors",
    "ml_engineers": "Contributors",
    "data_engineers": "Contributors",
    "infrastructure_engineers": "Contributors",
    "annotators": "Readers",
}


class Approvers:
    """Identities by mail address or `[Project]\\Group`."""

    def __init__(self, place: Place, named: Mapping[str, Sequence[str]]) -> None:
        self._place = place
        self.named = named  # key of `ci.reviewers` -> names
        self._ids: dict[str, str] = {}

    def of(self, key: str) -> list[str]:
        """Return the IDs of those whom a key of `ci.reviewers` names."""
        return [self._id(name, key) for name in self.named.get(key) or ()]

    def known(self, key: str) -> list[str]:
        """Return the IDs of those that a key names and that have been looked up."""
        return [self._ids[name] for name in self.named.get(key) or () if name in self._ids]

    def problems(self) -> list[str]:
        """Return which names are not exactly one identity; groups of a project that is to be made are not looked up."""
        problems = []
        for key, names in self.named.items():
            for name in names:
                if name.startswith("[") and self._place.project() is None:
                    continue
                try:
                    self._id(name, key)
                except UserError as error:
                    problems.append(str(error))
        return problems

    def _id(self, name: str, key: str) -> str:
        if name not in self._ids:
            query = {"searchFilter": "General", "filterValue": name}
            found = self._place.people.get("/_apis/identities", params=query)["value"]
            found = [each for each in found if each.get("isActive", True)]
            if len(found) != 1:
                where = self._place.organisation
                raise UserError(
                    f"ci.reviewers.{key}: {name!r} is {len(found)} identities in {where}: write one that is one"
                )
            self._ids[name] = str(found[0]["id"])
        return self._ids[name]


def steps(place: Place, root: Path, keys: Iterable[str]) -> list[Step]:
    """Return the steps by which groups of Entra ID become members of the project.

    Args:
        place: the project.
        root: folder of this checkout; its configuration has the IDs once the groups exist.
        keys: of the section `groups`.
    """
    return [_step(place, root / "config" / "common.yml", key, role) for key, role in MEMBERS.items() if key in keys]


@lru_cache(maxsize=1)
def _groups(path: Path, changed: int) -> dict[str, str | None]:
    """Return the section `groups` of a file that was changed at some time."""
    return dict(yaml_file.read(path, "config/common.yml").get("groups") or {})


def _step(place: Place, path: Path, key: str, role: str) -> Step:
    def group() -> str | None:
        return _groups(path, path.stat().st_mtime_ns).get(key)

    def container() -> str | None:
        if place.project() is None:
            return None
        scope = place.people.get(f"/_apis/graph/descriptors/{place.id}")["value"]
        pages = place.people.pages("/_apis/graph/groups", params={**PREVIEW, "scopeDescriptor": scope})
        return next((each["descriptor"] for each in pages if each["displayName"] == role), None)

    def member() -> str | None:
        pages = place.people.pages("/_apis/graph/groups", params={**PREVIEW, "subjectTypes": "aadgp"})
        wanted = str(group()).lower()
        return next((each["descriptor"] for each in pages if str(each.get("originId")).lower() == wanted), None)

    def membership() -> str | None:
        """Return the path of the membership, None while one of the two does not exist."""
        inside, outside = member(), container()
        return f"/_apis/graph/memberships/{inside}/{outside}" if inside and outside else None

    def state() -> State:
        if group() is None:  # not wanted
            return State.SAME
        there = membership()
        found = place.people.get(there, missing=(404,), params=PREVIEW) if there else None
        return State.SAME if found else State.ABSENT

    def make() -> None:
        outside = container()
        if outside is None:
            raise UserError(f"Azure DevOps: the project has no group {role!r}")
        query = {**PREVIEW, "groupDescriptors": outside}
        place.people.post("/_apis/graph/groups", json={"originId": group()}, params=query)

    def remove() -> str | None:
        if there := membership():
            place.people.delete(there, params=PREVIEW)
        return None

    return Step(
        key=f"azure_devops:members/{key}",
        what=f"group {key} of Entra ID, among the project's {role}",
        phase=Phase.PEOPLE,
        state=state,
        make=make,
        remove=remove,
        command=lambda: handover.member(place, str(group()), role),
    )
