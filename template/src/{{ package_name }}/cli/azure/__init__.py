"""`mlops azure`: the project in Azure ML. Thin: the work is done in azure/."""

import typer

from . import assets, idle, jobs, operate, registering, release

app = typer.Typer(help="Train, promote, deploy, roll back, watch and monitor in Azure ML.", no_args_is_help=True)
for part in (assets, jobs, registering, release, operate, idle):
    app.add_typer(part.app)
