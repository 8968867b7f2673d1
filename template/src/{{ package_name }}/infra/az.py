"""The Azure CLI: who is signed in, and questions that it answers in JSON."""

import json
import os
import shutil
from dataclasses import dataclass
from typing import Any

from ..errors import StepFailedError, UserError
from . import tools

SUBSCRIPTION = "ARM_SUBSCRIPTION_ID"  # what tools and CI systems call it


@dataclass(frozen=True)
class Account:
    """The subscription that commands act on, and who acts."""

    subscription: str
    name: str
    user: str
    kind: str  # "user" or "servicePrincipal"


def subscription() -> str | None:
    """The subscription to act on, None where nobody says one: the tool then says what it misses.

    Raises:
        UserError: `az` is there, but nobody is signed in.
    """
    return os.environ.get(SUBSCRIPTION) or (account().subscription if shutil.which("az") else None)


def account(configured: str | None = None) -> Account:
    """The signed-in account. A `configured` subscription goes before ARM_SUBSCRIPTION_ID, and that before `az`'s own.

    Raises:
        UserError: `az` is missing, nobody is signed in, or the chosen subscription is out of reach.
    """
    wanted = configured or os.environ.get(SUBSCRIPTION)
    ended = call("account", "show", *(("--subscription", wanted) if wanted else ()))
    if ended.code:
        if wanted and "az login" not in ended.err:
            origin = "the configuration's subscription" if configured else SUBSCRIPTION
            raise UserError(f"{origin}: {wanted!r} is refused: the signed-in identity does not see it")
        raise UserError("nobody is signed in to Azure: run 'az login'")
    shown = _parsed(ended)
    return Account(shown["id"], shown["name"], shown["user"]["name"], shown["user"]["type"])


def ask(*arguments: str) -> Any:
    """What `az ARGUMENTS` answers.

    Raises:
        StepFailedError: it failed; the message holds its own words.
    """
    ended = call(*arguments)
    if ended.code:
        raise StepFailedError(f"'az {' '.join(arguments)}' failed: {ended.reason}")
    return _parsed(ended)


def get(path: str, version: str) -> Any:
    """What Azure Resource Manager answers to GET `path` with this API version; errors as in `ask`."""
    return ask("rest", "--method", "get", "--url", f"https://management.azure.com{path}?api-version={version}")


def call(*arguments: str) -> tools.Ended:
    """How `az ARGUMENTS` ended, whatever it said.

    Raises:
        UserError: it is not on PATH.
    """
    path = tools.find("az", "install the Azure CLI, then run 'az login'")
    return tools.run([path, *arguments, "--output", "json", "--only-show-errors"])


def _parsed(ended: tools.Ended) -> Any:
    try:
        return json.loads(ended.out)
    except ValueError:
        raise StepFailedError(f"'az' did not answer in JSON: {ended.reason[:200]}") from None
