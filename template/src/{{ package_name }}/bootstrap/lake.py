"""Production's data lake, empty and ahead of its environment: others get roles on it before prod is built.

CI builds prod last, and may not give these roles; so bootstrap makes the account in the form that infra/ describes, and
the first apply of prod takes it over.
"""

from collections.abc import Mapping
from time import sleep

from ..config.environment import EnvironmentConfig
from ..errors import StepFailedError
from ..infra.roles import condition
from .azure import STORAGE, Azure
from .resources import is_built
from .steps import Phase, State, Step

_WAIT, _LOOKS = 5.0, 60


class Lake:
    """The storage account, if an environment of this run reads it."""

    def __init__(self, azure: Azure, configs: Mapping[str, EnvironmentConfig]) -> None:
        readers = [config for config in configs.values() if condition("production_data", config)]
        self._azure = azure
        self._config = configs.get("prod") if any(config.environment.assign_roles for config in readers) else None

    def steps(self) -> list[Step]:
        """Return the account; none if nothing reads it, or if prod is not set up in this run."""
        config = self._config
        if config is None:
            return []
        name, location = config.names.data_lake, config.environment.location
        words = f"--resource-group {config.names.resource_group} --location {location} --sku {_sku(config)}"
        closed = "--allow-shared-key-access false --allow-blob-public-access false --min-tls-version TLS1_2"
        return [
            Step(
                "azure:lake/prod",
                f"data lake {name} of prod, empty, which other environments get roles on",
                Phase.AZURE,
                lambda: State.ABSENT if self._found(config) is None else State.SAME,
                lambda: self._make(config),
                lambda: self._remove(config),
                lambda: f"az storage account create --name {name} {words} --kind StorageV2 --hns true {closed}",
            )
        ]

    def _path(self, config: EnvironmentConfig) -> str:
        group = self._azure.group_id(config.names.resource_group)
        return f"{group}/providers/Microsoft.Storage/storageAccounts/{config.names.data_lake}"

    def _found(self, config: EnvironmentConfig) -> object:
        return self._azure.arm.get(self._path(config), params=STORAGE, missing=(404,))

    def _make(self, config: EnvironmentConfig) -> None:
        body = {
            "kind": "StorageV2",
            "sku": {"name": _sku(config)},
            "location": config.environment.location,
            "tags": dict(config.tags),
            "properties": {
                "isHnsEnabled": True,  # it can never be changed
                "allowSharedKeyAccess": False,
                "allowBlobPublicAccess": False,
                "minimumTlsVersion": "TLS1_2",
                "supportsHttpsTrafficOnly": True,
                "publicNetworkAccess": "Disabled" if config.network.closed else "Enabled",
            },
        }
        self._azure.arm.put(self._path(config), json=body, params=STORAGE, ok=(200, 201, 202))
        for _ in range(_LOOKS):
            found = self._azure.arm.get(self._path(config), params=STORAGE, missing=(404,))
            if found and found["properties"].get("provisioningState") == "Succeeded":
                return
            sleep(_WAIT)
        raise StepFailedError(f"Azure still makes the storage account {config.names.data_lake}: run it again")

    def _remove(self, config: EnvironmentConfig) -> str | None:
        if is_built(self._azure, config):
            return "prod is built and keeps data there: 'mlops infra destroy --env prod' says what is lost"
        containers = self._azure.arm.pages(f"{self._path(config)}/blobServices/default/containers", params=STORAGE)
        if held := next((str(each["name"]) for each in containers), None):
            return f"it holds the container {held}"
        self._azure.arm.delete(self._path(config), params=STORAGE)
        return None


def _sku(config: EnvironmentConfig) -> str:
    return f"Standard_{config.sizes.storage_replication}"
