"""What commands print and ask: the progress of a run, the outcome of checks, the approval of a change."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import typer

from ..errors import Finding, UserError

if TYPE_CHECKING:
    from ..local.lifecycle import Trained
    from ..pipeline.runner import Event


SHOWN_WARNINGS = 10  # of one check


class Progress:
    """Shows the steps of a run as they end; on a terminal also the step at work."""

    def __init__(self) -> None:
        from rich.console import Console

        self.console = Console()
        self.status = self.console.status("reading the pipeline")

    def __enter__(self) -> "Progress":
        self.status.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self.status.__exit__(None, None, None)

    def show(self, event: "Event") -> None:
        """Show one event of the runner."""
        from rich.text import Text

        from ..records import summary

        if event.kind == "begin":
            self.status.update(f"{event.step} ({event.number} of {event.total})")
        if event.kind == "end" and event.result:
            done = event.result
            failed = done.status == "failed"
            text = "" if failed else summary(done.outputs)
            line = Text.assemble(
                f"{event.number:2} {event.step:15} ",
                (f"{done.status:7}", "red" if failed else "green"),
                f" {done.seconds:6.1f} s  {text}",
            )
            self.console.print(line, soft_wrap=True)


def approve(question: str, yes: bool) -> None:
    """Ask before a change, unless `--yes` was given.

    Raises:
        UserError: the answer is no, or no user is there who could answer.
    """
    from rich.console import Console

    from ..infra import ci

    if yes:
        return
    no_user = UserError(
        f"no user can approve here: add --yes where the approval was given before; the question was: {question}"
    )
    if ci.is_running():  # an agent's input may be open without a user
        raise no_user
    try:
        answer = Console().input(f"{question} Only 'yes' goes on: ", markup=False)
    except EOFError:
        raise no_user from None
    if answer.strip() != "yes":
        raise UserError("not approved: nothing was changed")


def print_champion(trained: "Trained") -> None:
    """Say which version is the champion after a run."""
    since = f"Nothing changed since run {trained.run.run_id}: " if trained.unchanged else ""
    typer.echo(f"{since}{trained.champion.name} version {trained.champion.version} is the champion.")


def print_checks(checks: Iterable[Finding]) -> None:
    """Print each check as it ends, with its problem and its warnings.

    Raises:
        typer.Exit: at least one check failed; with the exit code of a user's mistake.
    """
    from rich.console import Console

    console = Console()
    failed = False
    for found in checks:
        failed = failed or found.problem is not None
        outcome, colour = (
            ("failed", "red") if found.problem else ("warning", "yellow") if found.warnings else ("ok", "green")
        )
        console.print(f"[{colour}]{outcome:7}[/] ", end="")
        console.print(found.name, markup=False, highlight=False, soft_wrap=True)
        for line in (*filter(None, [found.problem]), *found.warnings[:SHOWN_WARNINGS]):
            console.print(line, markup=False, highlight=False, soft_wrap=True)
        if len(found.warnings) > SHOWN_WARNINGS:
            console.print(f"and {len(found.warnings) - SHOWN_WARNINGS} more warnings", highlight=False)
    if failed:
        raise typer.Exit(UserError.exit_code)
