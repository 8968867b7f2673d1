"""What went wrong in Azure, in one sentence that says what to do."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ..errors import StepFailedError, UserError, first_line

if TYPE_CHECKING:
    from .client import Azure

_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
_ACTION = re.compile(r"perform action '([^']+)'(?: over scope '([^']+)')?")
_LONGEST = 400  # characters of Azure's own words

# Codes of Azure's errors -> what to do; `{env}` is the environment's name. Sources: the table of Azure Resource
# Manager's "Troubleshoot common Azure deployment errors"; for OutOfQuota and OutOfCapacity that of Azure ML on
# failing deployments. InvalidSubscriptionId, QuotaExceeded, LocationNotAvailableForResourceType and
# ConflictError (of a key vault that was deleted) are in no such table, but in messages that users of Azure published.
_ADVICE = {
    "SubscriptionNotFound": "choose the subscription with ARM_SUBSCRIPTION_ID or 'az account set'",
    "InvalidSubscriptionId": "choose the subscription with ARM_SUBSCRIPTION_ID or 'az account set'",
    "ResourceGroupNotFound": "build the environment with 'mlops infra apply --env {env}'",
    "ParentResourceNotFound": "build the environment with 'mlops infra apply --env {env}'",
    "QuotaExceeded": "ask for quota in the portal, or choose a smaller size in config/",
    "ResourceQuotaExceeded": "ask for quota in the portal, or choose a smaller size in config/",
    "OutOfQuota": "ask for quota in the portal, or choose a smaller size in config/",
    "OutOfCapacity": "the region has no machine of this size at present: try again, or choose another size",
    "SkuNotAvailable": "the region does not offer this size: choose another one in config/",
    "LocationNotAvailableForResourceType": "the region does not offer this: choose another one in config/",
    "MissingSubscriptionRegistration": "an owner registers the resource provider: 'mlops infra doctor --env {env}'",
    "SubscriptionNotRegistered": "an owner registers the resource provider: 'mlops infra doctor --env {env}'",
    "NoRegisteredProviderFound": "an owner registers the resource provider: 'mlops infra doctor --env {env}'",
    "RequestDisallowedByPolicy": "a policy of the subscription forbids it: ask its owner",
    "ConflictError": "a deleted resource may keep this name: choose another name in config/, or purge it",
}
_NETWORK = ("PublicNetworkAccess", "NetworkAcls", "not allowed by network", "AuthorizationFailure", "private endpoint")


class AzureProblemError(UserError):
    """Azure refused, because of something that the user or an administrator can change."""

    def __init__(self, message: str, code: str = "", status: int | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.status = status


class AzureFailedError(StepFailedError):
    """Azure did not answer, or failed in its own work; the same command may succeed later."""

    def __init__(self, message: str, code: str = "", status: int | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.status = status


@contextmanager
def translated(azure: "Azure", what: str) -> Iterator[None]:
    """Turn errors of Azure's clients inside the block into one of ours; the original is its cause.

    Args:
        azure: the environment that was asked.
        what: was being done, which opens the message.

    Raises:
        AzureProblemError: Azure refused.
        AzureFailedError: Azure failed or did not answer.
    """
    from azure.ai.ml.exceptions import MlException
    from azure.core.exceptions import AzureError
    from marshmallow.exceptions import ValidationError

    try:
        yield
    except (AzureError, MlException, ValidationError) as error:
        raise problem(azure, what, error) from error


def problem(azure: "Azure", what: str, error: Exception) -> AzureProblemError | AzureFailedError:
    """Return an error of Azure's clients as one of ours."""
    from azure.core.exceptions import (
        ClientAuthenticationError,
        HttpResponseError,
        ServiceRequestError,
        ServiceResponseError,
    )

    env = azure.config.environment.name
    code, said = _said(error)
    status = getattr(error, "status_code", None)
    if isinstance(error, ClientAuthenticationError) or "AADSTS" in said:
        advice = f"run 'az login' with an account that may use {env}; in CI, check the identity's federated subject"
        return AzureProblemError(f"{what}: not signed in to Azure: {said}; {advice}", code, status)
    if isinstance(error, ServiceRequestError | ServiceResponseError) and status is None:
        return AzureFailedError(f"{what}: Azure did not answer: {said}; run the command again", code)
    if status == 403:
        return AzureProblemError(f"{what}: {_forbidden(azure, said)}", code, status)
    if code in _ADVICE:
        return AzureProblemError(f"{what}: {code}: {said}; {_ADVICE[code].format(env=env)}", code, status)
    if status == 404:
        return AzureProblemError(f"{what}: {env} has no such thing: {said}", code, status)
    if status == 409:
        return AzureProblemError(
            f"{what}: {said}; another change may be going on: try again once it is over", code, 409
        )
    if isinstance(error, HttpResponseError) and (status is None or status == 200 or status == 429 or status >= 500):
        return AzureFailedError(f"{what}: Azure failed{f' ({code})' if code else ''}: {said}", code, status)
    return AzureProblemError(f"{what}: refused{f' ({code})' if code else ''}: {said}", code, status)


def _forbidden(azure: "Azure", said: str) -> str:
    """Return the sentence for a 403: a missing role, or a network that is closed to this machine."""
    env = azure.config.environment.name
    if found := _ACTION.search(said):
        scope = (found[2] or "").rpartition("/")[2] or env
        return (
            f"{env} has no role assignment for you that allows {found[1]} on {scope}:"
            f" 'mlops infra roles --env {env}' says who has which, and who can grant it"
        )
    if azure.config.network.closed and any(word.lower() in said.lower() for word in _NETWORK):
        return f"the network of {env} is closed to this machine: run it inside the network (docs/networks.md); {said}"
    return f"forbidden in {env}: {said}; 'mlops infra roles --env {env}' lists the roles that are needed"


def _said(error: Exception) -> tuple[str, str]:
    """Return the code and the words of Azure's own message, without colours and line breaks."""
    inner = getattr(error, "error", None)
    code, message = str(getattr(inner, "code", "") or ""), str(getattr(inner, "message", "") or "")
    text = _COLOURS.sub("", message or str(getattr(error, "message", "") or "") or first_line(error))
    text = " ".join(text.split())
    return code, text if len(text) <= _LONGEST else f"{text[:_LONGEST]} ..."
