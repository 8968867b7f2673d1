"""The sections `ci` and `events` of config/{dev,staging,prod}.yml: trust between Azure and GitHub Actions."""

from typing import Annotated, Literal

from pydantic import Field

from .azure_names import BlobSuffix, ContainerName, rule
from .yaml_file import Section

Repository = Annotated[str, rule(r"[^/]+/[^/]+", "write owner/name")]
SubjectPrefix = Annotated[
    str,
    rule(
        r"repo:[^/:\s]+/[^/:\s]+",
        "write what GitHub says, such as 'repo:owner@1/name@2', without the environment",
    ),
]
SecretName = Annotated[str, rule(r"[A-Za-z0-9-]{1,127}", "1 to 127 of letters, digits and '-'")]
VaultId = Annotated[
    str,
    rule(
        r"/subscriptions/[^/]+/resourceGroups/[^/]+/providers/Microsoft\.KeyVault/vaults/[^/]+",
        "write the key vault's resource ID: '/subscriptions/.../Microsoft.KeyVault/vaults/...'",
    ),
]


class Pipelines(Section):
    """Identity that Azure trusts as this environment's CI: none while `subject_prefix` is missing."""

    system: Literal["github"]
    repository: Repository
    builds_infrastructure: bool = True  # false: people build it
    subject_prefix: SubjectPrefix | None = None


class DataArrived(Section):
    """The blob that completes a delivery of data."""

    container: ContainerName
    suffix: BlobSuffix


class Events(Section):
    """Events in Azure that start a workflow or open an issue."""

    model: str  # the registered name
    cool_down_minutes: Annotated[int, Field(ge=1, le=1440)]
    data_arrived: DataArrived
    token_secret: SecretName
    token_vault_id: VaultId | None = None  # closed networks
