"""Who acts in Azure: a person, a job in Azure ML, or a job of GitHub Actions; never with a stored secret."""

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

from ..errors import UserError
from .authorization import authorization

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential

AUDIENCE = "api://AzureADTokenExchange"
CLI_SECONDS = 60  # `az` answers slowly on a busy machine; the library's own 10 seconds are too few
_OFFER = ("ACTIONS_ID_TOKEN_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_TOKEN")
_IDENTITY = ("AZURE_TENANT_ID", "AZURE_CLIENT_ID")


def credential(environment: Mapping[str, str] = os.environ) -> "TokenCredential":
    """Return the credential of this process.

    - in a job of Azure ML: the identity of its cluster (DEFAULT_IDENTITY_CLIENT_ID);
    - in a job of GitHub Actions with `id-token: write`: the identity AZURE_CLIENT_ID, by a new assertion for every
      token, since an assertion lives five minutes and a deployment longer;
    - otherwise: the account of `az login`.
    """
    from azure.identity import AzureCliCredential, ClientAssertionCredential, ManagedIdentityCredential

    if client := environment.get("DEFAULT_IDENTITY_CLIENT_ID"):
        return ManagedIdentityCredential(client_id=client)
    if all(environment.get(name) for name in _OFFER):
        missing = [name for name in _IDENTITY if not environment.get(name)]
        if missing:
            raise UserError(f"{missing[0]}: is missing: set it as a variable of the job's GitHub environment")
        tenant, client = (environment[name] for name in _IDENTITY)
        url, token = (environment[name] for name in _OFFER)
        return ClientAssertionCredential(tenant, client, lambda: _assertion(url, token))
    return AzureCliCredential(process_timeout=CLI_SECONDS)


def actor(environment: Mapping[str, str] = os.environ) -> str:
    """Return who acts, for records and tags.

    >>> actor({"GITHUB_ACTOR": "ada", "GITHUB_RUN_ID": "17", "USER": "runner"})
    'ada, run 17'
    >>> actor({"USER": "ada"})
    'ada'
    """
    if person := environment.get("GITHUB_ACTOR"):
        return f"{person}, run {environment.get('GITHUB_RUN_ID', 'unknown')}"
    return environment.get("USER") or environment.get("USERNAME") or "unknown"


def _assertion(url: str, token: str) -> str:
    import requests

    answer = requests.get(f"{url}&audience={AUDIENCE}", auth=authorization(f"bearer {token}"), timeout=CLI_SECONDS)
    answer.raise_for_status()
    return str(answer.json()["value"])
