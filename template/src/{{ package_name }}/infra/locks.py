"""Locks against deleting what holds data: commands for an owner, who alone may make and remove locks."""

import shlex
from collections.abc import Iterator, Mapping

from ..config.environment import EnvironmentConfig

_LOCK = ("az", "lock", "create", "--name", "keep-data", "--lock-type", "CanNotDelete")
_STORAGE = "Microsoft.Storage/storageAccounts"
_VAULT = "Microsoft.KeyVault/vaults"


def commands(config: EnvironmentConfig) -> Mapping[str, str]:
    """Return an `az` command for each lock, by the reason for it.

    No lock stands on a resource group: it would also keep deployments from being replaced and scaled.
    """
    return {
        why: shlex.join([*_LOCK, "--resource-group", group, "--resource", name, "--resource-type", kind])
        for why, group, name, kind in _locked(config)
    }


def _locked(config: EnvironmentConfig) -> Iterator[tuple[str, str, str, str]]:
    names = config.names
    yield "the data lake: the project's data", names.resource_group, names.data_lake, _STORAGE
    yield "the workspace's storage: models, outputs and logs", names.resource_group, names.storage_account, _STORAGE
    if config.existing.key_vault_id is None:
        yield "the key vault: secrets of connections", names.resource_group, names.key_vault, _VAULT
    if state := getattr(config, "state", None):
        yield "the state of infra/", state.resource_group, state.storage_account, _STORAGE
