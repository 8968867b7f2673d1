"""`mlops ci`: the pipelines themselves."""

import typer

from ..paths import Project

app = typer.Typer(help="Check the pipelines of CI.", no_args_is_help=True)


@app.callback()
def group() -> None:
    """Check the pipelines of CI."""


@app.command()
def lint() -> None:
    """Find mistakes in the pipelines' files without running any; needs no network."""
    from ..ci import linting

    for line in linting.lines(Project.find()):
        typer.echo(line)
