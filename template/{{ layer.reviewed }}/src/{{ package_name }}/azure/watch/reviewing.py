"""The issue that asks people for a review: what monitors or deliveries want answered by labels."""

import os
from collections.abc import Mapping

from ...config.environment import EnvironmentConfig
from ...errors import UserError
from . import ci, issues
from .issues import Content


def content(environment: str, key: str, reason: str) -> Content:
    """Return the issue of one request for a review; an issue that people closed opens again for another request."""
    lines = (
        f"Production of {environment} has moved: {reason or 'a person asks for a review'}.",
        "People label what the model did not know; docs/labeling.md describes each step:",
        "- queue: download what the endpoints kept, `mlops review unpack`, then `mlops review select`",
        "- label: `mlops review label`, or `mlops review push` and `pull` with Label Studio",
        "- merge: `mlops review merge` makes a new version of the training data; commit it, and `train` makes a candidate",
    )
    cause = frozenset({issues.short(f"review/{key}")})
    return Content(f"review/{environment}", f"{environment}: a review is due", "model-development", lines, cause)


def request(
    config: EnvironmentConfig, key: str, reason: str, environment: Mapping[str, str] = os.environ
) -> tuple[str, str]:
    """Open the issue of the review, or bring the open one to this request; return what was done, and where it is.

    Raises:
        UserError: this process has no token of the CI system.
        StepFailedError: the CI system refused or failed.
    """
    system = ci.connect(config, environment)
    if system is None:
        raise UserError("this process has no token of the CI system, which keeps the issue: start the pipeline retrain")
    wanted = content(config.environment.name, key, reason)
    ticket = next((each for each in system.tickets() if each.key == wanted.short_key), None)
    if ticket is None:
        return "opened", system.create(wanted)
    if wanted.causes <= ticket.causes:
        return "found", ticket.link
    return ("changed" if ticket.open else "opened again"), system.change(ticket, wanted)
