"""Options that several commands of `mlops azure` share, and how they print."""

from typing import TYPE_CHECKING, Annotated

import typer

from ..infra import Environment as Environment

if TYPE_CHECKING:
    from ...azure.client import Azure

DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and change nothing.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask for approval, for CI with an approval of its own.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]


def say(text: str) -> None:
    """Print a line about the work."""
    typer.echo(text)


def connected(env: str) -> "Azure":
    """Return an environment in Azure, for the project of the current folder."""
    from ...azure.client import connect
    from ...paths import Project

    return connect(Project.find(), env)
