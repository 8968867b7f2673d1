"""Commands: operate."""

from typing import Annotated

import typer

from .options import AsJson, DryRun, Environment, connected, say

app = typer.Typer()


@app.command()
def plan(env: Environment, as_json: AsJson = False) -> None:
    """Show what an environment has, lacks and would get, roles and limits included; writes nothing."""
    import json
    from dataclasses import asdict

    from ...azure.plan import plan as rows

    found = rows(connected(env))
    if as_json:
        typer.echo(json.dumps([asdict(row) for row in found], indent=2))
    else:
        for row in found:
            typer.echo(f"{row.state:<8} {row.what}{f': {row.words}' if row.words else ''}")


@app.command()
def monitors(env: Environment, dry_run: DryRun = False) -> None:
    """Create or update monitors and schedules for the models that serve, and read them back."""
    from ...azure.jobs import schedules

    schedules.write(connected(env), say=say, dry_run=dry_run)


@app.command()
def status(env: Environment, as_json: AsJson = False) -> None:
    """Show endpoints with colours, traffic and models, the newest versions, monitors and jobs of an environment."""
    import json

    from ...azure.status import status as standing

    found = standing(connected(env))
    if as_json:
        typer.echo(json.dumps(found.content(), indent=2))
    else:
        for kind, name, words in found.rows():
            typer.echo(f"{kind:<11} {name:<40} {words}".rstrip())


@app.command()
def watch(env: Environment, dry_run: DryRun = False, as_json: AsJson = False) -> None:
    """Look at an environment once: start what is due, keep its issues; run it again at any time."""
    import json

    from ...azure.watch.look import look

    result = look(connected(env), dry_run=dry_run)
    if as_json:
        typer.echo(json.dumps(result.content(), indent=2))
    else:
        for source, found in result.rows():
            typer.echo(f"{source:<12} {found}")
        for note in result.decision.notes:
            typer.echo(f"waits        {note}")
        for done in result.done:
            typer.echo(
                f"{'FAILED' if done.failed else 'action':<12} {done.action}: {done.outcome} {done.link}".rstrip()
            )
        if not result.done:
            typer.echo("action       nothing to do")
    raise typer.Exit(result.exit_code)


@app.command()
def last_watch(
    hours: Annotated[float, typer.Option(help="Two intervals of the schedule of `watch`; warns beyond them.")] = 2.0,
) -> None:
    """Say when `watch` last ended well, as the CI system tells; warns, and never fails. For the pipeline `ci`."""
    from datetime import UTC, datetime, timedelta

    from ...azure.watch import ci
    from ...azure.watch.last_run import sentence
    from ...config import environment
    from ...errors import UserError
    from ...paths import Project

    try:
        found = ci.last_run(environment.load(Project.find().root / "config", "prod"))
    except UserError as error:
        typer.echo(ci.warning(f"watch: {error}"))
        return
    text, late = sentence(found, datetime.now(UTC), timedelta(hours=hours)) if found else ("not in CI: unknown", False)
    typer.echo(ci.warning(text) if late else text)
