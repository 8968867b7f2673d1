"""Azure Pipelines around `mlops infra`: its runs, and their summary page."""

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
