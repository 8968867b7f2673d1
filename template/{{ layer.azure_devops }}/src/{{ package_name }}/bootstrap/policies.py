"""Policies of main in Azure Repos: checks of pull requests by pipelines, one approval, and who reviews what.

Azure Repos ignores `pr:` of a pipeline's file, and has no CODEOWNERS. Types and settings: `policy/branch` of
terraform-provider-azuredevops.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from .people import Approvers
from .pipeline_files import PipelineFile
from .pipelines import Definitions
from .place import BRANCH, Json, Place
from .steps import Phase, State, Step

BUILD = "0609b952-1397-4640-95ec-e00a01b2c241"
REVIEWERS = "fa4e907d-c16b-4a4c-9dfa-4906e5d171dd"
INCLUDED = "fd2167ab-b0be-447a-8ec8-39368250530e"
HALF_A_DAY = 720.0  # minutes after which a check of a pull request counts no more
# Key of `ci.reviewers` -> what those people review: the first, what builds Azure and what production looks like; the
# second, what decides whether a model is good enough, and what it is built from.
REVIEWED = {
    "infra": ("/infra/*", "/config/common.yml", "/config/prod.yml", "/docs/roles.md", "/.azuredevops/*"),
    "prod": ("/config/project.yml", "/azureml/*", "/requirements/*", "/uv.lock"),
}


@dataclass(frozen=True)
class Policy:
    """A policy as it should be.

    Attributes:
        key: word for the step's key.
        what: for people.
        kind: the API's type.
        settings: gives them from those that are found, so that what others added or set more strictly stays.
        ours: whether settings that are found are of this policy.
        enough: whether they are these, or stricter.
        blocking: whether a pull request waits for it.
    """

    key: str
    what: str
    kind: str
    settings: Callable[[Json], Json]
    ours: Callable[[Json], bool]
    enough: Callable[[Json], bool]
    blocking: bool = True

    def holds(self, found: Json) -> bool:
        """Return whether a policy that is found is this one, or stricter."""
        return bool(
            found["isEnabled"] and (found["isBlocking"] or not self.blocking) and self.enough(found["settings"])
        )


def steps(place: Place, definitions: Definitions, files: Sequence[PipelineFile], approvers: Approvers) -> list[Step]:
    """Return the steps to the policies of main; none for code on GitHub, which has its own."""
    if place.source is not None:
        return []
    wanted = [_build(definitions, each) for each in files if each.paths is not None]
    wanted += [_reviewers(), *(_included(approvers, key) for key in REVIEWED if approvers.named.get(key))]
    return [_step(place, each) for each in wanted]


def _build(definitions: Definitions, file: PipelineFile) -> Policy:
    def settings(found: Json) -> Json:
        return {
            "displayName": file.name,
            "queueOnSourceUpdateOnly": True,
            "validDuration": HALF_A_DAY,
            **found,
            "buildDefinitionId": definitions.known(file.name),
            "manualQueueOnly": False,
            "filenamePatterns": list(file.paths or ()),
        }

    def enough(found: Json) -> bool:
        return not found.get("manualQueueOnly") and tuple(found.get("filenamePatterns") or ()) == file.paths

    def ours(found: Json) -> bool:
        number = definitions.id(file.name)
        return number is not None and found.get("buildDefinitionId") == number

    where = f", for {', '.join(file.paths)}" if file.paths else ""
    return Policy(f"build/{file.name}", f"{file.name} must pass{where}", BUILD, settings, ours, enough)


def _reviewers() -> Policy:
    def settings(found: Json) -> Json:
        return {
            "allowDownvotes": False,
            "resetOnSourcePush": True,
            **found,
            "creatorVoteCounts": False,
            "minimumApproverCount": max(found.get("minimumApproverCount") or 0, 1),
        }

    def enough(found: Json) -> bool:
        return (found.get("minimumApproverCount") or 0) >= 1 and not found.get("creatorVoteCounts")

    return Policy("reviewers", "one other person must approve", REVIEWERS, settings, lambda _: True, enough)


def _included(approvers: Approvers, key: str) -> Policy:
    """Return the policy by which people of `ci.reviewers` review what is theirs.

    A pull request waits for it only if they are one group: of several, Azure DevOps wants every single one, and for a
    person alone it would wait for ever if that person opened it.
    """
    names, paths = approvers.named[key], REVIEWED[key]
    blocking = len(names) == 1 and names[0].startswith("[")
    message = f"ci.reviewers.{key}"

    def settings(found: Json) -> Json:
        return {
            "minimumApproverCount": 1,
            **found,
            "creatorVoteCounts": False,
            "message": message,
            "requiredReviewerIds": approvers.of(key),
            "filenamePatterns": [*paths, *(each for each in found.get("filenamePatterns") or () if each not in paths)],
        }

    def enough(found: Json) -> bool:
        there = {str(each).lower() for each in found.get("requiredReviewerIds") or ()}
        return (
            there == {each.lower() for each in approvers.of(key)}
            and set(paths) <= set(found.get("filenamePatterns") or ())
            and not found.get("creatorVoteCounts")
        )

    must = "must review" if blocking else "are asked to review"
    what = f"{' and '.join(names)} {must} {', '.join(paths)}"
    return Policy(
        f"included/{key}", what, INCLUDED, settings, lambda found: found.get("message") == message, enough, blocking
    )


def _step(place: Place, policy: Policy) -> Step:
    def found() -> list[Json]:
        repository = place.repository()
        if repository is None:
            return []
        pages = place.core.pages(place.path("policy/configurations"), params={"policyType": policy.kind})
        listed = [each for each in pages if not each.get("isDeleted")]
        return [
            each for each in listed if _covers(each["settings"], repository["id"]) and policy.ours(each["settings"])
        ]

    def state() -> State:
        there = found()
        if not there:
            return State.ABSENT
        return State.SAME if any(map(policy.holds, there)) else State.DIFFERENT

    def make() -> None:
        there, path = found(), place.path("policy/configurations")
        settings = policy.settings(there[0]["settings"] if there else {})
        scope = [{"repositoryId": (place.repository() or {}).get("id"), "refName": BRANCH, "matchKind": "Exact"}]
        body = {"isEnabled": True, "isBlocking": policy.blocking, "type": {"id": policy.kind}}
        body |= {"settings": {"scope": scope, **settings}}  # it may cover other branches, too
        if there:
            place.core.put(f"{path}/{there[0]['id']}", json=body)
        else:
            place.core.post(path, json=body)

    def remove() -> str | None:
        for each in found():
            if policy.holds(each):
                place.core.delete(place.path(f"policy/configurations/{each['id']}"))
                return None
        return "it was changed since"

    return Step(
        key=f"azure_devops:policy/{policy.key}",
        what=f"pull requests to main: {policy.what}",
        phase=Phase.FINISH,  # after the last push of this command
        state=state,
        make=make,
        remove=remove,
    )


def _covers(settings: Json, repository: str) -> bool:
    """Return whether a policy is about main of this very repository."""
    return any(
        str(each.get("repositoryId")).lower() == repository.lower() and each.get("refName") == BRANCH
        for each in settings.get("scope") or []
    )
