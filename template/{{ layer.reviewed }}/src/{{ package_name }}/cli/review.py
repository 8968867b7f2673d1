"""`mlops review ...`: people label what the model did not know. Thin: the work is done in review/ and local/."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import UserError
from ..figures import plural
from ..paths import Project
from .console import SHOWN_WARNINGS

if TYPE_CHECKING:
    from ..local.reviewing import Queued

app = typer.Typer(help="Queue items for people, let them label, merge their labels.", no_args_is_help=True)

Batch = Annotated[str | None, typer.Option(help="Id of the queue; default: the newest.")]
Url = Annotated[str | None, typer.Option(help="A team's Label Studio; default: the one of `review serve`.")]
Tool = Annotated[str, typer.Option(help="Only label-studio is known.")]
Budget = Annotated[int | None, typer.Option(min=1, help="Items to queue; default: review.budget.")]


@app.command()
def setup(
    label: Annotated[
        list[str] | None, typer.Option("--label", help="A label to choose from; repeatable. Default: asks.")
    ] = None,
) -> None:
    """Name the labels that people choose from: writes labels.names of config/project.yml, and nothing else there."""
    from ..config.project import load
    from ..local import label_setup

    project = Project.find()
    names = label or _asked(list(load(project.config_path).labels.names or []))
    changed = label_setup.set_up(project, names)
    typer.echo(f"config/project.yml: labels.names {'is' if changed else 'was already'} {', '.join(names)}")
    typer.echo("Next: mlops review start --data FILE, or, with a model in service, mlops review select")


@app.command()
def start(
    data: Annotated[Path, typer.Option(help="File or folder of items; labels in it are not used.")],
    budget: Budget = None,
) -> None:
    """Queue items before there is a model: different ones, and some by chance."""
    from ..local import reviewing

    project = Project.find()
    _tell_queued(reviewing.start(project, data, budget))


@app.command()
def select(
    data: Annotated[
        Path | None, typer.Option(help="File or folder to choose from; default: newest of data/production.")
    ] = None,
    budget: Budget = None,
) -> None:
    """Queue what people should look at: what is unlike the training data, what the model doubts, and some by chance."""
    from ..local import reviewing

    project = Project.find()
    _tell_queued(reviewing.select(project, data, budget))


@app.command()
def unpack(
    folder: Annotated[Path, typer.Argument(help="Folder that inputs/ of the container `inference` was downloaded to.")],
) -> None:
    """Take over requests that an endpoint in Azure kept, so that `select` finds them."""
    from datetime import UTC, datetime

    from ..config.project import load
    from ..local import collected
    from ..scoring import kept

    project = Project.find()
    target = project.root / "data" / kept.INPUTS
    typer.echo(collected.unpack(folder, target).sentence)
    if old := kept.expire(target, load(project.config_path).review.retention_days, datetime.now(UTC).date()):
        typer.echo(f"older than review.retention_days, deleted: {', '.join(old)}")


@app.command()
def label(
    batch: Annotated[
        str | None, typer.Option(help="Id of the queue; default: the oldest with something for you.")
    ] = None,
    annotator: Annotated[str | None, typer.Option("--as", help="Your name; default: asks.")] = None,
) -> None:
    """Label a queue in this terminal; Ctrl-C loses nothing, and the next start continues there."""
    from ..config.project import load
    from ..local import label_setup
    from ..review import terminal
    from ..review.workspace import Workspace

    project = Project.find()
    config = load(project.config_path)
    names = label_setup.labels(project, config)
    typer.echo(terminal.label(Workspace.of(project), batch, annotator, names, config).sentence)


@app.command()
def push(
    url: Url = None,
    annotator: Annotated[
        list[str] | None, typer.Option("--annotator", help="Person who labels; repeatable; two for double items.")
    ] = None,
    batch: Batch = None,
    refresh: Annotated[
        bool, typer.Option("--refresh", help="Send the content of open tasks again, with new addresses of files.")
    ] = False,
    files: Annotated[
        str | None, typer.Option(help="Where a web server has data/labeling/queue, for a team's Label Studio.")
    ] = None,
    tool: Tool = "label-studio",
) -> None:
    """Send a queue to Label Studio; what is there already is left alone. LABEL_STUDIO_TOKEN signs in."""
    from ..config.project import load
    from ..local import label_setup
    from ..review import addresses, label_studio
    from ..review.workspace import Workspace

    _require_known(tool)
    project = Project.find()
    names = label_setup.labels(project, load(project.config_path))
    pushed = label_studio.push(
        Workspace.of(project),
        batch,
        names,
        url=url or label_studio.URL,
        annotators=annotator or [],
        address=None if files is None else addresses.below(files),
        refresh=refresh,
    )
    typer.echo(pushed.sentence)
    if pushed.warning:
        typer.echo(pushed.warning, err=True)


@app.command()
def pull(url: Url = None, batch: Batch = None, tool: Tool = "label-studio") -> None:
    """Fetch the answers that are new or changed in Label Studio into the logs. LABEL_STUDIO_TOKEN signs in."""
    from ..config.project import load
    from ..local import label_setup
    from ..review import label_studio
    from ..review.workspace import Workspace

    _require_known(tool)
    project = Project.find()
    names = label_setup.labels(project, load(project.config_path))
    pulled = label_studio.pull(Workspace.of(project), batch, names, url=url or label_studio.URL)
    typer.echo(pulled.sentence)
    for warning in pulled.warnings[:SHOWN_WARNINGS]:
        typer.echo(warning, err=True)
    if len(pulled.warnings) > SHOWN_WARNINGS:
        typer.echo(f"and {len(pulled.warnings) - SHOWN_WARNINGS} more warnings", err=True)


@app.command()
def serve(port: Annotated[int, typer.Option(help="Port to listen on; 0 takes a free one.")] = 8181) -> None:
    """Run Label Studio on this machine until Ctrl-C, in an environment of its own that uv makes (1 GB)."""
    from ..review import server
    from ..review.workspace import Workspace

    server.serve(Workspace.of(Project.find()).labeling / ".label-studio", port, typer.echo)


@app.command()
def status() -> None:
    """How far is each queue, by item and by person?"""
    from rich.console import Console
    from rich.table import Column, Table

    from ..review import contract
    from ..review import status as states
    from ..review.workspace import Workspace

    found, now = states.progress(Workspace.of(Project.find())), contract.now()
    if not found:
        typer.echo("There is no queue yet: `mlops review select` or `mlops review start --data FILE` makes one")
        return
    numbers = ("items", "done", "half", "skipped", "disputed", "open")
    table = Table(Column("queue", no_wrap=True), "age", *(Column(name, justify="right") for name in numbers), box=None)
    people = Table(
        Column("queue", no_wrap=True),
        "person",
        Column("labelled", justify="right"),
        Column("skipped", justify="right"),
        "last",
    )
    people.box = None
    for each in found:
        counts = (each.items, each.done, each.partly, each.skipped, each.disputed, each.waiting)
        table.add_row(each.batch_id, states.age(each.queued_at, now), *(f"{count:,}" for count in counts))
        for person in each.people:
            last = states.age(person.last, now)
            ago = last if last == "now" else f"{last} ago"
            people.add_row(each.batch_id, person.name, f"{person.labelled:,}", f"{person.skipped:,}", ago)
    console = Console(highlight=False, markup=False)
    console.print(table)
    if people.row_count:
        console.print()
        console.print(people)


@app.command()
def merge() -> None:
    """Make a new version of the training data from the labels; what people disagree about is queued again."""
    from ..local import reviewing

    found = reviewing.merge(Project.find())
    typer.echo(found.sentence)
    for note in found.notes:
        typer.echo(f"Note: {note}.", err=True)
    if found.requeued:
        typer.echo(f"Queue {found.requeued} asks about the disputed items: somebody else should answer them.")
    if found.made:
        typer.echo("Next: mlops retrain trains on it, through the same gate.")


@app.command()
def estimate() -> None:
    """How accurate is the model in production? From the random items alone, answered without the prediction.

    Ends with exit code 4 if a limit is broken by more than chance explains.
    """
    from ..errors import BreachError
    from ..local import reviewing

    project = Project.find()
    found = reviewing.measure(project)
    typer.echo(found.summary)
    for name, column in found.slices.items():
        for value, each in column.groups.items():
            few = "" if each.rows >= found.minimum_rows else " (too few to compare)"
            typer.echo(f"  {name} {value}: {each.value:.3f} of {plural(each.rows, 'item')}{few}")
    for note in found.notes:
        typer.echo(note)
    if found.breaches:
        raise BreachError("\n".join(found.breaches))


def _require_known(tool: str) -> None:
    if tool != "label-studio":
        raise UserError(f"--tool: {tool!r} is not known; use label-studio, or `mlops review label` in the terminal")


def _asked(known: list[str]) -> list[str]:
    import sys

    if not sys.stdin.isatty():
        raise UserError("review setup asks for the labels and there is no terminal: name them with --label, repeated")
    import questionary

    answer = questionary.text(
        "Labels, separated by commas, in the order in which they are shown:",
        default=", ".join(known),
        validate=lambda text: len(_separated(text)) > 1 or "at least two labels are needed",
    ).unsafe_ask()
    return _separated(str(answer))


def _separated(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def _tell_queued(queued: "Queued") -> None:
    typer.echo(f"{queued.batch_id}: {queued.sentence}")
    typer.echo("Next: mlops review label, or mlops review push")
