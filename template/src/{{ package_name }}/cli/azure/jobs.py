"""Commands about jobs and the models that they make: submit, show, logs."""

from typing import Annotated

import typer

from ...azure.kind import Kind
from .options import DryRun, Environment, connected, say

app = typer.Typer()

Wait = Annotated[bool, typer.Option("--wait", help="Wait for the job and show its steps; it goes on without.")]
Minutes = Annotated[float, typer.Option("--minutes", min=1, help="How long --wait waits.")]
Again = Annotated[bool, typer.Option("--again", help="Do again what a completed job has done.")]
Override = Annotated[
    str | None, typer.Option("--override", metavar="REASON", help="Let a refused model through; the reason is kept.")
]


@app.command()
def submit(
    env: Environment,
    data: Annotated[
        str | None,
        typer.Option(
            metavar="NAME:VERSION", help="Data asset or address to train on; default: this repository's data."
        ),
    ] = None,
    override: Override = None,
    again: Again = False,
    wait: Wait = False,
    minutes: Minutes = 240,
    dry_run: DryRun = False,
) -> None:
    """Train in Azure ML: submit the pipeline once, and end; `watch` goes on from its outcome."""
    from ...azure import submit as training

    azure = connected(env)
    job = training.submit(azure, say=say, data=data, override=override, again=again, dry_run=dry_run)
    if wait and job:
        training.wait(azure, job, minutes=minutes, say=say)


@app.command()
def promote(
    model: Annotated[str, typer.Argument(metavar="NAME:VERSION", help="A version of the workspace's models.")],
    env: Annotated[str, typer.Option("--from", metavar="ENV", help="Environment in whose workspace it is.")] = "dev",
    to: Annotated[
        str | None, typer.Option(metavar="REGISTRY", help="Another registry than that of config/common.yml.")
    ] = None,
    override: Override = None,
    dry_run: DryRun = False,
) -> None:
    """Copy exactly this version, with the environment that serves it, into the registry; print its number there."""
    from ...azure import releases
    from ...azure.promote import promote as copy

    name, version = releases.parse(model)
    copied = copy(connected(env), name, version, say=say, to=to, override=override, dry_run=dry_run)
    if copied:
        say(f"{copied.place.name}: {copied.label}")


@app.command()
def show(
    model: Annotated[
        str, typer.Argument(metavar="NAME:VERSION", help="In dev of its workspace, else of the registry.")
    ],
    env: Environment,
) -> None:
    """Show where a version came from, what was said of it, and where it serves."""
    from ...azure import releases
    from ...azure.show import show as rows

    for name, text in rows(connected(env), *releases.parse(model)):
        typer.echo(f"{name:<18} {text}")


@app.command()
def logs(
    env: Environment,
    job: Annotated[str | None, typer.Option(metavar="JOB", help="Steps of this job, and the log of one.")] = None,
    step: Annotated[str | None, typer.Option(metavar="STEP", help="Of the job; default: the one that failed.")] = None,
    kind: Annotated[Kind | None, typer.Option(help="Kind of endpoint; default: the first that there is.")] = None,
    deployment: Annotated[str | None, typer.Option(metavar="NAME", help="Default: the one that serves.")] = None,
) -> None:
    """Show the log of a job or of a deployment."""
    from ...azure import logs as texts

    azure = connected(env)
    if job:
        lines = texts.of_job(azure, job, step=step)
    else:
        lines = texts.of_deployment(azure, kind or next(iter(Kind)), deployment, say)
    for line in lines:
        typer.echo(line)
