"""A deployment to a resource group: predict it, carry it out, and report its errors in plain sentences."""

import json
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import StepFailedError, UserError
from . import az, tools

PAUSE = 10.0  # seconds between two looks at a running deployment

_LOOKS = 5  # that may fail one after another
_ENDED = ("Succeeded", "Failed", "Canceled")
_LISTED = "[].{id: properties.targetResource.id, state: properties.provisioningState, duration: properties.duration}"

# They only say that an inner part failed; the details hold its error.
_WRAPPERS = (
    "DeploymentFailed",
    "InvalidTemplateDeployment",
    "MultipleErrorsOccurred",
    "PreflightValidationCheckFailed",
    "ResourceDeploymentFailure",
)


@dataclass(frozen=True)
class Deployment:
    """Name, place and files of a deployment; the name is also a lock in Azure."""

    name: str
    subscription: str
    group: str
    template: Path
    parameters: Path

    def predict(self) -> Mapping[str, Any]:
        """Return the answer of `what-if`.

        Raises:
            StepFailedError: Azure refuses the description; the message holds the reasons.
        """
        options = ("--no-pretty-print", "--result-format", "FullResourcePayloads")
        found: Mapping[str, Any] = json.loads(self._run("what-if", *self._files, *options))
        return found

    def carry_out(self, show: Callable[[str], None]) -> None:
        """Start the deployment and wait until it ends; `show` gets a line for each finished part.

        Raises:
            KeyboardInterrupt: interrupted; it was cancelled in Azure, and everything built so far stays.
            StepFailedError: it failed; the message holds the reasons.
            UserError: it is running already.
        """
        with tools.sigterm_interrupts():
            try:
                self._run("create", *self._files, "--no-wait")
                self._wait(show)
            except KeyboardInterrupt:
                show(f"cancelling the deployment {self.name} in Azure")
                # An error is no problem here: it has ended by itself.
                az.call("deployment", "group", "cancel", *self._record)
                raise

    def _wait(self, show: Callable[[str], None]) -> None:
        shown: set[str] = set()
        while (found := self._look(shown, show))["state"] not in _ENDED:
            time.sleep(PAUSE)
        if found["state"] == "Canceled":
            raise StepFailedError(f"the deployment {self.name} was cancelled: the same command again finishes it")
        if found["state"] == "Failed":
            raise StepFailedError("\n".join([f"the deployment {self.name} failed:", *sentences(found["error"] or {})]))

    def _look(self, shown: set[str], show: Callable[[str], None]) -> Mapping[str, Any]:
        """Return the deployment's state; a failed look, as networks fail, is no failure of the deployment."""
        query = ("--query", "properties.{state: provisioningState, error: error}")
        failures = 0
        while True:
            try:
                found: Mapping[str, Any] = az.ask("deployment", "group", "show", *self._record, *query)
                break
            except StepFailedError:
                failures += 1
                if failures == _LOOKS:
                    raise
                time.sleep(PAUSE)
        with suppress(StepFailedError):
            for part, line in self._parts():
                if part not in shown:
                    shown.add(part)
                    show(line)
        return found

    def _parts(self) -> Iterator[tuple[str, str]]:
        """Yield finished resources and modules."""
        for part in az.ask("deployment", "operation", "group", "list", *self._record, "--query", _LISTED):
            if part["id"] and part["state"] in _ENDED:
                name, word = part["id"].rpartition("/")[2], "done" if part["state"] == "Succeeded" else "failed"
                yield part["id"], f"{word:8} {name}{_seconds(part['duration'])}"

    @property
    def _record(self) -> tuple[str, ...]:
        """Arguments that identify the deployment once it has started."""
        return ("--name", self.name, "--resource-group", self.group, "--subscription", self.subscription)

    @property
    def _files(self) -> tuple[str, ...]:
        return ("--template-file", str(self.template), "--parameters", f"@{self.parameters}")

    def _run(self, verb: str, *arguments: str) -> str:
        ended = az.call("deployment", "group", verb, *self._record, *arguments)
        if ended.code == 0:
            return ended.out
        if "DeploymentActive" in ended.err:
            raise UserError(f"the deployment {self.name} is running already: wait until it ends, then try again")
        raise StepFailedError(f"'az deployment group {verb}' failed:\n{plain(ended)}")


def sentences(error: Mapping[str, Any]) -> list[str]:
    """Return the innermost errors, one line each, without those that only repeat that a part failed."""
    found = list(dict.fromkeys(_innermost(error)))
    lines = [line for code, line in found if code not in _WRAPPERS]
    return lines or [line for _, line in found]


def plain(ended: tools.Ended) -> str:
    """Return the reasons of a failed `az`: the errors inside its JSON if there is any, else its own message."""
    text = re.sub(r"^ERROR: ", "", ended.reason)
    found: list[tuple[str, str]] = []
    position = text.find("{")
    while position >= 0:
        try:
            error, position = json.JSONDecoder().raw_decode(text, position)
            found += _innermost(error)
        except ValueError:
            position += 1
        position = text.find("{", position)
    lines = dict.fromkeys(line for code, line in found if code not in _WRAPPERS)
    wrappers = tuple(f"{code} - " for code in _WRAPPERS)
    return "\n".join(lines or [line for line in text.splitlines() if not line.startswith(wrappers)]) or text


def _innermost(error: Any) -> Iterator[tuple[str, str]]:
    """Yield pairs of code and sentence; inner errors are in `error`, in `details`, or as JSON in the message."""
    if not isinstance(error, Mapping):
        return
    if "error" in error:
        yield from _innermost(error["error"])
        return
    code, message = str(error.get("code") or ""), str(error.get("message") or "").strip()
    inner = list(error.get("details") or ())
    start = message.find("{")
    if start >= 0:
        try:
            inner.append(json.loads(message[start:]))
        except ValueError:
            start = -1
    nested = [each for detail in inner for each in _innermost(detail)]
    yield from nested
    if not nested and (message or code):
        target = str(error.get("target") or "").rpartition("/providers/")[2]
        yield code, "".join([f"{target}: " if target else "", message or "no message", f" ({code})" if code else ""])


def _seconds(duration: str | None) -> str:
    """Return an ISO 8601 duration in seconds, as the end of a line.

    >>> _seconds("PT1M12.3S")
    ', 72 s'
    """
    parts = re.fullmatch(r"PT(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:\.\d+)?S)?", duration or "")
    if not parts or not any(parts.groups()):
        return ""
    hours, minutes, seconds = (int(part or 0) for part in parts.groups())
    return f", {3600 * hours + 60 * minutes + seconds} s"
