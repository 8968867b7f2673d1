"""Azure Pipelines around `mlops`: its runs, their summary page, and what a job hands on to the next."""

import os
import re
from pathlib import Path

import typer


def is_running() -> bool:
    """Return whether a pipeline runs this process: then it has no user to ask."""
    return bool(os.environ.get("TF_BUILD"))


def write_summary(title: str, text: str) -> None:
    """Show `text`, unchanged, under a heading on the run's summary page; outside a pipeline do nothing."""
    if folder := os.environ.get("AGENT_TEMPDIRECTORY"):
        path = Path(folder) / f"{re.sub(r'[^A-Za-z0-9]+', '-', title)}.md"
        path.write_text(f"### {title}\n\n```text\n{text.rstrip()}\n```\n\n", encoding="utf-8")
        typer.echo(f"##vso[task.uploadsummary]{path}")


def hand_on(name: str, value: str) -> None:
    """Give later steps, jobs and stages a value, as the step's output variable `name`; outside a pipeline do nothing.

    Raises:
        ValueError: it has more than one line, of which the second could be another command to the agent.
    """
    if "\n" in value or "\r" in value:
        raise ValueError(f"{value!r} has more than one line")
    if is_running():
        typer.echo(f"##vso[task.setvariable variable={name};isOutput=true]{value}")
