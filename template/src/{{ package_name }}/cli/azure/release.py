"""Commands: release."""

import typer

app = typer.Typer()
