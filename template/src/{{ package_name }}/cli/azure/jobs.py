"""Commands about jobs and the models that they make: submit, show, logs."""

from typing import Annotated

import typer

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
        typer.Option(metavar="NAME:VERSION", help="Data asset or address to train on; default: this repository's data."),
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
