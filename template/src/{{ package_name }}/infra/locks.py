"""Locks against deleting what holds data: commands for an owner, who alone may make and remove locks."""

import shlex
from collections.abc import Iterator, Mapping

from ..config.environment import EnvironmentConfig

NAME = "keep-data"
_STORAGE = "Microsoft.Storage/storageAccounts"


def commands(config: EnvironmentConfig, subscription: str | None) -> Mapping[str, str]:
    """Return an `az` command for each lock, by the reason for it.

    No lock stands on a resource group: it would also keep deployments from being replaced and scaled.
    """
    where = ("--subscription", subscription) if subscription else ()
    return {
        why: shlex.join(
            ("az", "lock", "create", "--name", NAME, "--lock-type", "CanNotDelete", "--resource-group", group)
            + ("--resource", name, "--resource-type", kind, *where)
        )
        for why, group, name, kind in _locked(config)
    }


def _locked(config: EnvironmentConfig) -> Iterator[tuple[str, str, str, str]]:
    names = config.names
    yield "the data lake: the project's data", names.resource_group, names.data_lake, _STORAGE
    yield "the workspace's storage: models, outputs and logs", names.resource_group, names.storage_account, _STORAGE
    if config.existing.key_vault_id is None:
        yield "the key vault: secrets of connections", names.resource_group, names.key_vault, "Microsoft.KeyVault/vaults"
    if state := getattr(config, "state", None):
        yield "the state of infra/", state.resource_group, state.storage_account, _STORAGE
