"""What must be there before anything is written: rights of the person, agents to run on, a second person."""

from collections.abc import Sequence

from ..errors import UserError
from . import handover, security
from .environments import APPROVED
from .people import Approvers
from .pipeline_files import PipelineFile
from .place import Place
from .project import missing_pool, queue_id
from .security import Security
from .steps import Phase, State, Step

FORM = "https://aka.ms/azpipelines-parallelism-request"
_BUILD = ("EditBuildDefinition", "AdministerBuildPermissions", "QueueBuilds")


def rights(place: Place, own: Security) -> list[str]:
    """Return which rights the person lacks, by the names that Azure DevOps shows."""
    project = place.project()
    if project is None:
        lacking = own.lacks(security.COLLECTION, "NAMESPACE", ("CREATE_PROJECTS",))
        who = "members of Project Collection Administrators have it, and can make the project"
        return [f"{place.organisation}: you lack {right.shown!r}; {who}" for right in lacking]
    number, git = project["id"], "repoV2/"
    repository = place.repository()
    table = [
        (security.PROJECT, f"$PROJECT:vstfs:///Classification/TeamProject/{number}", ("GENERIC_WRITE",)),
        (security.CONNECTIONS, f"endpoints/{number}", ("Create", "Administer")),
        (security.BUILD, number, ("CreateBuildDefinition", *_BUILD)),
    ]
    if place.source is None and repository is None:
        table.append((security.REPOSITORIES, git + number, ("CreateRepository", "EditPolicies", "ManagePermissions")))
    elif repository is not None:
        names = ("GenericContribute", "EditPolicies", "ManagePermissions")
        table.append((security.REPOSITORIES, f"{git}{number}/{repository['id']}", names))
    who = "members of Project Administrators have it"
    return [
        f"project {place.name}: you lack {right.shown!r}; {who}"
        for namespace, token, names in table
        for right in own.lacks(namespace, token, names)
    ]


def step(place: Place, own: Security) -> Step:
    """Return the step that an administrator does for a person without rights on a project that exists."""

    def make() -> None:
        raise UserError("; ".join(rights(place, own)))

    return Step(
        key="azure_devops:administrator",
        what=f"you, among {handover.ADMINISTRATORS} of {place.project_name}",
        phase=Phase.REPOSITORY,
        state=lambda: State.SAME if place.project() is None or not rights(place, own) else State.ABSENT,
        make=make,
        command=lambda: handover.administrator(place),
    )


def hosted_jobs(place: Place, files: Sequence[PipelineFile]) -> bool:
    """Return whether jobs on Microsoft's agents can run, or no pipeline has one.

    Azure DevOps grants new organisations none for private projects until a form is answered; their runs fail. The call
    is that of the page "Parallel jobs": it is in `azure-devops-extension-api`, not in the published specification.
    """
    if not any(each.hosted for each in files):
        return True
    tag = "Public" if (place.project() or {}).get("visibility") == "public" else "Private"
    query = {"parallelismTag": tag, "poolIsHosted": "true", "includeRunningRequests": "false"}
    query |= {"api-version": "7.1-preview.2"}
    limit = (place.core.get("/_apis/distributedtask/resourceusage", params=query) or {}).get("resourceLimit") or {}
    return limit.get("totalCount") != 0  # no number: the answer says nothing


def form(place: Place) -> str:
    """Return the step that is left to a person in an organisation without jobs on Microsoft's agents."""
    return (
        f"{place.organisation} has no parallel job on Microsoft's agents, so runs fail: ask for the free grant with the"
        f" form at {FORM} (it takes some days), buy one in {place.server}/_settings/buildqueue, or name an agent pool"
        " of your own in 'pool' of the files in .azuredevops/; then run 'mlops bootstrap' again for the first runs"
    )


def pools(place: Place, files: Sequence[PipelineFile]) -> list[str]:
    """Return which agent pools pipelines name that do not exist."""
    named = sorted({pool for each in files for pool in each.pools})
    return [missing_pool(place, pool) for pool in named if not (queue_id(place, pool) or _pool(place, pool))]


def _pool(place: Place, name: str) -> bool:
    found = place.core.get("/_apis/distributedtask/pools", params={"poolName": name})["value"]
    return any(each["name"] == name for each in found)


def second_person(place: Place, approvers: Approvers) -> list[str]:
    """Return which approvals the person who is signed in could never get for runs of their own."""
    keys = {key: None for key, self_approval in APPROVED.values() if not self_approval}
    alone = [key for key in keys if approvers.named.get(key) and _only(place.me, approvers, key)]
    return [
        f"ci.reviewers.{key}: you alone approve, and prod refuses the approval of the person who started a run: name a"
        " group or a second person"
        for key in alone
    ]


def _only(me: str, approvers: Approvers, key: str) -> bool:
    if any(name.startswith("[") for name in approvers.named[key]):
        return False
    return {each.lower() for each in approvers.known(key)} == {me}
