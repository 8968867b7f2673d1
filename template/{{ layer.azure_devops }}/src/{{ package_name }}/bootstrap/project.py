"""The project and the repository: made, or adopted if they are empty or hold this project; and the push."""

from collections.abc import Sequence
from time import monotonic, sleep
from typing import Any
from urllib.parse import quote

from ..errors import StepFailedError, UserError
from . import git as checkout
from . import handover
from .git import Git
from .pipeline_files import PipelineFile
from .place import BRANCH, Place
from .steps import Phase, State, Step

SECONDS = 300.0  # that Azure DevOps may take to make a project


def steps(place: Place, git: Git, files: Sequence[PipelineFile]) -> list[Step]:
    """Return the steps to the project, its repository with the branch main, and the agent pools that it uses."""
    made = [_project_step(place, git)]
    if place.source is None:
        made += [_repository_step(place, git), _push_step(place, git)]
    made += [_queue_step(place, pool) for pool in sorted({pool for each in files for pool in each.pools})]
    return made


def foreign(place: Place, git: Git) -> str | None:
    """Return why the repository cannot be adopted: it holds commits that are not this checkout's."""
    head = remote_head(place)
    if head and not (git.holds(head) or _ahead(place, git)):
        found = f"{place.organisation}/{place.name}/{place.repository_name}"
        return f"{found}: main holds other commits: pull them if they belong here, or write another 'ci.repository'"
    return None


def wrong_origin(place: Place, git: Git) -> str | None:
    """Return why a push would go elsewhere: the checkout has another remote."""
    origin = git.origin()
    if origin is None or place.source is not None:
        return None
    parts = [quote(each) for each in (place.organisation, place.project_name, place.repository_name)]
    known = [f"dev.azure.com/{parts[0]}/{parts[1]}/_git/{parts[2]}", f"ssh.dev.azure.com/v3/{'/'.join(parts)}"]
    repository = place.repository() or {}
    known += [repository[key] for key in ("remoteUrl", "sshUrl") if repository.get(key)]
    if checkout.place(origin) in [checkout.place(each) for each in known]:
        return None
    shown = checkout.without_sign_in(origin)
    return f"git: origin is {shown}, not {known[0]}: change it, or 'ci.repository' in config/common.yml"


def remote_head(place: Place) -> str | None:
    """Return the commit of main in Azure Repos, None without one."""
    repository = place.repository()
    if repository is None:
        return None
    path = place.path(f"git/repositories/{repository['id']}/refs")
    pages = place.core.pages(path, params={"filter": "heads/main"})
    return next((str(each["objectId"]) for each in pages if each["name"] == BRANCH), None)


def _ahead(place: Place, git: Git) -> bool:
    """Return whether main in Azure Repos has the checkout's commit and newer ones."""
    head, repository = git.head(), place.repository()
    if head is None or repository is None:
        return False
    path = place.path(f"git/repositories/{repository['id']}/commits")
    query = {"searchCriteria.itemVersion.version": "main", "searchCriteria.$top": "1000"}
    return any(each["commitId"] == head for each in place.core.get(path, params=query)["value"])


def _project_step(place: Place, git: Git) -> Step:
    def make() -> None:
        if place.core.get(f"/_apis/projects/{quote(place.project_name)}", missing=(404,)):
            _settle(place)  # a killed run has begun it
            return
        templates = place.core.get("/_apis/process/processes")["value"]
        process = next(each["id"] for each in templates if each.get("isDefault"))
        body = {
            "name": place.project_name,
            "visibility": "private",
            "capabilities": {
                "versioncontrol": {"sourceControlType": "Git"},
                "processTemplate": {"templateTypeId": process},
            },
        }
        _wait(place, place.core.post("/_apis/projects", json=body, ok=(200, 201, 202)))
        _settle(place)

    def remove() -> str | None:
        if why := _keeps_project(place, git):
            return why
        _wait(place, place.core.delete(f"/_apis/projects/{place.id}"))
        place.forget()
        return None

    return Step(
        key="azure_devops:project",
        what=f"project {place.project_name} in {place.organisation}, private",
        phase=Phase.REPOSITORY,
        state=lambda: State.SAME if place.project() else State.ABSENT,
        make=make,
        remove=remove,
        command=lambda: handover.project(place),
    )


def _settle(place: Place) -> None:
    """Wait until the project answers, and Azure DevOps has made its first repository."""
    end = monotonic() + SECONDS
    place.forget()
    while place.project() is None:
        if monotonic() > end:
            raise StepFailedError(f"Azure DevOps: the project {place.project_name} is still being made; run it again")
        sleep(2)


def _wait(place: Place, operation: dict[str, Any]) -> None:
    """Wait for the end of a long operation."""
    end = monotonic() + SECONDS
    while operation["status"] in ("notSet", "queued", "inProgress"):
        if monotonic() > end:
            raise StepFailedError("Azure DevOps: works for more than 5 minutes on the project; run it again")
        sleep(2)
        operation = place.core.get(f"/_apis/operations/{operation['id']}")
    if operation["status"] != "succeeded":
        said = operation.get("detailedMessage") or operation.get("resultMessage") or operation["status"]
        raise StepFailedError(f"Azure DevOps: {said}")


def _keeps_project(place: Place, git: Git) -> str | None:
    """Return what of others a project holds."""
    for repository in place.core.get(place.path("git/repositories"))["value"]:
        if why := _keeps_repository(place, git, repository):
            return why
    mine = {f"\\{place.prefix}"}
    for each in place.core.pages(place.path("build/definitions")):
        if each["path"] not in mine:
            return f"it holds the pipeline {each['path']}\\{each['name']}, which is not of this command"
    query = {"query": "SELECT [System.Id] FROM WorkItems WHERE [System.TeamProject] = @project"}
    if place.core.post(place.path("wit/wiql"), json=query)["workItems"]:
        return "it holds work items"
    return None


def _keeps_repository(place: Place, git: Git, repository: dict[str, Any]) -> str | None:
    """Return which commits of others a repository holds: of none, all refs are in this checkout's main."""
    refs = list(place.core.pages(place.path(f"git/repositories/{repository['id']}/refs")))
    for each in refs:
        if not git.holds(each["objectId"]):
            return f"repository {repository['name']}: {each['name']} holds commits that this checkout does not have"
    if refs and not git.only_mine():
        return f"repository {repository['name']}: it holds commits of others"
    return None


def _repository_step(place: Place, git: Git) -> Step:
    def make() -> None:
        body = {"name": place.repository_name, "project": {"id": place.id}}
        place.core.post(place.path("git/repositories"), json=body)
        place.forget()

    def remove() -> str | None:
        repository = place.repository()
        if repository is None:
            return None
        if why := _keeps_repository(place, git, repository):
            return why
        if len(place.core.get(place.path("git/repositories"))["value"]) == 1:
            return "Azure DevOps keeps the last repository of a project"
        place.core.delete(place.path(f"git/repositories/{repository['id']}"))
        place.forget()
        return None

    return Step(
        key="azure_devops:repository",
        what=f"repository {place.repository_name}",
        phase=Phase.REPOSITORY,
        state=lambda: State.SAME if place.repository() else State.ABSENT,
        make=make,
        remove=remove,
    )


def _push_step(place: Place, git: Git) -> Step:
    def state() -> State:
        head = remote_head(place)
        if head is None:
            return State.ABSENT
        return State.SAME if head == git.head() or _ahead(place, git) else State.DIFFERENT

    def make() -> None:
        if why := wrong_origin(place, git) or foreign(place, git):
            raise UserError(why)
        repository = place.repository()
        if repository is None:
            raise UserError(f"Azure DevOps: the repository {place.repository_name} is missing; run it again")
        if git.origin() is None:
            git.add_origin(repository["remoteUrl"])
        git.push()

    return Step(
        key="azure_devops:push",
        what="branch main, pushed from this checkout",
        phase=Phase.REPOSITORY,
        state=state,
        make=make,
        remove=lambda: "commits go with their repository alone",
    )


def _queue_step(place: Place, pool: str) -> Step:
    """Return the step that lets the project use an agent pool of the organisation."""

    def make() -> None:
        found = place.core.get("/_apis/distributedtask/pools", params={"poolName": pool})["value"]
        if not found:
            raise UserError(missing_pool(place, pool))
        body = {"name": pool, "pool": {"id": found[0]["id"]}}
        place.core.post(place.path("distributedtask/queues"), json=body, params={"authorizePipelines": "false"})

    def remove() -> str | None:
        place.core.delete(place.path(f"distributedtask/queues/{queue_id(place, pool)}"))
        return None

    return Step(
        key=f"azure_devops:queue/{pool}",
        what=f"agent pool {pool}, for use in the project",
        phase=Phase.REPOSITORY,
        state=lambda: State.SAME if queue_id(place, pool) else State.ABSENT,
        make=make,
        remove=remove,
        command=lambda: handover.queue(place, pool),
    )


def missing_pool(place: Place, pool: str) -> str:
    """Return the sentence about an agent pool that the organisation does not have."""
    return (
        f"agent pool {pool!r} is missing, which pipelines name: make it in {place.server}/_settings/agentpools with at"
        " least one agent inside the network, the Azure CLI on it"
    )


def queue_id(place: Place, pool: str) -> str | None:
    """Return the ID by which the project knows an agent pool."""
    if place.project() is None:
        return None
    found = place.core.get(place.path("distributedtask/queues"), params={"queueName": pool})["value"]
    return next((str(each["id"]) for each in found if each["name"] == pool), None)
