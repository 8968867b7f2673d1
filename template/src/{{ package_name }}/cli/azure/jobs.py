"""Commands: jobs."""

import typer

app = typer.Typer()
