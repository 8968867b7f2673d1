"""Commands about the files of azureml/: render, check, sync."""

from pathlib import Path
from typing import Annotated

import typer

from ...figures import plural
from ...paths import Project
from .options import DryRun, Environment, connected, say

app = typer.Typer()


@app.command()
def render(
    env: Environment,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write the files below this folder instead of printing them.")
    ] = None,
    model_version: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Version of the model to deploy; 0 stands for it otherwise.")
    ] = None,
) -> None:
    """Show the files of azureml/ with names, compute and versions of one environment filled in. Needs no Azure."""
    from ...azure import assets
    from ...config import environment

    project = Project.find()
    config = environment.load(project.root / "config", env)
    documents = assets.fill_all(project, config, model_version)
    if out is None:
        for name, document in documents.items():
            typer.echo(f"---\n# {name}\n{assets.as_text(document)}", nl=False)
    else:
        assets.write_all(project, documents, out)
        typer.echo(f"{plural(len(documents), 'file')}: {out / 'azureml'}")


@app.command()
def check() -> None:
    """Do the files of azureml/ load, and agree with config/ and with Azure's rules? Needs no Azure."""
    from ...azure import checks
    from ..console import print_checks

    print_checks(checks.findings(Project.find()))


@app.command()
def sync(env: Environment, dry_run: DryRun = False) -> None:
    """Register environments, components and data assets; unchanged content makes no new version."""
    from ...azure.sync import sync as register

    register(connected(env), say=say, dry_run=dry_run)
