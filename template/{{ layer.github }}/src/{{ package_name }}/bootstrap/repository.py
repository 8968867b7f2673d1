"""The repository: made private or adopted, its remote and first push, and the settings of GitHub Actions in it."""

from typing import Any

from ..errors import UserError
from . import rulesets
from .git import BRANCH, REMOTE, Git, place
from .github import GitHub
from .rest import RefusedError
from .steps import Phase, State, Step

EMPTY = 409  # GitHub's answer to a question about commits of a repository without any
UNKNOWN = (404, 422)  # about a commit that it does not hold


def problems(hub: GitHub, git: Git) -> list[str]:
    """Return what keeps the repository from being made, adopted or pushed to."""
    found = git.problems() + rights(hub)
    repository = hub.repository()
    if repository is None or not _is_admin(repository):
        return found
    name = repository["full_name"]
    if repository.get("archived"):
        return [*found, f"{name} on GitHub is archived: unarchive it, or write another into ci.repository"]
    origin = git.origin()
    if origin is not None and place(origin) not in _places(repository):
        found.append(f"git: the remote {REMOTE!r} is {origin}, not {name}: 'git remote rename {REMOTE} other'")
    if found or _is_empty(hub):
        return found
    if not _matches(hub, git):
        found.append(
            f"{name} on GitHub holds other commits than this project: delete it, or write another into ci.repository"
        )
    elif (branch := repository["default_branch"]) != BRANCH:  # schedules and rules are of the default branch
        there = f"{name} on GitHub: its default branch is {branch!r}"
        found.append(f"{there}: 'gh repo edit {name} --default-branch {BRANCH}'")
    return found


def rights(hub: GitHub) -> list[str]:
    """Return which right the person lacks to make the repository, or to set it up."""
    repository = hub.repository()
    if repository is None:
        return _cannot_make(hub)
    if _is_admin(repository):
        return []
    return [f"{repository['full_name']} on GitHub: your role there must be Admin; ask an owner for it"]


def _is_admin(repository: dict[str, Any]) -> bool:
    return bool((repository.get("permissions") or {}).get("admin"))


def steps(hub: GitHub, git: Git) -> list[Step]:
    """Return the repository, its remote, the first push and the settings of GitHub Actions."""
    return [
        Step(
            "github:repository",
            f"private repository {hub.wanted} on GitHub",
            Phase.REPOSITORY,
            lambda: State.ABSENT if hub.repository() is None else State.SAME,
            lambda: _make(hub),
            lambda: _remove(hub, git),
            lambda: f"gh repo create {hub.wanted} --private",
        ),
        Step(
            "git:origin",
            f"remote {REMOTE!r} of this checkout",
            Phase.REPOSITORY,
            lambda: State.ABSENT if git.origin() is None else State.SAME,
            lambda: git.add_origin(_address(hub)),
            lambda: _forget_origin(hub, git),
        ),
        Step(
            "github:push",
            f"branch {BRANCH} on GitHub",
            Phase.REPOSITORY,
            lambda: _pushed(hub, git),
            git.push,
            lambda: "it holds your commits, which go with the repository alone",
            lambda: f"git push {REMOTE} {BRANCH}",
        ),
        Step(
            "github:actions",
            "GitHub Actions: on, and only with actions that are pinned by commit",
            Phase.REPOSITORY,
            lambda: _actions(hub)[0],
            lambda: _write_actions(hub),
            command=hub.command("PUT", lambda: f"{hub.path}/actions/permissions", lambda: _actions(hub)[1]),
        ),
        Step(
            "github:token",
            "token of jobs: reads by default, and may open pull requests",
            Phase.REPOSITORY,
            lambda: _token(hub),
            lambda: _write_token(hub),
            command=hub.command("PUT", lambda: f"{hub.path}/actions/permissions/workflow", lambda: TOKEN),
        ),
    ]


TOKEN = {"default_workflow_permissions": "read", "can_approve_pull_request_reviews": True}


def pull_requests_forbidden(hub: GitHub) -> bool:
    """Return whether jobs may not open pull requests, because the organisation forbids it."""
    found = hub.rest.get(f"{hub.path}/actions/permissions/workflow", missing=(404,))
    return bool(found) and not found["can_approve_pull_request_reviews"]


def _cannot_make(hub: GitHub) -> list[str]:
    owner = hub.owner()
    other = "or have it made, empty and private, with the role Admin for you"
    if not owner.organisation:
        if owner.login.casefold() == hub.me.casefold():
            return []
        return [f"{hub.wanted} on GitHub: it is not there, and you are {hub.me}: sign in as {owner.login}, {other}"]
    member = hub.rest.get(f"/user/memberships/orgs/{owner.login}", missing=(403, 404))
    if member is None or member["state"] != "active":
        return [f"{hub.wanted} on GitHub: it is not there, and you are no member of {owner.login}: join it, {other}"]
    allowed = hub.rest.get(f"/orgs/{owner.login}").get("members_can_create_private_repositories", True)
    if member["role"] != "admin" and not allowed:
        return [
            f"{hub.wanted} on GitHub: {owner.login} lets only its owners make private repositories: be one, {other}"
        ]
    return []


def free_plan(hub: GitHub) -> str | None:
    """Return what a private repository of this owner lacks and what to do, None if it lacks nothing."""
    owner, there = hub.owner(), hub.repository()
    if there is not None and (not there["private"] or rulesets.offered(hub)):
        return None
    if there is None and owner.protects:
        return None
    name = there["full_name"] if there else hub.wanted
    public = (
        f"gh repo edit {name} --visibility public --accept-visibility-change-consequences"
        if there
        else f"gh repo create {name} --public"
    )
    return (
        f"{owner.login} on GitHub has the plan 'free': its private repositories have no environment variables, branch"
        f" policies and rulesets. One step more: make the repository public, '{public}', and run this again; or take a"
        " larger plan (Enterprise for approvals)"
    )


def _is_empty(hub: GitHub) -> bool:
    try:
        hub.rest.get(f"{hub.path}/commits", params={"per_page": "1"})
    except RefusedError as refused:
        if refused.status == EMPTY:
            return True
        raise
    return False


def _matches(hub: GitHub, git: Git) -> bool:
    return any(hub.rest.get(f"{hub.path}/commits/{root}", missing=UNKNOWN) for root in git.roots())


def _places(repository: dict[str, Any]) -> set[str]:
    return {place(repository["clone_url"]), place(repository["ssh_url"])}


def _address(hub: GitHub) -> str:
    repository = hub.repository()
    if repository is None:
        raise UserError(f"{hub.wanted} on GitHub: it is not there")
    return str(repository["clone_url"])


def _make(hub: GitHub) -> None:
    owner = hub.owner()
    path = f"/orgs/{owner.login}/repos" if owner.organisation else "/user/repos"
    hub.rest.post(path, json={"name": hub.wanted.partition("/")[2], "private": True})
    hub.forget()
    if why := free_plan(hub):  # most sign-ins do not show the plan of an organisation before
        raise UserError(why)


def _remove(hub: GitHub, git: Git) -> str | None:
    foreign = [name for name, commit in git.refs(_address(hub)).items() if not git.holds(commit)]
    if foreign:
        return f"it holds commits that are not of this checkout ({foreign[0]})"
    if others := git.others():
        return f"it holds commits of others: {', '.join(others[:3])}{' and more' if len(others) > 3 else ''}"
    if next(hub.rest.pages(f"{hub.path}/issues", params={"state": "all", "per_page": "1"}, missing=(410,)), None):
        return "it holds issues or pull requests"
    try:
        hub.rest.delete(hub.path)
    except RefusedError as refused:
        if refused.status != 403:
            raise
        return f"GitHub refuses to delete it ({refused.message}): 'gh auth refresh --scopes delete_repo'"
    hub.forget()
    return None


def _forget_origin(hub: GitHub, git: Git) -> str | None:
    repository = hub.repository()
    if repository is not None and place(git.origin() or "") not in _places(repository):
        return "it names another repository now"
    git.remove_origin()
    return None


def _pushed(hub: GitHub, git: Git) -> State:
    found = hub.rest.get(f"{hub.path}/git/ref/heads/{BRANCH}", missing=(404, EMPTY)) if hub.repository() else None
    if found is None:
        return State.ABSENT
    commit, head = found["object"]["sha"], git.head()
    if commit == head:
        return State.SAME
    # Commits that this checkout does not hold are newer ones of others; they may stand on its own.
    newer = not git.holds(commit) and hub.rest.get(f"{hub.path}/commits/{head}", missing=UNKNOWN) is not None
    return State.SAME if newer else State.DIFFERENT


def _actions(hub: GitHub) -> tuple[State, dict[str, Any]]:
    found = hub.rest.get(f"{hub.path}/actions/permissions", missing=(404,))
    if found is None:
        return State.ABSENT, {"enabled": True, "sha_pinning_required": True}
    wanted = {"enabled": True, "allowed_actions": found.get("allowed_actions", "all")}
    if "sha_pinning_required" in found:  # GitHub Enterprise Server may not know it yet
        wanted["sha_pinning_required"] = True
    return (State.SAME if wanted.items() <= found.items() else State.DIFFERENT), wanted


def _write_actions(hub: GitHub) -> None:
    hub.rest.put(f"{hub.path}/actions/permissions", json=_actions(hub)[1])


def _token(hub: GitHub) -> State:
    found = hub.rest.get(f"{hub.path}/actions/permissions/workflow", missing=(404,))
    if found is None:
        return State.ABSENT
    return State.SAME if TOKEN.items() <= found.items() else State.DIFFERENT


def _write_token(hub: GitHub) -> None:
    path = f"{hub.path}/actions/permissions/workflow"
    try:
        hub.rest.put(path, json=TOKEN)
    except RefusedError as refused:
        if refused.status != 409:  # the organisation forbids it
            raise
        found = hub.rest.get(path)
        if found["default_workflow_permissions"] != "read":
            hub.rest.put(path, json={**found, "default_workflow_permissions": "read"})
