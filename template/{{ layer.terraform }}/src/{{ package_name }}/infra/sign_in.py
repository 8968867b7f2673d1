"""How Terraform signs in where CI runs it: by the job itself, again and again, as an apply can outlive any token."""

import os
from collections.abc import Mapping


def of_ci() -> Mapping[str, str]:
    """Environment variables for azurerm, azapi and the backend; none where there is no such job, or somebody set them.

    GitHub Actions offers tokens to jobs with `id-token: write`; AZURE_CLIENT_ID and AZURE_TENANT_ID say for whom. Azure
    Pipelines offers them to the task AzureCLI, which says for whom, if it is handed SYSTEM_ACCESSTOKEN.
    """
    given = os.environ
    if "ARM_CLIENT_ID" in given or "ARM_USE_OIDC" in given:
        return {}
    connection = given.get("AZURESUBSCRIPTION_SERVICE_CONNECTION_ID")
    if connection and given.get("SYSTEM_ACCESSTOKEN"):
        client, tenant = given.get("AZURESUBSCRIPTION_CLIENT_ID"), given.get("AZURESUBSCRIPTION_TENANT_ID")
        # azurerm has the one name, early versions of azapi know only the other.
        names = ("ARM_ADO_PIPELINE_SERVICE_CONNECTION_ID", "ARM_OIDC_AZURE_SERVICE_CONNECTION_ID")
        connected = dict.fromkeys(names, connection)
    elif given.get("ACTIONS_ID_TOKEN_REQUEST_URL"):
        client, tenant = given.get("AZURE_CLIENT_ID"), given.get("AZURE_TENANT_ID")
        connected = {}
    else:
        return {}
    if not client or not tenant:
        return {}
    return {"ARM_USE_OIDC": "true", "ARM_CLIENT_ID": client, "ARM_TENANT_ID": tenant, **connected}
