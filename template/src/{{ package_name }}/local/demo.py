"""The whole loop on the sample data, step by step, as a table and on one page."""

import hashlib
import json
import shutil
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from .. import data, data_folder
from ..config.project import load as load_config
from ..errors import UserError
from ..figures import number, plural
from ..files import read_json, write_json
from ..paths import Project
from ..pipeline import runner
from ..records import Contract
from . import after_breach, lifecycle, registry, server, turn, windows
from .story import COLOURS, Row, Story

if TYPE_CHECKING:
    from ..records import Monitor

# Folders that a demo makes and may therefore remove; results of steps (outputs/cache) stay and are reused.
MADE = ("mlflow", "registry", "runs", "monitor", "batch", "gathered", "serve", "report", *after_breach.MADE)


def run(project: Project, *, port: int = 0, force: bool = False) -> None:
    """Run the demo and write outputs/report/index.html; if nothing changed since the last time, only say so.

    Raises:
        UserError: outputs/ holds a model that the demo did not make, another command trains here, no data has arrived,
            or something else cannot be used.
        GateRefusedError: the very first model is not good enough.
    """
    console, began = Console(), time.perf_counter()
    windows.arrived_windows(project, "the demo serves, scores and monitors it")
    key = _key(project)
    if not force and (rows := _earlier_rows(project, key)):
        console.print(_table(rows))
        console.print(f"Nothing changed since then; that took {time.perf_counter() - began:.1f} s to see.")
        _point_to_report(console, project)
        return
    with turn.hold(project):
        _start_again(project)
        rows = _play(project, Story(console), port, force)
        _write(project, key, rows)
    console.print()
    console.print(_table(rows))
    _point_to_report(console, project)


def _play(project: Project, story: Story, port: int, force: bool) -> list[Row]:
    first = after_breach.before_training(project, story)
    lifecycle.train(project, data=first, on_event=story.pipeline(), force=force)
    with story.row("serve") as row:
        row.text = _serve(project, port)
    with story.row("batch") as row:
        row.text = _batch(project)
    with story.row("monitor") as row:
        monitored = lifecycle.monitor(project, lifecycle.newest(project))
        row.text, row.outcome = _monitored(monitored)
    if monitored.status == "breach":
        after_breach.play(project, story)
    return story.rows


def release(project: Project) -> None:
    """Record that the registry holds a model that the demo did not make, so that the demo does not replace it."""
    _state(project).unlink(missing_ok=True)


def _serve(project: Project, port: int) -> str:
    from ..scoring.smoke import smoke_requests

    champion = lifecycle.current(project)
    contract = Contract.load(champion.model)
    frame = data.read(lifecycle.newest(project), load_config(project.config_path), require_target=False)
    good = bad = 0
    with server.serve(project, champion.model, port, name=champion.name, version=champion.version) as running:
        for request in smoke_requests(contract, frame):
            status, answer = server.invoke(running.url, request.body, content_type=request.content_type)
            if status != request.status:
                raise UserError(
                    f"{running.url}: request {request.name!r} was answered {status}, not {request.status}: {answer}"
                )
            good, bad = good + (status == 200), bad + (status != 200)
    answered, refused = plural(good, "good request"), plural(bad, "bad one")
    return f"Azure ML inference server: {answered} answered, {refused} refused with the reason"


def _batch(project: Project) -> str:
    summary = lifecycle.score(project, project.production, project.outputs / "batch")
    if summary.failed_files:
        raise UserError("; ".join(f"{name}: {reason}" for name, reason in summary.failed_files.items()))
    batches = plural(summary.mini_batches, "mini-batch", "mini-batches")
    return f"{plural(summary.rows, 'row')} in {batches}: {summary.predictions}"


def _monitored(result: "Monitor") -> tuple[str, str]:
    if result.status == "too_few_rows":
        return f"{result.window}: {plural(result.rows['production'], 'row is', 'rows are')} too few to judge", "skipped"
    if result.status == "ok":
        return f"{result.window}: no limit is broken", "ok"
    worst = max(result.features, key=lambda signal: signal.psi or 0.0)
    text = f"{result.window} arrives: {plural(len(result.breaches), 'limit')} broken"
    text += f", most drifted {worst.name} (PSI {number(worst.psi or 0.0, 2)})"
    if result.performance:
        found = result.performance
        text += f"; {found.metric} {number(found.value)} (limit {number(found.limit)})"
    return text, "BREACH"


def _key(project: Project) -> str:
    """Return the digest of all that the demo depends on: code, configuration, libraries, data."""
    folders = {name: project.root / "data" / name for name in after_breach.READ}
    parts = {
        "plan": runner.plan(project, project.pipeline, {}),
        "production": data_folder.digest(project.production),
        **{name: data_folder.digest(folder) for name, folder in folders.items() if folder.is_dir()},
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _state(project: Project) -> Path:
    return project.outputs / "demo" / "state.json"


def _events(project: Project) -> Path:
    return project.outputs / "demo" / "events.json"


def _earlier_rows(project: Project, key: str) -> list[Row] | None:
    """Return the rows of the last demo, if its inputs were the same and its results are still there."""
    try:
        kept = read_json(_events(project))
    except UserError:
        return None
    whole = _state(project).is_file() and _report(project).is_file() and (project.outputs / "registry").is_dir()
    return [Row(**row) for row in kept["events"]] if kept["key"] == key and whole else None


def _start_again(project: Project) -> None:
    """Remove what an earlier demo made; leave a user's own models alone."""
    if _state(project).is_file():
        # MLflow has not opened its database yet: it would go on using the one that is removed here.
        _events(project).unlink(missing_ok=True)
        for name in MADE:
            shutil.rmtree(project.outputs / name, ignore_errors=True)
    elif found := registry.champion(project):
        raise UserError(
            f"outputs/mlflow: {found.name} version {found.version} was not made by the demo, which starts from nothing;"
            " move outputs/ away first, or run the demo in another copy of the project"
        )
    write_json(_state(project), {"made": list(MADE)})


def _write(project: Project, key: str, rows: list[Row]) -> None:
    content: dict[str, Any] = {"key": key, "events": [asdict(row) for row in rows]}
    write_json(_events(project), content)
    lifecycle.report(project)


def _report(project: Project) -> Path:
    return project.outputs / "report" / "index.html"


def _point_to_report(console: Console, project: Project) -> None:
    console.print(f"Report: {project.relative(_report(project))}", highlight=False)


def _table(rows: list[Row]) -> Table:
    table = Table("", "step", "what happened", "outcome", Column("time", justify="right"))
    for place, row in enumerate(rows, 1):
        outcome = Text(row.outcome, COLOURS.get(row.outcome, ""))
        table.add_row(str(place), row.step, Text(row.text), outcome, f"{row.seconds:.1f} s")
    return table
