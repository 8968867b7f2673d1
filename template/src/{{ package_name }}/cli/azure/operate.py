"""Commands: operate."""

import typer

app = typer.Typer()
