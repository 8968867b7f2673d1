"""`mlops infra`: see, build and remove an environment in Azure. Thin: the work is done in the modules beside it."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import UserError
from ..infra import tools
from ..infra.stacks import Stack, StackName, choose
from ..paths import Project
from .console import print_checks

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import Console

    from ..config.environment import EnvironmentConfig
    from ..infra.engine import Planned


class EnvironmentName(StrEnum):
    """The environments there are."""

    dev = "dev"
    staging = "staging"
    prod = "prod"


Environment = Annotated[EnvironmentName, typer.Option("--env", help="Which environment.")]
WhichStack = Annotated[
    StackName,
    typer.Option("--stack", help="What of it: all but what follows, the registry that all share, what watches it."),
]
Deployments = Annotated[
    list[str] | None,
    typer.Option("--deployment", metavar="NAME", help="Of --stack online: watch and scale this one; repeatable."),
]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask for an approval: CI has one of its own.")]
Confirm = Annotated[
    str | None,
    typer.Option(metavar="RESOURCE_GROUP", help="Name prod's resource group to let go of its data."),
]

app = typer.Typer(help="See, build and remove an environment in Azure.", no_args_is_help=True)


@app.command()
def plan(
    env: Environment,
    stack: WhichStack = StackName.environment,
    deployment: Deployments = None,
    details: Annotated[bool, typer.Option(help="Every changed property, in the tool's own words.")] = False,
) -> None:
    """What would change in Azure? Changes nothing."""
    from ..infra import ci_summary, engine
    from ..infra.changes import refuse_one_way

    project, config, console = _begin(env)
    chosen = choose(config, stack, deployment or ())
    with engine.planned(project, env.value, chosen) as planned:
        if details:
            typer.echo(planned.details())
        console.record = True
        _show(console, config, chosen, planned)
        ci_summary.write(f"Plan for {chosen.what(config)}", console.export_text())
        refuse_one_way(planned.changes.resources, f"config/{config.environment}.yml")


@app.command()
def apply(
    env: Environment,
    stack: WhichStack = StackName.environment,
    deployment: Deployments = None,
    yes: Yes = False,
    confirm: Confirm = None,
) -> None:
    """Build the environment, or bring it to what its configuration says, after an approval."""
    from ..infra import engine
    from ..infra.changes import refuse_one_way

    project, config, console = _begin(env)
    chosen = choose(config, stack, deployment or ())
    _same_group(config, chosen, confirm)
    what = chosen.what(config)
    with engine.planned(project, env.value, chosen) as planned:
        if planned.changes.nothing:
            console.print(f"Nothing to do: {what} is as its configuration says.", highlight=False, soft_wrap=True)
            return
        _show(console, config, chosen, planned)
        refuse_one_way(planned.changes.resources, f"config/{config.environment}.yml")
        if planned.changes.lost and confirm is None:
            _refuse_in_prod(config, chosen, "this plan loses data")
        _approve(console, f"Apply this to {what}?", yes)
        _carry_out(planned.apply, console)
    console.print(f"Done: {what} is as its configuration says.", highlight=False, soft_wrap=True)


@app.command()
def destroy(
    env: Environment, stack: WhichStack = StackName.environment, yes: Yes = False, confirm: Confirm = None
) -> None:
    """Remove the environment and its data, after an approval; prod only with --confirm."""
    from ..infra import engine

    project, config, console = _begin(env)
    chosen = choose(config, stack)
    _same_group(config, chosen, confirm)
    if confirm is None and not chosen.of_endpoint:
        _refuse_in_prod(config, chosen, "destroying it loses its data")
    what = chosen.what(config)
    with engine.planned(project, env.value, chosen, destroy=True) as planned:
        if planned.changes.nothing:
            console.print(f"Nothing to do: {what} does not exist.", highlight=False, soft_wrap=True)
            return
        _show(console, config, chosen, planned)
        if planned.changes.lost and confirm is None:
            _refuse_in_prod(config, chosen, "this plan loses data")
        _approve(console, f"Destroy {what}?", yes)
        _carry_out(planned.apply, console)
    console.print(f"Done: {what} is gone.", highlight=False, soft_wrap=True)


@app.command()
def bootstrap(env: Environment, yes: Yes = False) -> None:
    """Make what has to be there before the first plan, after an approval; twice does nothing twice."""
    from ..infra import engine

    project, config, console = _begin(env)
    preparation = engine.preparation(project, config)
    for step in preparation.steps:
        console.print(f"to do  {step.says}", markup=False, highlight=False, soft_wrap=True)
    if preparation.steps:
        _approve(console, f"Do this for {env.value}?", yes)
        for step in preparation.steps:
            step.do()
            console.print(f"done   {step.says}", markup=False, highlight=False, soft_wrap=True)
    else:
        console.print(preparation.nothing, markup=False, highlight=False, soft_wrap=True)
    for note in preparation.notes:
        console.print(note, markup=False, highlight=False, soft_wrap=True)


@app.command()
def roles(env: Environment) -> None:
    """With assign_roles: false, the commands for somebody who may assign roles, as a shell script."""
    from ..infra import engine

    project, config, _ = _begin(env)
    if config.assign_roles:
        typer.echo("# Nothing to do: with assign_roles: true, 'mlops infra apply' assigns them.")
        return
    for name, command in engine.roles_to_assign(project, env.value).items():
        typer.echo(f"# {name}\n{command}")


@app.command()
def doctor(env: Environment) -> None:
    """Can the environment be built? Tools, sign-in, rights, names, leftovers, network and quota, one by one."""
    from ..infra import doctor

    project, config, _ = _begin(env)
    print_checks(doctor.all_checks(project, config))


def _begin(env: EnvironmentName) -> "tuple[Project, EnvironmentConfig, Console]":
    from rich.console import Console

    from ..config.environment import load

    project = Project.find()
    return project, load(project.root / "config" / f"{env.value}.yml"), Console()


def _show(console: "Console", config: "EnvironmentConfig", stack: Stack, planned: "Planned") -> None:
    """Where, a table by module and action, whatever is not merely added by name, lost data in red, and the sentence."""
    from rich.table import Table

    from ..infra.changes import ACTIONS

    changes = planned.changes
    where = f", subscription {planned.subscription}" if planned.subscription else ""
    group = stack.resource_group(config)
    console.print(f"{stack.what(config)}: resource group {group}{where}", highlight=False, soft_wrap=True)
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
    for note in changes.notes:
        console.print(note, markup=False, highlight=False, soft_wrap=True)
    if changes.others and not changes.resources:
        console.print("Only outputs change.", highlight=False)
    style = "bold red" if changes.lost else None
    console.print(changes.sentence, style=style, markup=False, highlight=False, soft_wrap=True)


def _same_group(config: "EnvironmentConfig", stack: Stack, confirm: str | None) -> None:
    group, file = stack.resource_group(config), f"config/{config.environment}.yml"
    if confirm not in (None, group):
        raise UserError(f"--confirm: {confirm!r} is refused: must be {group!r}, the resource group in {file}")


def _refuse_in_prod(config: "EnvironmentConfig", stack: Stack, why: str) -> None:
    if config.environment == "prod":
        group = stack.resource_group(config)
        raise UserError(f"{stack.what(config)}: {why}: add '--confirm {group}' if that is what you want")


def _approve(console: "Console", question: str, yes: bool) -> None:
    if yes:
        return
    nobody = UserError("nobody is there to approve: add --yes where the approval was given before")
    if tools.is_ci():  # an agent's input may be open without anybody at it
        raise nobody
    try:
        answer = console.input(f"{question} Only 'yes' goes on: ")
    except EOFError:
        raise nobody from None
    if answer.strip() != "yes":
        raise UserError("not approved: nothing was changed")


def _carry_out(work: "Callable[[Callable[[str], None]], None]", console: "Console") -> None:
    try:
        work(lambda line: console.print(line, markup=False, highlight=False, soft_wrap=True))
    except KeyboardInterrupt:
        typer.echo("Interrupted: what is built is recorded; the same command again finishes it.", err=True)
        raise
