"""Policies of main in Azure Repos: checks of pull requests by pipelines, and one approval by another person.

Azure Repos ignores `pr:` of a pipeline's file. Types and settings: terraform-provider-azuredevops, `policy/branch`.
"""

from collections.abc import Callable, Sequence

from .pipeline_files import PipelineFile
from .pipelines import Definitions
from .place import BRANCH, Json, Place
from .steps import Phase, State, Step

BUILD = "0609b952-1397-4640-95ec-e00a01b2c241"
REVIEWERS = "fa4e907d-c16b-4a4c-9dfa-4906e5d171dd"
HALF_A_DAY = 720.0  # minutes after which a check of a pull request counts no more


def steps(place: Place, definitions: Definitions, files: Sequence[PipelineFile]) -> list[Step]:
    """Return the steps to the policies of main; none for code on GitHub, which has its own."""
    if place.source is not None:
        return []
    made = [_build_step(place, definitions, each) for each in files if each.paths is not None]
    return [*made, _reviewers_step(place)]


def _build_step(place: Place, definitions: Definitions, file: PipelineFile) -> Step:
    def settings() -> Json | None:
        number = definitions.id(file.name)
        if number is None:
            return None
        return {
            "buildDefinitionId": number,
            "displayName": file.name,
            "manualQueueOnly": False,
            "queueOnSourceUpdateOnly": True,
            "validDuration": HALF_A_DAY,
            "filenamePatterns": list(file.paths or ()),
        }

    def enough(found: Json) -> bool:
        return not found.get("manualQueueOnly") and tuple(found.get("filenamePatterns") or ()) == file.paths

    def same_pipeline(found: Json) -> bool:
        return found.get("buildDefinitionId") == (settings() or {}).get("buildDefinitionId")

    where = f", for {', '.join(file.paths)}" if file.paths else ""
    return _step(place, f"build/{file.name}", f"{file.name} must pass{where}", BUILD, settings, same_pipeline, enough)


def _reviewers_step(place: Place) -> Step:
    settings = {
        "minimumApproverCount": 1,
        "creatorVoteCounts": False,
        "allowDownvotes": False,
        "resetOnSourcePush": True,
    }

    def enough(found: Json) -> bool:
        return (found.get("minimumApproverCount") or 0) >= 1 and not found.get("creatorVoteCounts")

    what = "one other person must approve"
    return _step(place, "reviewers", what, REVIEWERS, lambda: settings, lambda _: True, enough)


def _step(
    place: Place,
    key: str,
    what: str,
    kind: str,
    settings: Callable[[], Json | None],
    ours: Callable[[Json], bool],
    enough: Callable[[Json], bool],
) -> Step:
    def found() -> list[Json]:
        repository = place.repository()
        if repository is None or settings() is None:
            return []
        pages = place.core.pages(place.path("policy/configurations"), params={"policyType": kind})
        return [
            each
            for each in pages
            if not each.get("isDeleted") and _covers(each["settings"], repository["id"]) and ours(each["settings"])
        ]

    def is_enough(policy: Json) -> bool:
        return bool(policy["isEnabled"] and policy["isBlocking"] and enough(policy["settings"]))

    def state() -> State:
        there = found()
        if not there:
            return State.ABSENT
        return State.SAME if any(is_enough(each) for each in there) else State.DIFFERENT

    def make() -> None:
        repository = place.repository() or {}
        scope = [{"repositoryId": repository.get("id"), "refName": BRANCH, "matchKind": "Exact"}]
        body = {"isEnabled": True, "isBlocking": True, "type": {"id": kind}}
        body |= {"settings": {**(settings() or {}), "scope": scope}}
        path, there = place.path("policy/configurations"), found()
        if there:
            place.core.put(f"{path}/{there[0]['id']}", json=body)
        else:
            place.core.post(path, json=body)

    def remove() -> str | None:
        for each in found():
            if is_enough(each):
                place.core.delete(place.path(f"policy/configurations/{each['id']}"))
                return None
        return "it was changed since"

    return Step(
        key=f"azure_devops:policy/{key}",
        what=f"pull requests to main: {what}",
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
