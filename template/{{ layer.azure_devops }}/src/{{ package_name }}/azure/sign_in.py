"""Who acts in Azure: a person, a job in Azure ML, or a job of Azure Pipelines; never with a stored secret."""

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

from ..errors import UserError

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential

CLI_SECONDS = 60  # `az` answers slowly on a busy machine; the library's own 10 seconds are too few
_CONNECTION = (  # the task AzureCLI@2 sets them from its service connection
    "AZURESUBSCRIPTION_TENANT_ID",
    "AZURESUBSCRIPTION_CLIENT_ID",
    "AZURESUBSCRIPTION_SERVICE_CONNECTION_ID",
)


def credential(environment: Mapping[str, str] = os.environ) -> "TokenCredential":
    """Return the credential of this process.

    - in a job of Azure ML: the identity of its cluster (DEFAULT_IDENTITY_CLIENT_ID);
    - in a step of Azure Pipelines with a service connection: its identity, by a new assertion for every token, since
      an assertion lives ten minutes and a deployment longer;
    - otherwise: the account of `az login`.
    """
    from azure.identity import AzureCliCredential, AzurePipelinesCredential, ManagedIdentityCredential

    if client := environment.get("DEFAULT_IDENTITY_CLIENT_ID"):
        return ManagedIdentityCredential(client_id=client)
    if all(environment.get(name) for name in _CONNECTION):
        token = environment.get("SYSTEM_ACCESSTOKEN")
        if not token:
            raise UserError("SYSTEM_ACCESSTOKEN: is missing: map $(System.AccessToken) to it in the step's env")
        tenant, client, connection = (environment[name] for name in _CONNECTION)
        return AzurePipelinesCredential(
            tenant_id=tenant, client_id=client, service_connection_id=connection, system_access_token=token
        )
    return AzureCliCredential(process_timeout=CLI_SECONDS)


def actor(environment: Mapping[str, str] = os.environ) -> str:
    """Return who acts, for records and tags.

    >>> actor({"BUILD_REQUESTEDFOR": "Ada", "BUILD_BUILDID": "17", "USER": "agent"})
    'Ada, run 17'
    >>> actor({"USER": "ada"})
    'ada'
    """
    if person := environment.get("BUILD_REQUESTEDFOR"):
        return f"{person}, run {environment.get('BUILD_BUILDID', 'unknown')}"
    return environment.get("USER") or environment.get("USERNAME") or "unknown"
