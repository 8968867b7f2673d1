"""What `mlops bootstrap` made and Terraform's state does not know yet: a plan takes it over, and does not make it."""

import json
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..config.environment import EnvironmentConfig, load
from ..errors import UserError
from ..paths import Project
from . import az, roles, tables

Address = tuple[str, str, str | int | None]  # type, name and index of a resource in the state
Adopted = dict[str, dict[str, str]]  # the variable `adopted` of infra/adopted.tf

_IDENTITY, _CREDENTIAL, _ROLE = (
    "azurerm_user_assigned_identity",
    "azurerm_federated_identity_credential",
    "azurerm_role_assignment",
)
_ROLE_ASSIGNMENTS = "2022-04-01"
_LAKE = ("module.data_lake.azurerm_storage_account", "main", None)
_ABSENT = ("ResourceGroupNotFound", "ResourceNotFound")
NOT_ASKED = "Whether 'mlops bootstrap' made something that the state lacks is not known"
SO = "If it did, this plan adds it a second time, and an apply fails"
UNKNOWN = f"{NOT_ASKED}: 'az' is not on PATH, or no subscription is chosen. {SO}"
_STORAGE = "providers/Microsoft.Storage/storageAccounts"


def addresses(state: str) -> set[Address]:
    """Return what a state holds, from the output of `terraform state pull`; a module's name is before its types.

    >>> addresses('{"resources": [{"type": "t", "name": "main", "instances": [{"index_key": "ci"}, {}]}]}') == {
    ...     ("t", "main", "ci"), ("t", "main", None)}
    True
    >>> addresses('{"resources": [{"module": "module.m", "type": "t", "name": "main", "instances": [{}]}]}')
    {('module.m.t', 'main', None)}
    >>> addresses("")
    set()
    """
    resources = json.loads(state).get("resources", ()) if state.strip() else ()
    return {
        (".".join(filter(None, (each.get("module"), each["type"]))), each["name"], one.get("index_key"))
        for each in resources
        for one in each["instances"]
    }


def found(
    project: Project, config: EnvironmentConfig, subscription: str, known: Collection[Address]
) -> tuple[Adopted, tuple[str, ...]]:
    """Return the IDs of what exists in Azure and is not in the state, and a line for each question without an answer.

    No question is asked if nothing can be missing.

    Args:
        project: whose table of roles counts.
        config: of the environment.
        subscription: that it is in.
        known: the addresses in the state.
    """
    lookup = _Lookup(config, f"/subscriptions/{subscription}", load(project.root / "config", "prod"))
    table = tables.roles(project)
    identities, trusted, rows, lake = lookup.unknown(table, known)
    if not identities and not trusted and not rows and not lake:
        return {}, ()
    there = lookup.identities()
    adopted = {
        "identities": {who: lookup.id(who) for who in sorted(identities) if who in there},
        "credentials": dict(lookup.credentials(trusted, there)),
        "roles": dict(lookup.roles(rows, table, there)) if there else {},
        "storage": dict(lookup.lake()) if lake else {},
    }
    notes = tuple(f"{NOT_ASKED}: {said}. {SO}" for said in lookup.unanswered)
    return {part: ids for part, ids in adopted.items() if ids}, notes


def may_lack(project: Project, config: EnvironmentConfig, known: Collection[Address]) -> bool:
    """Return whether the state lacks something that `mlops bootstrap` may have made."""
    lookup = _Lookup(config, "/subscriptions/unknown", load(project.root / "config", "prod"))
    return any(lookup.unknown(tables.roles(project), known))


@dataclass(frozen=True)
class _Lookup:
    config: EnvironmentConfig
    home: str  # ID of the subscription
    prod: EnvironmentConfig
    unanswered: list[str] = field(default_factory=list)  # what Azure did not tell, in its words

    @property
    def names(self) -> dict[str, str]:
        """The identities' names, by whom they are for."""
        names = self.config.names
        builds = ("infrastructure", "plan") if self.config.ci.builds_infrastructure else ()
        return {who: getattr(names, f"identity_{who}") for who in ("jobs", "endpoint", "ci", *builds)}

    def unknown(
        self, table: tables.Roles, known: Collection[Address]
    ) -> tuple[set[str], set[str], list[tables.Grant], bool]:
        """Return whose identities and credentials, which roles, and whether a lake, the state does not have."""
        return (
            {who for who in self.names if (_IDENTITY, "main", who) not in known},
            {who for who in _trusted(self.config) if (_CREDENTIAL, who, 0) not in known},
            # as infra/roles.tf calls it
            [grant for grant in self.rows(table) if (_ROLE, "main", key(grant)) not in known],
            self.config.environment.name == self.prod.environment.name and _LAKE not in known,
        )

    def id(self, who: str) -> str:
        """Return an identity's ID as azurerm writes it: Azure's own answers have other capital letters."""
        group = f"{self.home}/resourceGroups/{self.config.names.resource_group}"
        return f"{group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{self.names[who]}"

    def identities(self) -> dict[str, str]:
        """Return the object IDs of the identities that exist, by whom they are for."""
        where = ("--resource-group", self.config.names.resource_group, "--subscription", self.home.split("/")[2])
        listed = {each["name"].lower(): each["principalId"] for each in self._ask("identity", "list", *where)}
        return {who: listed[name.lower()] for who, name in self.names.items() if name.lower() in listed}

    def credentials(self, trusted: Collection[str], there: Mapping[str, str]) -> Iterator[tuple[str, str]]:
        """Yield the credentials that exist, with their IDs."""
        for who in sorted(trusted):
            holder, name = ("ci", "watch") if who == "watch" else (who, "ci")
            if holder not in there:
                continue
            where = ("--identity-name", self.names[holder], "--resource-group", self.config.names.resource_group)
            listed = self._ask(
                *("identity", "federated-credential", "list", *where, "--subscription", self.home.split("/")[2])
            )
            if name in {each["name"] for each in listed}:
                yield who, f"{self.id(holder)}/federatedIdentityCredentials/{name}"

    def lake(self) -> Iterator[tuple[str, str]]:
        """Yield the data lake, if it exists: bootstrap makes prod's alone, which other environments get roles on."""
        names = self.config.names
        where = ("--resource-group", names.resource_group, "--subscription", self.home.split("/")[2])
        listed = {each["name"].lower() for each in self._ask("storage", "account", "list", *where)}
        if names.data_lake.lower() in listed:
            yield "data_lake", f"{self.home}/resourceGroups/{names.resource_group}/{_STORAGE}/{names.data_lake}"

    def rows(self, table: tables.Roles) -> list[tables.Grant]:
        """Return the rows of the table that bootstrap may have given."""
        if not self.config.environment.assign_roles:
            return []
        scopes = self.scopes()
        return [
            grant
            for grant in table.grants
            if grant.who in self.names and grant.on in scopes and roles.counts(grant, self.config)
        ]

    def scopes(self) -> dict[str, str]:
        """Return the IDs of what such rows count for."""
        config = self.config
        registry, state = config.registry, config.state
        home = f"/subscriptions/{registry.subscription_id}" if registry.subscription_id else self.home
        shared = f"{home}/resourceGroups/{registry.resource_group}/providers/Microsoft.MachineLearningServices"
        lake = f"{self.home}/resourceGroups/{self.prod.names.resource_group}/{_STORAGE}/{self.prod.names.data_lake}"
        known: dict[str, str | None] = {
            "resource_group": f"{self.home}/resourceGroups/{config.names.resource_group}",
            "ml_registry": f"{shared}/registries/{registry.name}",
            "ml_registry_group": registry.managed_resource_group
            and f"{home}/resourceGroups/{registry.managed_resource_group}",
            "production_lake": lake,
        }
        if state is not None:
            account = f"{self.home}/resourceGroups/{state.resource_group}/{_STORAGE}/{state.storage_account}"
            containers = f"{account}/blobServices/default/containers"
            known |= {"state": account, "state/endpoints": f"{containers}/tfstate-endpoints"}
        return {on: scope for on, scope in known.items() if scope}

    def roles(
        self, rows: Collection[tables.Grant], table: tables.Roles, there: Mapping[str, str]
    ) -> Iterator[tuple[str, str]]:
        """Yield the roles that were given, with the IDs of their assignments."""
        scopes = self.scopes()
        for on in sorted({grant.on for grant in rows}):
            given = self._assignments(scopes[on])
            for grant in rows:
                name = given.get((there.get(grant.who, ""), table.roles.get(grant.role, "")))
                if grant.on == on and name:
                    yield key(grant), f"{scopes[on]}/providers/Microsoft.Authorization/roleAssignments/{name}"

    def _assignments(self, scope: str) -> dict[tuple[str, str], str]:
        """Return the names of the assignments on exactly this scope, by object ID and role."""
        path = f"{scope}/providers/Microsoft.Authorization/roleAssignments"
        listed = self._said(lambda: az.get(path, _ROLE_ASSIGNMENTS)["value"])
        return {
            (each["properties"]["principalId"], each["properties"]["roleDefinitionId"].rpartition("/")[2]): each["name"]
            for each in listed
            if each["properties"]["scope"].lower() == scope.lower()
        }

    def _ask(self, *arguments: str) -> list[dict[str, Any]]:
        return self._said(lambda: az.ask(*arguments))

    def _said(self, ask: Callable[[], list[dict[str, Any]]]) -> list[dict[str, Any]]:
        """Return an answer; nothing if the asked one does not exist, or if there was none, which is noted."""
        try:
            return ask()
        except UserError as error:
            if not any(word in str(error) for word in _ABSENT):
                self.unanswered.append(" ".join(str(error).split()))
            return []


def _trusted(config: EnvironmentConfig) -> Collection[str]:
    """Return the subjects that infra/ writes: none until all parts of a token's name are known."""
    if config.ci.issuer is None or config.ci.subject_prefix is None:
        return ()
    builds = config.ci.builds_infrastructure
    return [who for who in config.ci.trusted() if builds or who not in ("infrastructure", "plan")]


def key(grant: tables.Grant | roles.Assignment) -> str:
    """Return how infra/roles.tf calls a row of the table."""
    return f"{grant.who}: {grant.role} on {grant.on}"
