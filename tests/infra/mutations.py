"""Seeded mistakes in the infrastructure, and whether the project's own checks find them."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.infra.cases import ENVIRONMENTS, REPRESENTATIVE, Case
from tests.infra.flavours import MADE, config_of
from tests.infra.policy import Built, faults

Check = Callable[[Path, Case], Iterator[str]]
"""Yields what is wrong with a filled-in project; to raise says that it cannot even be run."""


@dataclass(frozen=True)
class Mutation:
    """One mistake that somebody could make in a file of infra/."""

    file: str
    """Path in infra/ as rendered."""
    old: str
    """Text that the file holds once."""
    new: str
    breaks: str
    """What goes wrong in Azure, in a few words."""
    case: Case = REPRESENTATIVE[0]
    """A project in which it matters."""

    def __str__(self) -> str:
        return self.breaks.replace(" ", "-")


def mutated(mutation: Mutation, project: Path, folder: Path) -> Path:
    """A copy of a filled-in project with the mistake in it."""
    target = folder / "mutated"
    shutil.copytree(project, target)
    path = target / "infra" / mutation.file
    text = path.read_text()
    assert text.count(mutation.old) == 1, f"{mutation.file} holds {mutation.old!r} {text.count(mutation.old)} times"
    path.write_text(text.replace(mutation.old, mutation.new))
    return target


def against(project: Path, case: Case, checks: Iterable[Check]) -> str | None:
    """The first thing that one of the checks says against a project; None if all pass."""
    for check in checks:
        try:
            found = next(check(project, case), None)
        except Exception as error:
            found = str(error) or type(error).__name__
        if found is not None:
            return found
    return None


def keeps_promises(iac: str) -> Check:
    """The check that every stack of every environment can be made, and is what the policy wants."""

    def check(project: Path, case: Case) -> Iterator[str]:
        for environment in ENVIRONMENTS:
            for stack in case.stacks():
                resources = MADE[iac](project, environment, stack)
                yield from faults(Built(resources, config_of(project, environment)), stack)

    return check
