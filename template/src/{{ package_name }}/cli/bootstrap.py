"""`mlops bootstrap`: from a fresh clone to working CI, in one command that may be run again."""

import time
from itertools import chain, groupby
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import UserError
from ..paths import Project

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from rich.console import Console

    from ..bootstrap.plan import Bootstrap
    from ..bootstrap.steps import Step

_SLOW = 5.0  # seconds from which a phase's duration is shown


def bootstrap(
    env: Annotated[
        str,
        typer.Option("--env", metavar="NAMES", help="Environments, with commas; dev is built, CI builds the others."),
    ] = "dev,staging,prod",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask anything.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the plan; write nothing.")] = False,
    undo: Annotated[
        bool, typer.Option("--undo", help="Remove what this command made, and nothing that holds data.")
    ] = False,
    handover: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Write a script for an administrator with what you may not do; change nothing."
        ),
    ] = None,
    reviewer: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KEY=NAMES",
            help="Who approves: promote, prod or infra, then names with commas, or none; repeatable.",
        ),
    ] = None,
    group: Annotated[
        list[str] | None,
        typer.Option(metavar="KEY=NAME", help="A group of people in Entra ID, by name or object ID; repeatable."),
    ] = None,
) -> None:
    """Set up repository, people, identities, trust, CI and the first environment; a second run changes nothing."""
    from rich.console import Console

    from ..bootstrap import questions
    from ..bootstrap.arguments import chosen
    from ..bootstrap.plan import Bootstrap

    chosen_modes = [name for name, on in (("--undo", undo), ("--handover", handover)) if on]
    if len(chosen_modes) > 1 or (handover and dry_run):
        raise UserError(f"{' and '.join([*chosen_modes, *(['--dry-run'] if dry_run else [])])}: choose one of them")
    if not (yes or dry_run or handover):
        questions.require_user()
    project, console = Project.find(), Console()
    environments = [name.strip() for name in env.split(",") if name.strip()]
    reviewers, groups = _pairs("--reviewer", reviewer), _pairs("--group", group)
    if not (yes or dry_run or undo or handover):
        reviewers = questions.missing_reviewers(project, chosen(project, environments), reviewers)
    work = Bootstrap(
        project, environments, reviewers=reviewers, groups=groups, show=lambda line: _line(console, f"     {line}")
    )
    _line(console, f"sign-in  {work.azure.about['displayName']}, subscription {work.azure.subscription}")
    if undo:
        _undo(work, console, yes, dry_run)
        return
    problems = work.problems()
    if handover:
        count = work.handover(handover, problems)
        _line(console, f"{handover}: {count} commands for an administrator; afterwards run 'mlops bootstrap' again")
        for sentence in problems.get("you", ()):
            _line(console, f"missing: {sentence}")
        return
    if problems and not dry_run:
        raise UserError(_refusal(problems))
    steps = work.steps()
    _plan(steps, console, problems)
    if dry_run or not yes:
        _left_to_you(_ahead(work, console), console)
    if dry_run:
        return
    if not yes:
        questions.approve("Apply this?")
    _run(work, steps, console)


def _run(work: "Bootstrap", steps: "list[Step]", console: "Console") -> None:
    from ..bootstrap.steps import Phase, State, run

    order = list(Phase)
    for phase, outcomes in groupby(run(steps, work.journal), key=lambda outcome: outcome.step.phase):
        began, counts = time.monotonic(), dict.fromkeys(State, 0)
        title = f"{order.index(phase) + 1:2} {phase.value:17}"
        for outcome in outcomes:
            counts[outcome.found] += 1
            if outcome.found is not State.SAME:
                _line(console, f"     {outcome.found.done:7} {outcome.step.what}")
        seconds = time.monotonic() - began
        text = ", ".join(f"{state.done} {count}" for state, count in counts.items() if count)
        _line(console, f"{title} {text:40} ok{f'  {seconds:.0f} s' if seconds > _SLOW else ''}")
    _left_to_you(work.manual(), console)
    later = work.later()
    if later:
        _line(console, "Not given yet:")
    for sentence in later:
        _line(console, f"  - {sentence}")
    _line(console, 'Done. README.md, "The first day in Azure", has the next step.')


def _ahead(work: "Bootstrap", console: "Console") -> list[str]:
    try:
        return work.ahead()
    except UserError as error:  # the person may lack the right to look
        _line(console, f"?      left to you: {error}")
        return []


def _left_to_you(left: list[str], console: "Console") -> None:
    if left:
        _line(console, "Left to you:")
    for number, sentence in enumerate(left, 1):
        _line(console, f"{number:2}. {sentence}")


def _plan(steps: "Iterable[Step]", console: "Console", problems: "Mapping[str, Sequence[str]]") -> None:
    """Print each phase with what it would make and change, and what is missing for it."""
    from ..bootstrap.steps import Phase, State, look

    order = list(Phase)
    for phase, outcomes in groupby(look(list(steps)), key=lambda outcome: outcome.step.phase):
        found = list(outcomes)
        same = sum(outcome.found is State.SAME for outcome in found)
        _line(console, f"{order.index(phase) + 1:2} {phase.value:17} {len(found) - same} to do, {same} found")
        for outcome in found:
            if outcome.note:
                _line(console, f"     ?      {outcome.step.what}: {outcome.note}")
            elif outcome.found is not State.SAME:
                _line(console, f"     {outcome.found.value:6} {outcome.step.what}")
    for sentence in chain.from_iterable(problems.values()):
        _line(console, f"missing: {sentence}")


def _undo(work: "Bootstrap", console: "Console", yes: bool, dry_run: bool) -> None:
    from ..bootstrap import questions
    from ..bootstrap.steps import State, undo

    steps = work.steps()
    known = {step.key: step.what for step in steps}
    keys = [key for key in work.journal.entries() if key in known]
    others = [key for key in work.journal.entries() if key not in known]
    if others:
        _line(console, f"Not of these environments or this configuration, and left alone: {', '.join(others)}")
    if not keys:
        _line(console, "Nothing to undo: the journal names nothing else that this command made.")
        return
    for key in reversed(keys):
        _line(console, f"     remove  {known[key]}")
    if dry_run:
        return
    if not yes:
        questions.approve("Remove this, as far as it holds nothing?")
    for outcome in undo(steps, work.journal):
        what = outcome.step.what
        word = "stays  " if outcome.note else "gone   " if outcome.found is State.ABSENT else "removed"
        _line(console, f"     {word} {what}{f': {outcome.note}' if outcome.note else ''}")


def _pairs(option: str, given: "Iterable[str] | None") -> dict[str, str]:
    pairs = [each.partition("=") for each in given or ()]
    for key, sign, value in pairs:
        if not (key and sign and value):
            raise UserError(f"{option}: {key + sign + value!r} is refused: write KEY=VALUE")
    return {key: value for key, _, value in pairs}


def _refusal(problems: "Mapping[str, Sequence[str]]") -> str:
    listed = [f"  - {sentence}" for sentence in chain.from_iterable(problems.values())]
    if problems.keys() - {"you"}:
        listed.append("'mlops bootstrap --handover FILE' writes a script for whoever has the rights that you lack")
    return "\n".join(["nothing was written, as this is missing:", *listed])


def _line(console: "Console", text: str) -> None:
    console.print(text, markup=False, highlight=False, soft_wrap=True)
