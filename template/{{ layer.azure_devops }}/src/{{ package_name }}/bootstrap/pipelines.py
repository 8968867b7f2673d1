"""Pipelines from the files of .azuredevops/, without triggers of their own, and what each may use.

The API takes a file's name even before the file is pushed. Triggers that are set on the pages of Azure DevOps win over
those of the file, and nothing in the file tells; so each trigger is set back to what the file says.
"""

from collections.abc import Callable, Sequence

from ..errors import UserError
from . import environments as places
from .connections import Connections
from .pipeline_files import PipelineFile
from .place import BRANCH, PREVIEW, Json, Place
from .project import queue_id
from .steps import Phase, State, Step

FROM_FILE = 2  # settingsSourceType of a trigger that the file describes
# `_get_pipelines_trigger` of azure-devops-cli-extension.
_OF_AZURE_REPOS: tuple[Json, ...] = ({"triggerType": "continuousIntegration", "settingsSourceType": FROM_FILE},)
_OF_GITHUB: tuple[Json, ...] = (
    *_OF_AZURE_REPOS,
    {
        "triggerType": "pullRequest",
        "settingsSourceType": FROM_FILE,
        "forks": {"enabled": True, "allowSecrets": False},
    },
)


class Definitions:
    """The pipelines in the folder that is named by `ci.prefix`."""

    def __init__(
        self, place: Place, connections: Connections, environments: Sequence[str], files: Sequence[PipelineFile]
    ) -> None:
        self._made = {*connections.names(), *map(place.named, places.roles(environments))}
        self._place = place
        self._connections = connections
        self._files = files
        self._numbers: dict[str, int] = {}

    @property
    def folder(self) -> str:
        """The folder, as the API writes it."""
        return f"\\{self._place.prefix}"

    def id(self, name: str) -> int | None:
        """Return the number of a pipeline, None without one."""
        return self._all([name]).get(name)

    def _all(self, names: Sequence[str]) -> dict[str, int]:
        """Return the numbers of those pipelines that exist."""
        if self._place.project() is None:
            return {}
        if not set(names) <= self._numbers.keys():
            pages = self._place.core.pages(self._place.path("build/definitions"), params={"path": self.folder})
            self._numbers = {each["name"]: int(each["id"]) for each in pages if each["path"] == self.folder}
        return {name: self._numbers[name] for name in names if name in self._numbers}

    def known(self, name: str) -> int:
        """Return the number of a pipeline that exists."""
        found = self.id(name)
        if found is None:
            raise UserError(f"Azure DevOps: the pipeline {self.folder}\\{name} is missing; run it again")
        return found

    def steps(self) -> list[Step]:
        """Return the steps to all pipelines, then those to what they may use."""
        made = [self._step(each) for each in self._files]
        used = sorted({use for each in self._files for use in each.uses()})
        # An environment of Azure that this run does not set up has its turn later.
        wanted = [use for use in used if use[0] not in ("endpoint", "environment") or use[1] in self._made]
        return made + [self._permission_step(kind, name) for kind, name in wanted]

    def _full(self, name: str) -> Json | None:
        number = self.id(name)
        found: Json | None = self._place.core.get(self._place.path(f"build/definitions/{number}")) if number else None
        return found

    def _step(self, file: PipelineFile) -> Step:
        def state() -> State:
            found = self._full(file.name)
            if found is None:
                return State.ABSENT
            return State.SAME if self._fits(found, file) else State.DIFFERENT

        def make() -> None:
            if self.id(file.name) is None:
                configuration = {"type": "yaml", "path": f"/{file.path}", "repository": self._repository()}
                body = {"name": file.name, "folder": self.folder, "configuration": configuration}
                made = self._place.core.post(self._place.path("pipelines"), json=body)
                self._numbers[file.name] = int(made["id"])
            found = self._full(file.name)
            if found and not self._fits(found, file):
                found["process"]["yamlFilename"] = f"/{file.path}"
                found["triggers"] = self._triggers(found)
                self._place.core.put(self._place.path(f"build/definitions/{found['id']}"), json=found)

        def remove() -> str | None:
            if number := self.id(file.name):
                self._place.core.delete(self._place.path(f"build/definitions/{number}"))
                self._numbers.pop(file.name, None)
            return None

        return Step(
            key=f"azure_devops:pipeline/{file.name}",
            what=f"pipeline {self.folder}\\{file.name}, started by {file.path} alone",
            phase=Phase.CI,
            state=state,
            make=make,
            remove=remove,
        )

    def _fits(self, found: Json, file: PipelineFile) -> bool:
        there = found["process"].get("yamlFilename", "").lstrip("/")
        return there == file.path and (found.get("triggers") or []) == self._triggers(found)

    def _triggers(self, found: Json) -> list[Json]:
        """Return the triggers by which the file alone says what starts its pipeline; without one, nothing does."""
        kept = [each for each in found.get("triggers") or [] if not _is_foreign(each)]
        wanted = _OF_GITHUB if self._place.source else _OF_AZURE_REPOS
        return [*kept, *(each for each in wanted if each["triggerType"] not in {one["triggerType"] for one in kept})]

    def _repository(self) -> Json:
        if self._place.source is not None:
            connection = self._connections.github()
            if connection is None:
                raise UserError(github_missing(self._place))
            return {"fullName": self._place.source, "connection": {"id": connection}, "type": "gitHub"}
        repository = self._place.repository()
        if repository is None:
            raise UserError(f"Azure DevOps: the repository {self._place.repository_name} is missing; run it again")
        return {"id": repository["id"], "type": "azureReposGit", "defaultBranch": BRANCH}

    def _permission_step(self, kind: str, name: str) -> Step:
        """Return the step that lets exactly those pipelines use something whose files name it."""
        users = sorted(each.name for each in self._files if (kind, name) in each.uses())

        def state() -> State:
            identifier = self._resource(kind, name)
            if identifier is None:
                return State.ABSENT
            mine = self._all([each.name for each in self._files])
            wanted = {mine[name] for name in users if name in mine}
            listed = self._place.core.get(self._path(kind, identifier), params=PREVIEW)
            given = {each["id"] for each in listed.get("pipelines") or [] if each.get("authorized")}
            given &= set(mine.values())  # others' pipelines are not this command's concern
            if not given or len(wanted) < len(users):
                return State.ABSENT
            return State.SAME if given == wanted and not _is_open(kind, listed) else State.DIFFERENT

        def make() -> None:
            identifier = self._resource(kind, name)
            if identifier is None:
                raise UserError(f"Azure DevOps: {kind} {name!r} is missing, which {', '.join(users)} use")
            self._authorise(kind, identifier, users)

        def remove() -> str | None:
            if identifier := self._resource(kind, name):
                self._authorise(kind, identifier, [])
            return None

        return Step(
            key=f"azure_devops:permission/{kind}/{name}",
            what=f"{_WORDS[kind]} {name}, for use by {', '.join(users)}",
            phase=Phase.CI,
            state=state,
            make=make,
            remove=remove,
        )

    def _authorise(self, kind: str, identifier: str, users: Sequence[str]) -> None:
        ours = self._all([each.name for each in self._files])
        pipelines = [{"id": number, "authorized": name in users} for name, number in ours.items()]
        body: Json = {"resource": {"type": kind, "id": identifier}, "pipelines": pipelines}
        if _is_open(kind, self._place.core.get(self._path(kind, identifier), params=PREVIEW)):
            body["allPipelines"] = {"authorized": False, "authorizedBy": None, "authorizedOn": None}
        self._place.core.patch(self._path(kind, identifier), json=body, params=PREVIEW)

    def _path(self, kind: str, identifier: str) -> str:
        return self._place.path(f"pipelines/pipelinepermissions/{kind}/{identifier}")

    def _resource(self, kind: str, name: str) -> str | None:
        """Return the ID by which permissions know something, None if it does not exist."""
        if self._place.project() is None:
            return None
        look: dict[str, Callable[[], str | None]] = {
            "endpoint": lambda: self._connections.id(name),
            "environment": lambda: places.find(self._place, name),
            "queue": lambda: queue_id(self._place, name),
            "repository": lambda: self._other_repository(name),
        }
        return look[kind]()

    def _other_repository(self, name: str) -> str | None:
        found = self._place.core.get(self._place.path(f"git/repositories/{name}"), missing=(404,))
        return f"{self._place.id}.{found['id']}" if found else None


_WORDS = {"endpoint": "connection", "environment": "environment", "queue": "agent pool", "repository": "repository"}


def github_missing(place: Place) -> str:
    """Return the sentence about the connection to GitHub, which only a person can make."""
    page = f"{place.server}/{place.name}/_settings/adminservices"
    return f"connection to GitHub: make one to {place.source} by 'New service connection', 'GitHub' in {page}"


def _is_open(kind: str, listed: Json) -> bool:
    """Return whether all pipelines may use something that should not be open: a pool or a repository may be."""
    return kind in ("endpoint", "environment") and bool((listed.get("allPipelines") or {}).get("authorized"))


def _is_foreign(trigger: Json) -> bool:
    """Return whether a trigger was set on a page of Azure DevOps, and not by the pipeline's file."""
    return trigger["triggerType"] == "schedule" or trigger.get("settingsSourceType", FROM_FILE) != FROM_FILE
