"""git in this project's repository."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from ..errors import UserError
from ..infra import tools

_NAME, _MAIL = "mlops template update", "mlops@localhost"


def git(folder: Path, *arguments: str, variables: Mapping[str, str] | None = None, ok: Sequence[int] = (0,)) -> str:
    """Run git in `folder` and return its output.

    Raises:
        UserError: it is missing, or ends with another exit code than those of `ok`.
    """
    path = tools.find("git", "install git")
    ended = tools.run([path, *arguments], folder=folder, variables=variables)
    if ended.code not in ok:
        raise UserError(f"git {arguments[0]}: {ended.reason}")
    return ended.out


def signed_in(authorization: str) -> dict[str, str]:
    """Return variables with which git signs in to a server; no command line and no file shows the token."""
    return {
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "http.extraHeader",
        "GIT_CONFIG_VALUE_0": f"Authorization: {authorization}",
    }


def author(folder: Path) -> dict[str, str]:
    """Return variables that name the author of commits on a machine where git knows none."""
    if git(folder, "config", "user.email", ok=(0, 1)).strip() or os.environ.get("GIT_AUTHOR_EMAIL"):
        return {}
    return {
        f"GIT_{role}_{key}": value
        for role in ("AUTHOR", "COMMITTER")
        for key, value in (("NAME", _NAME), ("EMAIL", _MAIL))
    }
