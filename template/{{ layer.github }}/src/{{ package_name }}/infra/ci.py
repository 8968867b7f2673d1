"""GitHub Actions around `mlops`: its runs, their summary page, and what a job hands on to the next."""

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


def hand_on(name: str, value: str) -> None:
    """Give later steps and jobs a value, as the step's output `name`; outside a workflow do nothing.

    Raises:
        ValueError: it has more than one line, of which the second could be another output.
    """
    if "\n" in value or "\r" in value:
        raise ValueError(f"{value!r} has more than one line")
    if outputs := os.environ.get("GITHUB_OUTPUT"):
        with Path(outputs).open("a", encoding="utf-8") as file:
            file.write(f"{name}={value}\n")
