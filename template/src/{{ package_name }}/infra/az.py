"""The Azure CLI: the signed-in account, and questions that it answers in JSON."""

import json
import os
import shutil
from dataclasses import dataclass
from typing import Any

from ..errors import StepFailedError, UserError
from . import tools

SUBSCRIPTION = "ARM_SUBSCRIPTION_ID"  # the variable that tools and CI systems use


@dataclass(frozen=True)
class Account:
    """The subscription that commands act on, and the signed-in identity."""

    subscription: str
    name: str
    user: str
    kind: str  # "user" or "servicePrincipal"


def subscription() -> str | None:
    """Return the subscription to act on, None where none is chosen: the tool then reports what is missing.

    Raises:
        UserError: `az` is installed, but not signed in.
    """
    return os.environ.get(SUBSCRIPTION) or (account().subscription if shutil.which("az") else None)


def account(configured: str | None = None) -> Account:
    """Return the signed-in account with its subscription: `configured`, else ARM_SUBSCRIPTION_ID, else `az`'s own.

    Raises:
        UserError: `az` is missing or not signed in, or the chosen subscription is out of reach.
    """
    wanted = configured or os.environ.get(SUBSCRIPTION)
    ended = call("account", "show", *(("--subscription", wanted) if wanted else ()))
    if ended.code:
        if wanted and "az login" not in ended.err:
            origin = "the configuration's subscription" if configured else SUBSCRIPTION
            raise UserError(f"{origin}: {wanted!r} is refused: the signed-in identity does not see it")
        raise UserError("not signed in to Azure: run 'az login'")
    shown = _parsed(ended)
    return Account(shown["id"], shown["name"], shown["user"]["name"], shown["user"]["type"])


def ask(*arguments: str) -> Any:
    """Return the answer of `az ARGUMENTS`.

    Raises:
        StepFailedError: it failed; the message holds its own.
    """
    ended = call(*arguments)
    if ended.code:
        raise StepFailedError(f"'az {' '.join(arguments)}' failed: {ended.reason}")
    return _parsed(ended)


def get(path: str, version: str) -> Any:
    """Return the answer of Azure Resource Manager to GET `path` with this API version; errors as in `ask`."""
    return ask("rest", "--method", "get", "--url", f"https://management.azure.com{path}?api-version={version}")


def call(*arguments: str) -> tools.Ended:
    """Run `az ARGUMENTS` and return how it ended, also if it failed.

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
