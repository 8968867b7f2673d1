"""GitHub Actions around `mlops infra`: its runs, their summary page, and the events that start them."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..config.environment import EnvironmentConfig


def is_running() -> bool:
    """Return whether a workflow runs this process: then it has no user to ask."""
    return bool(os.environ.get("GITHUB_ACTIONS"))


def write_summary(title: str, text: str) -> None:
    """Add `text`, unchanged, under a heading to the run's summary page; outside a workflow do nothing."""
    if summary := os.environ.get("GITHUB_STEP_SUMMARY"):
        with Path(summary).open("a", encoding="utf-8") as file:
            file.write(f"### {title}\n\n```text\n{text.rstrip()}\n```\n\n")


def event_providers(config: "EnvironmentConfig") -> tuple[str, ...]:
    """Return the resource providers, without `Microsoft.`, that pass events on.

    Events need GitHub's token. In a closed network it can be read only from a key vault outside that network; without
    one no event leaves Azure.
    """
    has_token = config.network.mode == "public" or config.events.token_vault_id is not None
    return ("EventGrid", "Logic") if has_token else ()
