"""What a run of the CI shows on its page, without a look into its log."""

import os
import re
from pathlib import Path

import typer


def write(title: str, text: str) -> None:
    """Put `text`, as it stands, under a heading on the run's page; outside CI nowhere."""
    page = f"### {title}\n\n```text\n{text.rstrip()}\n```\n\n"
    if summary := os.environ.get("GITHUB_STEP_SUMMARY"):
        with Path(summary).open("a", encoding="utf-8") as file:
            file.write(page)
    elif folder := os.environ.get("AGENT_TEMPDIRECTORY"):
        path = Path(folder) / f"{re.sub(r'[^A-Za-z0-9]+', '-', title)}.md"
        path.write_text(page, encoding="utf-8")
        typer.echo(f"##vso[task.uploadsummary]{path}")
