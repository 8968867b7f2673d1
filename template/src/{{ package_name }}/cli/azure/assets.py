"""Commands about the files of azureml/ and about data: render, check, sync, data push."""

from pathlib import Path
from typing import Annotated

import typer

from ...figures import plural
from ...paths import Project
from .options import DryRun, Environment, connected, say

app = typer.Typer()
data = typer.Typer(help="Deliver data.", no_args_is_help=True)
app.add_typer(data, name="data")


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
    from ...azure.definitions import assets
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
    from ...azure.checking import checks
    from ..console import print_checks

    print_checks(checks.findings(Project.find()))


@app.command()
def sync(env: Environment, dry_run: DryRun = False) -> None:
    """Register environments, components and data assets; unchanged content makes no new version."""
    from ...azure.definitions.sync import sync as register

    register(connected(env), say=say, dry_run=dry_run)


@data.command()
def push(
    path: Annotated[Path, typer.Argument(help="A file, or a folder with all below it.")],
    env: Environment,
    to: Annotated[
        str, typer.Option(metavar="NAME", help="A container of the lake, or one of data.sources or data.targets.")
    ] = "curated",
    dataset: Annotated[
        str | None, typer.Option(metavar="FOLDER", help="Folder of the deliveries; default: the name of PATH.")
    ] = None,
    name: Annotated[
        str | None, typer.Option(metavar="FOLDER", help="Folder of this one; default: date and digest of the content.")
    ] = None,
    dry_run: DryRun = False,
) -> None:
    """Upload data as one delivery that `_SUCCESS` completes, and register it as a version of a data asset."""
    from ...azure.jobs.data_push import push as deliver

    delivery = deliver(connected(env), path, say=say, to=to, dataset=dataset, folder=name, dry_run=dry_run)
    if delivery:
        say(delivery.asset)
