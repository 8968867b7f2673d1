"""The build service, as which every job calls Azure DevOps itself: its first run, and the rights that `watch` needs.

Azure DevOps makes the identity with the first run of a pipeline. Its descriptor ends with the ID of the project, or of
the organisation where jobs are not limited to their project.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from time import sleep
from urllib.parse import quote

from ..config.watch import Watch
from ..errors import StepFailedError
from . import security
from .pipelines import Definitions
from .place import BRANCH, Place
from .security import Security
from .steps import Phase, State, Step

FIRST = "ci"  # needs no right and no approval
TRIES = 30  # looks for the identity, two seconds apart
_START = "Microsoft.TeamFoundation.ServiceIdentity;"


@dataclass(frozen=True)
class Grant:
    """Rights at one place.

    Attributes:
        key: word for the step's key.
        where: for people.
        namespace: of the rights.
        token: gives the place's name in that namespace, None while it does not exist.
        names: of the rights.
    """

    key: str
    where: str
    namespace: str
    token: Callable[[], str | None]
    names: tuple[str, ...]


class BuildService:
    """The build service of the project."""

    def __init__(self, place: Place, definitions: Definitions, rights: Security, watch: Watch) -> None:
        self._place = place
        self._definitions = definitions
        self._rights = rights
        self._watch = watch
        self._found: str | None = None
        self._nodes: dict[str, str] = {}  # path of an area -> its node

    def steps(self) -> list[Step]:
        """Return the steps to the identity and to each of its rights."""
        return [self._first_run_step(), *(self._step(each) for each in self._grants())]

    def _grants(self) -> Sequence[Grant]:
        started = [self._watch.promote, self._watch.retrain]
        queue = ("QueueBuilds", "EditPipelineQueueConfigurationPermission")  # the second one: runs with parameters
        grants = [
            Grant(f"queue/{name}", f"pipeline {name}", security.BUILD, partial(self._pipeline, name), queue)
            for name in started
        ]
        work = ("WORK_ITEM_READ", "WORK_ITEM_WRITE")
        area = self._watch.area_path or "the project's area"
        grants.append(Grant("work-items", f"work items in {area}", security.AREAS, self._area, work))
        grants.append(Grant("tags", "tags of work items", security.TAGGING, self._tags, ("Create",)))
        if self._place.source is None:  # an update of the template is pushed to a branch, with a pull request
            git = ("GenericContribute", "CreateBranch", "PullRequestContribute")
            grants.append(Grant("repository", "the repository", security.REPOSITORIES, self._repository, git))
        return grants

    def _pipeline(self, name: str) -> str | None:
        number = self._definitions.id(name)
        return None if number is None else f"{self._place.id}/{self._place.prefix}/{number}"

    def _tags(self) -> str | None:
        return f"/{self._place.id}" if self._place.project() else None

    def _repository(self) -> str | None:
        found = self._place.repository()
        return f"repoV2/{self._place.id}/{found['id']}" if found else None

    def _area(self) -> str | None:
        """Return the token of an area: the nodes from the root to it."""
        if self._place.project() is None:
            return None
        nodes, path = [], ""
        for part in ["", *(self._watch.area_path or "").split("\\")[1:]]:
            path += f"/{quote(part)}" if part else ""
            if path not in self._nodes:
                found = self._place.core.get(self._place.path(f"wit/classificationnodes/areas{path}"))
                self._nodes[path] = f"vstfs:///Classification/Node/{found['identifier']}"
            nodes.append(self._nodes[path])
        return ":".join(nodes)

    def descriptor(self) -> str | None:
        """Return the identity as access control lists name it, None while it does not exist."""
        if self._found is None and self._place.project():
            settings = self._place.core.get(self._place.path("build/generalsettings"))
            own = settings.get("enforceJobAuthScope", True)
            name = self._place.name if own else "Project Collection"
            query = {"searchFilter": "General", "filterValue": f"{name} Build Service ({self._place.organisation})"}
            listed = self._place.people.get("/_apis/identities", params=query)["value"]
            found = [each["descriptor"] for each in listed if each["descriptor"].startswith(_START)]
            mine = [each for each in found if not own or each.lower().endswith(f":build:{self._place.id.lower()}")]
            self._found = mine[0] if len(mine) == 1 else None
        return self._found

    def _first_run_step(self) -> Step:
        def make() -> None:
            number = self._definitions.known(FIRST)
            body = {"resources": {"repositories": {"self": {"refName": BRANCH}}}}
            self._place.core.post(self._place.path(f"pipelines/{number}/runs"), json=body)
            for _ in range(TRIES):
                if self.descriptor():
                    return
                sleep(2)
            raise StepFailedError("Azure DevOps: the first run of 'ci' has not made the build service; run it again")

        return Step(
            key="azure_devops:build-service",
            what=f"a first run of {FIRST}, with which Azure DevOps makes its build service",
            phase=Phase.CI,
            state=lambda: State.SAME if self.descriptor() else State.ABSENT,
            make=make,
            remove=lambda: None,  # it goes with the project
        )

    def _step(self, grant: Grant) -> Step:
        def bits() -> int:
            return sum(each.bit for each in self._rights.rights(grant.namespace, grant.names))

        def state() -> State:
            token, who = grant.token(), self.descriptor()
            if token is None or who is None:
                return State.ABSENT
            given, effective = self._rights.given(grant.namespace, token, who)
            if effective & bits() == bits():
                return State.SAME
            return State.DIFFERENT if given & bits() else State.ABSENT

        def make() -> None:
            token, who = grant.token(), self.descriptor()
            if token is None or who is None:
                raise StepFailedError(f"Azure DevOps: {grant.where} or its build service is missing; run it again")
            self._rights.give(grant.namespace, token, who, bits())
            _, effective = self._rights.given(grant.namespace, token, who)
            denied = [each for each in self._rights.rights(grant.namespace, grant.names) if not effective & each.bit]
            if denied:
                names = ", ".join(repr(each.shown) for each in denied)
                raise StepFailedError(f"build service, {grant.where}: another entry denies {names}: take it away")

        def remove() -> str | None:
            token, who = grant.token(), self.descriptor()
            if token is not None and who is not None:
                self._rights.take(grant.namespace, token, who, bits())
            return None

        return Step(
            key=f"azure_devops:right/{grant.key}",
            what=f"build service: rights on {grant.where}",
            phase=Phase.CI,
            state=state,
            make=make,
            remove=remove,
        )
