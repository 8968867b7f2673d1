"""Finish the registration of a model."""

from typing import Annotated

import typer

from .options import DryRun, Environment, connected, say

app = typer.Typer()


@app.command()
def register(
    job: Annotated[str, typer.Option(metavar="JOB", help="A training job whose gate has passed.")],
    env: Environment,
    again: Annotated[bool, typer.Option("--again", help="Do again what a completed job has done.")] = False,
    wait: Annotated[bool, typer.Option("--wait", help="Wait for the job that registers; it goes on without.")] = False,
    minutes: Annotated[float, typer.Option("--minutes", min=1, help="How long --wait waits.")] = 60,
    dry_run: DryRun = False,
) -> None:
    """Register the model of a job whose last step was lost, with that step's own code; otherwise say its version."""
    from ...azure.jobs import registering
    from ...azure.jobs.runs import Job, Runs

    azure = connected(env)
    found = registering.register(azure, job, say=say, again=again, dry_run=dry_run)
    if wait and isinstance(found, Job):
        Runs(azure).follow(found.name, minutes=minutes, say=say)
        registering.register(azure, job, say=say)
