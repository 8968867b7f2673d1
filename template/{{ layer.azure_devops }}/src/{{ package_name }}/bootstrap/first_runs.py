"""The first runs: of `watch` by its schedule, and of `train` by this command.

Azure DevOps may ignore the schedule of a new pipeline until its file is changed, and says nothing; so it is waited for.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from time import sleep
from typing import Any

from ..errors import StepFailedError, UserError
from .pipeline_files import PipelineFile
from .pipelines import Definitions
from .place import BRANCH, Place
from .steps import Phase, State, Step

WATCH, TRAIN = "watch", "train"
LATE = timedelta(minutes=20)  # by which Azure DevOps may start a scheduled run
EVERY = 60  # seconds between two looks


def steps(place: Place, definitions: Definitions, files: Sequence[PipelineFile]) -> list[Step]:
    """Return the step that starts `train` once, and the one that waits for the schedule of `watch`."""
    names = {each.name: each for each in files}
    made = []
    if TRAIN in names:
        made.append(_train_step(place, definitions))
    if WATCH in names and (cron := names[WATCH].cron):
        made.append(_schedule_step(place, definitions, names[WATCH], cron))
    return made


def now() -> datetime:
    """Return the time."""
    return datetime.now(UTC)


def longest(cron: str) -> timedelta:
    """Return the longest time between two runs of a schedule: an hour or a day.

    >>> longest("17 * * * *")
    datetime.timedelta(seconds=3600)
    """
    return timedelta(hours=1) if cron.split()[1] == "*" else timedelta(days=1)


def _builds(place: Place, definitions: Definitions, name: str, **query: str) -> list[dict[str, Any]]:
    number = definitions.id(name)
    if number is None:
        return []
    found = place.core.get(place.path("build/builds"), params={"definitions": str(number), "$top": "1", **query})
    return list(found["value"])


def _train_step(place: Place, definitions: Definitions) -> Step:
    def make() -> None:
        body = {"resources": {"repositories": {"self": {"refName": BRANCH}}}}
        place.core.post(place.path(f"pipelines/{definitions.known(TRAIN)}/runs"), json=body)

    return Step(
        key="azure_devops:run/train",
        what="a first run of train",
        phase=Phase.FINISH,
        state=lambda: State.SAME if _builds(place, definitions, TRAIN) else State.ABSENT,
        make=make,
        remove=lambda: None,  # runs go with their pipeline
    )


def _schedule_step(place: Place, definitions: Definitions, file: PipelineFile, cron: str) -> Step:
    def scheduled() -> bool:
        return bool(_builds(place, definitions, WATCH, reasonFilter="schedule"))

    def make() -> None:
        if definitions.id(WATCH) is None:
            raise UserError("Azure DevOps: the pipeline watch is missing; run it again")
        end = now() + longest(cron) + LATE
        while not scheduled():
            if now() > end:
                raise StepFailedError(
                    f"the schedule of {WATCH!r} ({cron}, UTC) has not started a run by {end:%H:%M} UTC: Azure DevOps"
                    f" may ignore a schedule until its file changes: change a comment in {file.path}, push it to main,"
                    " and run this again"
                )
            sleep(EVERY)

    return Step(
        key="azure_devops:schedule/watch",
        what=f"{WATCH} has run by its schedule ({cron}, UTC)",
        phase=Phase.FINISH,
        state=lambda: State.SAME if scheduled() else State.ABSENT,
        make=make,
        remove=lambda: None,  # runs go with their pipeline
    )
