"""`mlops azure`: the project's assets in Azure ML. Thin: the work is done in azure/."""

from pathlib import Path
from typing import Annotated

import typer

from ..figures import plural
from ..paths import Project
from .infra import Environment

app = typer.Typer(help="Show the files of azureml/ as an environment in Azure gets them.", no_args_is_help=True)


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
    from ..azure import assets
    from ..config import environment

    project = Project.find()
    config = environment.load(project.root / "config", env)
    documents = assets.fill_all(project, config, model_version)
    if out is None:
        for name, document in documents.items():
            typer.echo(f"---\n# {name}\n{assets.as_text(document)}", nl=False)
    else:
        assets.write_all(project, documents, out)
        typer.echo(f"{plural(len(documents), 'file')}: {out / 'azureml'}")
