"""Commands: operate."""

import typer

from .options import AsJson, DryRun, Environment, connected

app = typer.Typer()


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
