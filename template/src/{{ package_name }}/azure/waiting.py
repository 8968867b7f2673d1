"""Wait for work that goes on in Azure: with a limit, with progress, and interruptible without losing it."""

import time
from collections.abc import Callable
from typing import Any, Protocol

from ..errors import StepFailedError
from ..figures import plural

PAUSE = 5.0  # seconds between looks
SAID_EVERY = 30.0  # seconds between lines of progress

Say = Callable[[str], None]


def pause(seconds: float = PAUSE) -> None:
    """Let some seconds pass."""
    time.sleep(seconds)


class Poller(Protocol):
    """The part of azure-core's LROPoller that is used here."""

    def done(self) -> bool: ...
    def result(self, timeout: float | None = None) -> Any: ...
    def wait(self, timeout: float | None = None) -> None: ...


def wait(poller: Poller, what: str, *, minutes: float, say: Say) -> Any:
    """Return the outcome of a long-running operation of Azure.

    `LROPoller.result(timeout)` would return a half-made resource once the time is over; `done()` is asked instead.

    Args:
        poller: as the SDK returns it.
        what: is being done, such as "deployment green".
        minutes: that it may take.
        say: receives a line of progress now and then.

    Raises:
        StepFailedError: the time is over; the operation goes on in Azure.
        KeyboardInterrupt: after a line that says what is left running.
        AzureError: the operation failed.
    """
    began = said = time.monotonic()
    try:
        while not poller.done():
            poller.wait(PAUSE)
            now = time.monotonic()
            if now - began > minutes * 60:
                raise StepFailedError(
                    f"{what}: Azure has not finished within {plural(round(minutes), 'minute')}; it goes on there:"
                    " look with 'mlops azure status', and run the command again to go on"
                )
            if now - said > SAID_EVERY:
                say(f"{what}: {round(now - began)} s")
                said = now
    except KeyboardInterrupt:
        say(f"interrupted; left running in Azure: {what}")
        raise
    return poller.result()
