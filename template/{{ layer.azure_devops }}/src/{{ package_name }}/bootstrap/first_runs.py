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


def due(cron: str, after: datetime) -> datetime | None:
    """Return when a schedule is due next, None for one that is neither hourly nor daily.

    >>> due("17 * * * *", datetime(2026, 11, 29, 12, 30, tzinfo=UTC)).isoformat()
    '2026-11-29T13:17:00+00:00'
    >>> due("43 5 * * *", datetime(2026, 11, 29, 4, 0, tzinfo=UTC)).isoformat()
    '2026-11-29T05:43:00+00:00'
    """
    minute, hour = cron.split()[:2]
    if not minute.isdigit() or not (hour == "*" or hour.isdigit()):
        return None
    time = after.replace(minute=int(minute), second=0, microsecond=0)
    time = time if hour == "*" else time.replace(hour=int(hour))
    return time if time > after else time + longest(cron)


def pause(cron: str, at: datetime) -> float:
    """Return the seconds until the next look: one minute after a schedule was due, otherwise those until it is."""
    time = due(cron, at - LATE)
    return EVERY if time is None or time <= at else (time - at).total_seconds()


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
            sleep(min(pause(cron, now()), (end - now()).total_seconds() + 1))

    return Step(
        key="azure_devops:schedule/watch",
        what=f"{WATCH} has run by its schedule ({cron}, UTC)",
        phase=Phase.FINISH,
        state=lambda: State.SAME if scheduled() else State.ABSENT,
        make=make,
        remove=lambda: None,  # runs go with their pipeline
    )
