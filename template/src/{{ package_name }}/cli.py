"""The `mlops` command. Each command imports what it needs when it runs, so that help is instant."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .azure import commands as infrastructure
from .errors import UserError
from .project import Project

if TYPE_CHECKING:
    from .local.runner import Event
    from .operations import Trained

EXIT_CODES = (
    "Exit codes: 0 done; 1 a bug; 2 a mistake in a file, an argument or the data; 3 the gate refused the model;"
    " 4 a monitor found a breach; 5 a step failed; 130 interrupted."
)

app = typer.Typer(
    name="mlops",
    help="Train, gate, serve, score and watch this project's model.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.add_typer(infrastructure.app, name="infra")

Override = Annotated[str | None, typer.Option(metavar="REASON", help="Let a refused model through; it is recorded.")]


@app.command()
def check() -> None:
    """Is this project sound? Configuration, environments, pipeline and data, without running anything."""
    from rich.console import Console

    from . import checks

    project = Project.find()
    console = Console()
    failed = False
    for name, problem in checks.all_checks(project):
        failed = failed or problem is not None
        console.print(f"[{'red' if problem else 'green'}]{'failed' if problem else 'ok':7}[/] {name}", highlight=False)
        if problem:
            console.print(problem, markup=False, highlight=False, soft_wrap=True)
    if failed:
        raise typer.Exit(UserError.exit_code)


@app.command()
def run(
    data: Annotated[Path | None, typer.Option(help="File or folder to train on, not the pipeline's own.")] = None,
    override: Override = None,
    isolated: Annotated[bool, typer.Option(help="Give every step a process of its own, as Azure ML does.")] = False,
    force: Annotated[bool, typer.Option(help="Run every step, even if nothing changed.")] = False,
) -> None:
    """Run the training pipeline: data check, prep, train, evaluate, fairness, gate, register."""
    from . import operations

    project = Project.find()
    with _Progress() as progress:
        trained = operations.train(
            project, data=data, override=override, isolated=isolated, force=force, on_event=progress.show
        )
    _say(project, trained)


@app.command()
def retrain(
    arrived: Annotated[
        list[Path] | None,
        typer.Option("--with", help="Labelled file that arrived; repeatable. Default: data/production."),
    ] = None,
    override: Override = None,
) -> None:
    """Train again on the original data and what arrived since, through the same gate."""
    from . import operations

    project = Project.find()
    with _Progress() as progress:
        trained = operations.retrain(project, arrived or [], override=override, on_event=progress.show)
    _say(project, trained)


@app.command()
def serve(
    port: Annotated[int, typer.Option(help="Port to listen on; 0 takes a free one.")] = 5001,
    host: Annotated[str, typer.Option(help="Address to listen on; the default is this machine only.")] = "127.0.0.1",
) -> None:
    """Serve the champion in the Azure ML inference server until Ctrl-C."""
    from . import operations
    from .local import server

    project = Project.find()
    model = operations.current(project)
    with server.serve(
        project, model.model, port, host=host, foreground=True, name=model.name, version=model.version
    ) as running:
        typer.echo(f"{model.name} version {model.version} at {running.url}; Ctrl-C ends it", err=True)
        running.wait()


@app.command()
def invoke(
    file: Annotated[
        Path | None, typer.Option(help="Request as JSON; default: rows of the newest production data.")
    ] = None,
    url: Annotated[str, typer.Option(help="Where the server listens.")] = "http://127.0.0.1:5001/score",
    rows: Annotated[int, typer.Option(min=1, help="Rows to send without --file.")] = 3,
) -> None:
    """Send a request to a served model and print the answer."""
    import json

    from . import operations
    from .local import server

    project = Project.find()
    if file is None:
        payload: object = operations.sample_request(project, rows)
    else:
        try:
            payload = json.loads(file.read_text(encoding="utf-8"))
        except OSError as error:
            raise UserError(f"{file}: cannot be read: {error.strerror}") from None
        except ValueError as error:
            raise UserError(f"{file}: is not JSON: {error}") from None
    status, answer = server.invoke(url, payload)
    typer.echo(json.dumps(answer, indent=2))
    if status >= 400:
        raise UserError(f"{url}: answered {status}")


@app.command()
def batch(
    source: Annotated[Path | None, typer.Option("--input", help="What to score; default: data/production.")] = None,
    output: Annotated[Path | None, typer.Option(help="Folder for predictions.csv; default: outputs/batch.")] = None,
    mini_batch: Annotated[int, typer.Option(min=1, help="Files in a mini-batch.")] = 1,
) -> None:
    """Score whole files with the champion."""
    from . import operations

    project = Project.find()
    folder = output or project.outputs / "batch"
    summary = operations.score(project, source or project.production, folder, mini_batch)
    typer.echo(
        f"{summary.rows:,} rows of {summary.files} files in {summary.mini_batches} mini-batches: {summary.predictions}"
    )
    for name, reason in summary.failed_files.items():
        typer.echo(f"not scored: {name}: {reason}", err=True)
    if summary.failed_files:
        raise UserError(f"{len(summary.failed_files)} of {summary.files} files could not be scored")


@app.command()
def monitor(
    data: Annotated[Path | None, typer.Option(help="Window to judge; default: newest of data/production.")] = None,
    retrain: Annotated[bool, typer.Option("--retrain", help="After a breach, retrain with all that arrived.")] = False,
) -> None:
    """Has the data moved, do the predictions still hold? Ends with exit code 4 if a limit is broken."""
    from . import operations
    from .errors import BreachError

    project = Project.find()
    window = data or operations.newest(project)
    result = operations.watch(project, window)
    page = project.relative(project.outputs / "monitor" / result.window / "monitor.html")
    for note in result.notes:
        typer.echo(note)
    if result.status != "breach":
        verdict = "no limit is broken" if result.status == "ok" else "too few rows to judge"
        typer.echo(f"{project.relative(window)}: {verdict}; see {page}")
        return
    breach = BreachError("\n".join([f"{project.relative(window)}: limits broken; see {page}", *result.breaches]))
    if not retrain:
        raise breach
    typer.echo(f"{breach.label}: {breach}", err=True)
    with _Progress() as progress:
        trained = operations.retrain(project, on_event=progress.show)
    _say(project, trained)


@app.command()
def report() -> None:
    """Write the page that shows it all: outputs/report/index.html."""
    from . import pages

    project = Project.find()
    typer.echo(project.relative(pages.build(project)))


@app.command()
def demo(
    port: Annotated[int, typer.Option(help="Port to serve on; 0 takes a free one.")] = 0,
    force: Annotated[bool, typer.Option(help="Do everything again, even if nothing changed.")] = False,
) -> None:
    """Everything once, on the sample data: train, gate, register, serve, score, watch, retrain. No Azure needed."""
    from . import demo as story

    story.tell(Project.find(), port=port, force=force)


class _Progress:
    """Shows the steps of a run as they end; on a terminal also what goes on."""

    def __init__(self) -> None:
        from rich.console import Console

        self.console = Console()
        self.status = self.console.status("reading the pipeline")

    def __enter__(self) -> "_Progress":
        self.status.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self.status.__exit__(None, None, None)

    def show(self, event: "Event") -> None:
        from rich.text import Text

        from . import operations

        if event.kind == "begin":
            self.status.update(f"{event.step} ({event.number} of {event.total})")
        if event.kind == "end" and event.result:
            done = event.result
            failed = done.status == "failed"
            text = "" if failed else operations.headline(event.step, done.outputs or {})
            line = Text.assemble(
                f"{event.number:2} {event.step:15} ",
                (f"{done.status:7}", "red" if failed else "green"),
                f" {done.seconds:6.1f} s  {text}",
            )
            self.console.print(line, soft_wrap=True)


def _say(project: Project, trained: "Trained") -> None:
    from . import demo as story

    champion = trained.champion
    if trained.unchanged:
        since = f"Nothing changed since run {trained.run.run_id}"
        typer.echo(f"{since}: {champion.name} version {champion.version} is the champion.")
    else:
        story.disown(project)
        typer.echo(f"{champion.name} version {champion.version} is the champion.")


def main(command: Callable[[], object] = app) -> None:
    """Run the command; a user's mistake ends it with one message and its exit code, anything else with a trace."""
    # Threads of scikit-learn and LightGBM that wait shall sleep, not spin: on a busy machine spinning costs 20 x.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    try:
        command()
    except UserError as error:
        typer.echo(f"{error.label}: {error}", err=True)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
