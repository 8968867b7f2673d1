"""The questions of `mlops bootstrap` to the person at the terminal; without one there are options instead."""

import sys
from collections.abc import Mapping
from typing import Any

from ..config.environment import EnvironmentConfig
from ..errors import UserError
from ..infra import ci as infra_ci
from ..paths import Project
from . import settings
from .arguments import NO_APPROVAL, approvers
from .environments import needed

_WHO = {
    "promote": "lets a candidate go on to staging",
    "prod": "lets a model into production",
    "infra": "lets infrastructure be changed in staging and prod",
}


def require_user() -> None:
    """Check that questions can be asked, before anything else.

    Raises:
        UserError: no person is at a terminal, or the package for questions is not installed.
    """
    if not sys.stdin.isatty() or infra_ci.is_running():
        raise UserError(
            "no user can approve here, as this is no terminal: add --yes where the approval was given before, and"
            " --reviewer KEY=NAMES for approvals that config/ does not name"
        )
    try:
        import questionary  # noqa: F401
    except ImportError:
        raise UserError(
            "bootstrap asks its questions with the package 'questionary', which is not installed: run it with `uv run`,"
            " or add --yes"
        ) from None


def missing_reviewers(
    project: Project, configs: Mapping[str, EnvironmentConfig], given: Mapping[str, str]
) -> dict[str, str]:
    """Return who approves, by key of `ci.reviewers`: as `given`, and as answered where config/ does not say it."""
    import questionary

    found = dict(given)
    for key in _WHO:
        if (
            key not in needed(list(configs))
            or key in found
            or settings.read(project, "common", f"ci.reviewers.{key}") is not None
        ):
            continue

        def refusal(answer: str, key: str = key) -> bool | str:
            try:
                return bool(approvers(project, {key: answer})[key]) or answer.strip() == NO_APPROVAL or _EMPTY
            except UserError as error:
                return str(error).removeprefix("--reviewer: ")

        text = f"Who {_WHO[key]}? (team, group or person; several with commas; {NO_APPROVAL}: no approval)"
        found[key] = str(_asked(questionary.text(text, validate=refusal)))
    return found


def approve(question: str) -> None:
    """Ask for a yes.

    Raises:
        UserError: the answer is no.
    """
    import questionary

    if not _asked(questionary.confirm(question, default=False)):
        raise UserError("not approved: nothing was changed")


_EMPTY = f"name at least one, or write {NO_APPROVAL}"


def _asked(question: Any) -> Any:
    try:
        return question.unsafe_ask()
    except EOFError:  # Ctrl-D
        raise KeyboardInterrupt from None
