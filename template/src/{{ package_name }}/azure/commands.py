"""`mlops infra`: see, build and remove an environment in Azure. Thin: the work is done in the modules beside it."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import UserError
from ..project import Project
from .stacks import Stack

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import Console

    from ..environments import EnvironmentConfig
    from .infrastructure import Planned


class EnvironmentName(StrEnum):
    """The environments there are."""

    dev = "dev"
    staging = "staging"
    prod = "prod"


Environment = Annotated[EnvironmentName, typer.Option("--env", help="Which environment.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask for an approval: CI has one of its own.")]
Confirm = Annotated[
    str | None,
    typer.Option(metavar="RESOURCE_GROUP", help="Name prod's resource group to let go of its data."),
]

app = typer.Typer(help="See, build and remove an environment in Azure.", no_args_is_help=True)


@app.command()
def plan(
    env: Environment,
    details: Annotated[bool, typer.Option(help="Every changed property, in the tool's own words.")] = False,
) -> None:
    """What would change in Azure? Changes nothing."""
    from . import infrastructure
    from .changes import refuse_one_way

    project, config, console = _begin(env)
    with infrastructure.planned(project, env.value, Stack()) as planned:
        if details:
            console.print(planned.details(), markup=False, highlight=False, soft_wrap=True)
        _show(console, config, planned)
        refuse_one_way(planned.changes.resources, f"config/{config.environment}.yml")


@app.command()
def apply(env: Environment, yes: Yes = False, confirm: Confirm = None) -> None:
    """Build the environment, or bring it to what its configuration says, after an approval."""
    from . import infrastructure
    from .changes import refuse_one_way

    project, config, console = _begin(env)
    _same_group(config, confirm)
    with infrastructure.planned(project, env.value, Stack()) as planned:
        if planned.changes.nothing:
            console.print(f"Nothing to do: {env.value} is as its configuration says.", highlight=False)
            return
        _show(console, config, planned)
        refuse_one_way(planned.changes.resources, f"config/{config.environment}.yml")
        if planned.changes.lost and confirm is None:
            _refuse_in_prod(config, "this plan loses data")
        _approve(console, f"Apply this to {env.value}?", yes)
        _carry_out(planned.apply, console)
    console.print(f"Done: {env.value} is as its configuration says.", highlight=False)


@app.command()
def destroy(env: Environment, yes: Yes = False, confirm: Confirm = None) -> None:
    """Remove the environment and its data, after an approval; prod only with --confirm."""
    from . import infrastructure

    project, config, console = _begin(env)
    _same_group(config, confirm)
    if confirm is None:
        _refuse_in_prod(config, "destroying it loses its data")
    with infrastructure.planned(project, env.value, Stack(), destroy=True) as planned:
        if planned.changes.nothing:
            console.print(f"Nothing to do: {env.value} does not exist.", highlight=False)
            return
        _show(console, config, planned)
        _approve(console, f"Destroy {env.value}?", yes)
        _carry_out(planned.apply, console)
    console.print(f"Done: {env.value} is gone.", highlight=False)


@app.command()
def doctor(env: Environment) -> None:
    """Can the environment be built? Tools, sign-in, rights, names, leftovers and quota, one by one."""
    from . import doctor as checks

    project, config, console = _begin(env)
    failed = False
    for name, problem in checks.all_checks(project, config):
        failed = failed or problem is not None
        console.print(f"[{'red' if problem else 'green'}]{'failed' if problem else 'ok':7}[/] {name}", highlight=False)
        if problem:
            console.print(problem, markup=False, highlight=False, soft_wrap=True)
    if failed:
        raise typer.Exit(UserError.exit_code)


def _begin(env: EnvironmentName) -> "tuple[Project, EnvironmentConfig, Console]":
    from rich.console import Console

    from ..environments import load

    project = Project.find()
    return project, load(project.root / "config" / f"{env.value}.yml"), Console()


def _show(console: "Console", config: "EnvironmentConfig", planned: "Planned") -> None:
    """Where, a table by module and action, whatever is not merely added by name, lost data in red, and the sentence."""
    from rich.table import Table

    from .changes import ACTIONS

    changes = planned.changes
    where = f", subscription {planned.subscription}" if planned.subscription else ""
    console.print(f"{config.environment}: resource group {config.names.resource_group}{where}", highlight=False)
    if changes.resources:
        used = [action for action in ACTIONS if action in ("add", "change", "destroy") or changes.count(action)]
        table = Table("module", box=None, pad_edge=False)
        for action in used:
            table.add_column(action, justify="right")
        for module in changes.modules:
            table.add_row(module, *(str(changes.count(action, module=module)) for action in used))
        console.print(table)
    for change in changes.resources:
        if change.action != "add":
            console.print(f"{change.action:8} {change.address}", markup=False, highlight=False, soft_wrap=True)
    for sentence in changes.lost:
        console.print(sentence, style="bold red", markup=False, highlight=False, soft_wrap=True)
    if changes.others and not changes.resources:
        console.print("Only outputs change.", highlight=False)
    style = "bold red" if changes.lost else None
    console.print(changes.sentence, style=style, markup=False, highlight=False, soft_wrap=True)


def _same_group(config: "EnvironmentConfig", confirm: str | None) -> None:
    group, file = config.names.resource_group, f"config/{config.environment}.yml"
    if confirm not in (None, group):
        raise UserError(f"--confirm: {confirm!r} is refused: must be {group!r}, the resource group in {file}")


def _refuse_in_prod(config: "EnvironmentConfig", why: str) -> None:
    if config.environment == "prod":
        raise UserError(f"prod: {why}: add '--confirm {config.names.resource_group}' if that is what you want")


def _approve(console: "Console", question: str, yes: bool) -> None:
    if yes:
        return
    try:
        answer = console.input(f"{question} Only 'yes' goes on: ")
    except EOFError:
        raise UserError("nobody is there to approve: add --yes where the approval was given before") from None
    if answer.strip() != "yes":
        raise UserError("not approved: nothing was changed")


def _carry_out(work: "Callable[[Callable[[str], None]], None]", console: "Console") -> None:
    try:
        work(lambda line: console.print(line, markup=False, highlight=False, soft_wrap=True))
    except KeyboardInterrupt:
        typer.echo("Interrupted: what is built is recorded; the same command again finishes it.", err=True)
        raise
