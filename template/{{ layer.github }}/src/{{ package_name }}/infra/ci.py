"""GitHub Actions around `mlops infra`: its runs, and their summary page."""

import os
from pathlib import Path


def is_running() -> bool:
    """Return whether a workflow runs this process: then it has no user to ask."""
    return bool(os.environ.get("GITHUB_ACTIONS"))


def write_summary(title: str, text: str) -> None:
    """Add `text`, unchanged, under a heading to the run's summary page; outside a workflow do nothing."""
    if summary := os.environ.get("GITHUB_STEP_SUMMARY"):
        with Path(summary).open("a", encoding="utf-8") as file:
            file.write(f"### {title}\n\n```text\n{text.rstrip()}\n```\n\n")
