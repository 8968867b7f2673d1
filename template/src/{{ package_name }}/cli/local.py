"""`mlops check`, `run`, `serve`, ...: the loop on this machine. Thin: the work is done in local/ and reporting/."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import UserError
from ..figures import plural
from ..paths import Project
from .console import Progress, print_champion, print_checks

if TYPE_CHECKING:
    from ..local.lifecycle import Trained

app = typer.Typer()

Override = Annotated[str | None, typer.Option(metavar="REASON", help="Let a refused model through; it is recorded.")]


@app.command()
def check() -> None:
    """Is this project sound? Configuration, environments, pipeline and data, without running anything."""
    from ..local import checks

    print_checks(checks.all_checks(Project.find()))


@app.command()
def init_config(
    data: Annotated[Path | None, typer.Option(help="File or folder to look at; default: the pipeline's input.")] = None,
    target: Annotated[str | None, typer.Option(help="Column to predict.")] = None,
    id: Annotated[str | None, typer.Option(help="Column that names each row; '' for none.")] = None,
    time: Annotated[str | None, typer.Option(help="Column with the time of each row; '' for none.")] = None,
    task: Annotated[str | None, typer.Option(help="regression or classification.")] = None,
    metric: Annotated[str | None, typer.Option(help="Figure that decides, such as rmse.")] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Accept the proposal without a question.")] = False,
    copy: Annotated[bool | None, typer.Option(help="Copy data from elsewhere to the pipeline's input.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Show every column, however many there are.")] = False,
) -> None:
    """Propose config/project.yml from data: roles of columns, task, metric and limits. Keeps the old file as .bak."""
    import sys

    from ..config.proposal import Wishes
    from ..local import init_config

    if not yes:
        if not sys.stdin.isatty():
            raise UserError("init-config asks questions and there is no terminal: add --yes to accept its proposal")
        init_config.require_dialogue()
    wishes = Wishes(target, id, time, task, metric)
    init_config.init_config(init_config.find_project(), data, wishes, ask=not yes, copy=copy, everything=everything)


@app.command()
def run(
    data: Annotated[Path | None, typer.Option(help="File or folder to train on, not the pipeline's own.")] = None,
    override: Override = None,
    isolated: Annotated[bool, typer.Option(help="Give every step a process of its own, as Azure ML does.")] = False,
    force: Annotated[bool, typer.Option(help="Run every step, even if nothing changed.")] = False,
) -> None:
    """Run the training pipeline: data check, prep, train, evaluate, fairness, gate, register."""
    from ..local import lifecycle

    project = Project.find()
    with Progress() as progress:
        trained = lifecycle.train(
            project, data=data, override=override, isolated=isolated, force=force, on_event=progress.show
        )
    _finish(project, trained)


@app.command()
def retrain(
    arrived: Annotated[
        list[Path] | None,
        typer.Option("--with", help="Labelled file that arrived; repeatable. Default: data/production."),
    ] = None,
    override: Override = None,
) -> None:
    """Train again on the original data and what arrived since, through the same gate."""
    from ..local import lifecycle

    project = Project.find()
    with Progress() as progress:
        trained = lifecycle.retrain(project, arrived or [], override=override, on_event=progress.show)
    _finish(project, trained)


@app.command()
def serve(
    port: Annotated[int, typer.Option(help="Port to listen on; 0 takes a free one.")] = 5001,
    host: Annotated[str, typer.Option(help="Address to listen on; the default is this machine only.")] = "127.0.0.1",
    verbose: Annotated[
        bool, typer.Option("--verbose", help="Show the server's log here, not in outputs/serve.")
    ] = False,
) -> None:
    """Serve the champion in the Azure ML inference server until Ctrl-C."""
    from ..local import lifecycle, server

    project = Project.find()
    model = lifecycle.current(project)
    with server.serve(
        project, model.model, port, host=host, foreground=verbose, name=model.name, version=model.version
    ) as running:
        log = f"; log: {project.relative(running.log)}" if running.log else ""
        typer.echo(f"{model.name} version {model.version} at {running.url}{log}; Ctrl-C ends it", err=True)
        running.wait(project)


@app.command()
def invoke(
    file: Annotated[
        Path | None, typer.Option(help="Request as JSON; default: examples from the newest production data.")
    ] = None,
    url: Annotated[str, typer.Option(help="Where the server listens.")] = "http://127.0.0.1:5001/score",
    count: Annotated[int, typer.Option("--count", "--rows", min=1, help="Examples to send without --file.")] = 3,
) -> None:
    """Send a request to a served model and print the answer."""
    import json

    from ..local import lifecycle, server

    project = Project.find()
    if file is None:
        payload: object = lifecycle.sample_request(project, count)
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
    from ..data import left_out
    from ..local import lifecycle

    project = Project.find()
    folder = output or project.outputs / "batch"
    if source is None:
        lifecycle.arrived_windows(project, "or name one with --input")
    summary = lifecycle.score(project, source or project.production, folder, mini_batch)
    typer.echo(
        f"{plural(summary.rows, 'row')} of {plural(summary.files, 'file')} in"
        f" {plural(summary.mini_batches, 'mini-batch', 'mini-batches')}: {summary.predictions}"
    )
    for entry in left_out(source or project.production):
        typer.echo(f"left out: {entry}", err=True)
    for name, reason in summary.failed_files.items():
        typer.echo(f"not scored: {name}: {reason}", err=True)
    if summary.failed_files:
        raise UserError(f"{len(summary.failed_files)} of {plural(summary.files, 'file')} could not be scored")


@app.command()
def monitor(
    data: Annotated[Path | None, typer.Option(help="Window to judge; default: newest of data/production.")] = None,
    retrain: Annotated[bool, typer.Option("--retrain", help="After a breach, retrain with all that arrived.")] = False,
) -> None:
    """Has the data moved, do the predictions still hold? Ends with exit code 4 if a limit is broken."""
    from ..errors import BreachError
    from ..local import lifecycle
    from ..monitoring.monitor import few

    project = Project.find()
    window = data or lifecycle.newest(project)
    result = lifecycle.monitor(project, window)
    page = project.relative(project.outputs / "monitor" / result.window / "monitor.html")
    for note in result.notes:
        typer.echo(note)
    if result.status != "breach":
        verdict = "no limit is broken" if result.status == "ok" else "too few rows to judge"
        typer.echo(f"{project.relative(window)}: {verdict}; see {page}")
        return
    breach = BreachError("\n".join([f"{project.relative(window)}: limits broken; see {page}", *few(result.breaches)]))
    if not retrain:
        raise breach
    typer.echo(f"{breach.label}: {breach}", err=True)
    with Progress() as progress:
        trained = lifecycle.retrain(project, on_event=progress.show)
    _finish(project, trained)


@app.command()
def report() -> None:
    """Write the page that shows it all: outputs/report/index.html."""
    from ..local import lifecycle

    project = Project.find()
    typer.echo(project.relative(lifecycle.report(project)))


@app.command()
def demo(
    port: Annotated[int, typer.Option(help="Port to serve on; 0 takes a free one.")] = 0,
    force: Annotated[bool, typer.Option(help="Do everything again, even if nothing changed.")] = False,
) -> None:
    """Everything once, on the sample data: train, gate, register, serve, score, monitor, retrain. No Azure needed."""
    from ..local import demo

    demo.run(Project.find(), port=port, force=force)


def _finish(project: Project, trained: "Trained") -> None:
    """Take a new champion out of the demo's hands, and name the champion."""
    from ..local import demo

    if not trained.unchanged:
        demo.release(project)
    print_champion(trained)
