"""The storage account of Terraform's state, one for each environment, opened by identity only and created with `az`.

With an account for each environment, an identity that builds dev cannot read the state of prod.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from ..config.environment import EnvironmentConfig
from ..errors import UserError
from . import az
from .preparation import Preparation, Step

CONTAINER = "tfstate"
ENDPOINTS = "tfstate-endpoints"  # the only one that the identity which deploys may write
_WRITER = "ba92f5b4-2d11-453d-a403-e96b0029c9fe"  # Storage Blob Data Contributor
_ROLE_ASSIGNMENTS = "2022-04-01"
_DAYS = "30"  # in which a deleted or overwritten state can be recovered
_KEEPS = ("--enable-versioning", "--enable-delete-retention", "--enable-container-delete-retention")
_CLOSED = {"allowSharedKeyAccess": False, "allowBlobPublicAccess": False, "minimumTlsVersion": "TLS1_2"}
_CLOSE = ("--allow-shared-key-access", "false", "--allow-blob-public-access", "false", "--min-tls-version", "TLS1_2")


@dataclass(frozen=True)
class _Writer:
    """An identity that reads and writes the state."""

    label: str
    object_id: str
    kind: str  # in role assignments: User or ServicePrincipal


def prepare(config: EnvironmentConfig) -> Preparation:
    """Return the remaining steps until Terraform can keep the state of this environment.

    Raises:
        UserError: the configuration names no account, or `az` is not signed in.
        StepFailedError: Azure did not answer a question.
    """
    if config.state is None:
        raise UserError(
            f"{config.where('state')} is missing: write the resource group and storage account that Terraform keeps its"
            " state in"
        )
    return _Account(config, config.state.resource_group, config.state.storage_account, az.account()).preparation()


@dataclass(frozen=True)
class _Account:
    """The storage account as it is and as it should be."""

    config: EnvironmentConfig
    group: str
    name: str
    account: az.Account

    @property
    def subscription(self) -> tuple[str, str]:
        return ("--subscription", self.account.subscription)

    @property
    def here(self) -> tuple[str, ...]:
        return ("--resource-group", self.group, *self.subscription)

    @property
    def id(self) -> str:
        group = f"/subscriptions/{self.account.subscription}/resourceGroups/{self.group}"
        return f"{group}/providers/Microsoft.Storage/storageAccounts/{self.name}"

    def preparation(self) -> Preparation:
        has_group = bool(az.ask("group", "exists", "--name", self.group, *self.subscription))
        built = self._built() if has_group else None
        steps = [*self._steps_to_account(has_group, built), *self._steps_inside(built is not None)]
        missing = self._missing_writer(built is not None)
        if missing and self.config.environment.assign_roles:
            steps.append(self._step_of_role(missing))
            missing = None
        return Preparation(
            f"Nothing to do: storage account {self.name} keeps the state of {self.config.environment.name}.",
            tuple(steps),
            tuple(self._notes(missing)),
        )

    def _steps_to_account(self, has_group: bool, built: Mapping[str, Any] | None) -> Iterator[Step]:
        tags = [f"{key}={value}" for key, value in self.config.tags.items()]
        place = ("--location", self.config.environment.location, *(("--tags", *tags) if tags else ()))
        if not has_group:
            yield self._step(
                f"create resource group {self.group} in {self.config.environment.location}",
                *("group", "create", "--name", self.group, *place, *self.subscription),
            )
        if built is None:
            self._refuse_taken_name()
            yield self._step(
                f"create storage account {self.name} there: no shared keys, no public blobs, TLS 1.2 or later",
                *("storage", "account", "create", "--name", self.name, *self.here, *place),
                *("--kind", "StorageV2", "--sku", f"Standard_{self.config.sizes.storage_replication}"),
                *("--https-only", "true", *_CLOSE),
            )
        elif any(built.get(key) != value for key, value in _CLOSED.items()):
            yield self._step(
                f"close storage account {self.name}: no shared keys, no public blobs, TLS 1.2 or later",
                *("storage", "account", "update", "--name", self.name, *self.here, *_CLOSE),
            )

    def _steps_inside(self, built: bool) -> Iterator[Step]:
        if not built or not self._keeps():
            yield self._step(
                f"keep every version of a state, and deleted ones for {_DAYS} days",
                *("storage", "account", "blob-service-properties", "update", "--account-name", self.name, *self.here),
                *(word for flag in _KEEPS for word in (flag, "true")),
                *("--delete-retention-days", _DAYS, "--container-delete-retention-days", _DAYS),
            )
        # `container-rm` asks Azure Resource Manager: a new role on the data takes minutes to count.
        for name in (CONTAINER, ENDPOINTS):
            container = ("--storage-account", self.name, "--name", name, *self.here)
            if not built or not az.ask("storage", "container-rm", "exists", *container)["exists"]:
                yield self._step(
                    f"create container {name} in it",
                    *("storage", "container-rm", "create", *container, "--public-access", "off"),
                )

    def _step_of_role(self, writer: _Writer) -> Step:
        return self._step(
            f"give {writer.label} access to it: role Storage Blob Data Contributor",
            *("role", "assignment", "create", *self._assignment(writer), *self.subscription),
        )

    def _notes(self, without_role: _Writer | None) -> Iterator[str]:
        if without_role:
            yield "Ask an administrator to assign this role, as assign_roles is false:"
            yield f"  az role assignment create {' '.join(self._assignment(without_role))}"
        if self.config.network.mode != "public":
            yield (
                f"Storage account {self.name} can be reached from outside your network, by identity only. To close it,"
                " give it a private endpoint (subresource blob) in the network of your machines and the CI's,"
                f" then run: az storage account update --name {self.name} --resource-group {self.group}"
                " --public-network-access Disabled"
            )

    def _refuse_taken_name(self) -> None:
        found = az.ask("storage", "account", "check-name", "--name", self.name, *self.subscription)
        if not found["nameAvailable"]:
            raise UserError(
                f"{self.config.where('state.storage_account')}: {self.name!r} is refused:"
                f" {found.get('message') or 'it is taken'}"
            )

    def _step(self, description: str, *arguments: str) -> Step:
        return Step(description, partial(az.ask, *arguments))

    def _built(self) -> Mapping[str, Any] | None:
        found = az.ask("storage", "account", "list", *self.here)
        return next((account for account in found if account["name"] == self.name), None)

    def _keeps(self) -> bool:
        kept = az.ask("storage", "account", "blob-service-properties", "show", "--account-name", self.name, *self.here)
        policies = (kept.get("deleteRetentionPolicy"), kept.get("containerDeleteRetentionPolicy"))
        return bool(kept.get("isVersioningEnabled")) and all((policy or {}).get("enabled") for policy in policies)

    def _missing_writer(self, built: bool) -> _Writer | None:
        """Return the signed-in identity if it lacks the role; one that is assigned on a higher scope counts.

        The identities of CI get theirs from infra/ itself.
        """
        writer = _Writer(f"you ({self.account.user})", *self._signed_in())
        if built:
            answer = az.get(f"{self.id}/providers/Microsoft.Authorization/roleAssignments", _ROLE_ASSIGNMENTS)
            for assignment in answer["value"]:
                given = assignment["properties"]
                above = f"{self.id}/".lower().startswith(f"{given['scope'].rstrip('/')}/".lower())
                role = given["roleDefinitionId"].lower().endswith(f"/{_WRITER}")
                if above and role and given["principalId"].lower() == writer.object_id.lower():
                    return None
        return writer

    def _signed_in(self) -> tuple[str, str]:
        """Return object ID and kind; a managed identity must not ask Entra ID about itself, so ask Azure."""
        if self.account.kind == "user":
            return az.ask("ad", "signed-in-user", "show")["id"], "User"
        for identity in az.ask("identity", "list", *self.subscription):
            if identity["clientId"] == self.account.user:
                return identity["principalId"], "ServicePrincipal"
        return az.ask("ad", "sp", "show", "--id", self.account.user)["id"], "ServicePrincipal"

    def _assignment(self, writer: _Writer) -> tuple[str, ...]:
        return (
            *("--assignee-object-id", writer.object_id, "--assignee-principal-type", writer.kind),
            *("--role", _WRITER, "--scope", self.id),
        )
