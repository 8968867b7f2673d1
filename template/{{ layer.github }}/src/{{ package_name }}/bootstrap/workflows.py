"""The workflows of the repository: on, and the first training started."""

from typing import Any

from ..errors import StepFailedError
from .git import BRANCH
from .github import GitHub
from .rest import RefusedError
from .steps import Phase, State, Step

TRAIN = "train.yml"
# GitHub switches schedules off after 60 quiet days, and the workflows of a fork.
SWITCHED_OFF = ("disabled_inactivity", "disabled_fork")


def enabled(hub: GitHub) -> Step:
    """Return the workflows, none of them switched off by GitHub."""
    return Step(
        "github:workflows",
        "workflows that GitHub switched off: on again",
        Phase.FINISH,
        lambda: State.DIFFERENT if _in_state(hub, *SWITCHED_OFF) else State.SAME,
        lambda: _enable(hub),
    )


def switched_off_by_people(hub: GitHub) -> list[str]:
    """Return the files of workflows that people switched off; they stay off."""
    return [each["path"] for each in _in_state(hub, "disabled_manually")]


def training(hub: GitHub) -> Step:
    """Return the first training; any run that was started before counts."""
    return Step(
        "github:run/train",
        "first training, in dev",
        Phase.FINISH,
        lambda: _started(hub),
        lambda: _start(hub),
        lambda: "a run that was started stays in the list of runs",
        lambda: f"gh workflow run {TRAIN} --repo {hub.path.removeprefix('/repos/')}",
    )


def _in_state(hub: GitHub, *states: str) -> list[dict[str, Any]]:
    listed = hub.rest.pages(f"{hub.path}/actions/workflows", "workflows", params={"per_page": "100"}, missing=(404,))
    return [each for each in listed if each["state"] in states]


def _enable(hub: GitHub) -> None:
    for each in _in_state(hub, *SWITCHED_OFF):
        hub.rest.put(f"{hub.path}/actions/workflows/{each['id']}/enable")


def _started(hub: GitHub) -> State:
    # Runs of a push do not count: before the variable AZURE_TENANT_ID is set, their jobs are skipped.
    found = hub.rest.get(
        f"{hub.path}/actions/workflows/{TRAIN}/runs",
        params={"event": "workflow_dispatch", "per_page": "1"},
        missing=(404,),
    )
    return State.SAME if found and found["total_count"] else State.ABSENT


def _start(hub: GitHub) -> None:
    try:
        hub.rest.post(f"{hub.path}/actions/workflows/{TRAIN}/dispatches", json={"ref": BRANCH})
    except RefusedError as refused:
        if refused.status == 404:
            raise StepFailedError(
                f"GitHub does not list the workflow {TRAIN} yet: run it again in a minute, with main pushed"
            ) from None
        raise
