"""Roles that CI cannot give itself: given before its first apply, and named as infra/ names them."""

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from shlex import quote
from time import sleep
from typing import Any

from ..config.environment import EnvironmentConfig, load
from ..errors import StepFailedError
from ..infra import roles, tables
from ..infra.tables import Grant
from ..paths import Project
from . import settings
from .azure import AUTHORIZATION, STORAGE, Azure
from .journal import Journal
from .resources import identities_of, identity_key, is_built, shell_id
from .rest import RefusedError
from .steps import Phase, State, Step

# The function guid() of Azure's templates: a UUID of version 5 in this namespace, of the arguments joined by "-".
# Checked with the compiler.
_NAMESPACE = uuid.UUID("11fb06fb-712d-4ddd-98c7-e71bbd588830")
_TRIES, _WAIT = 8, 5.0  # until Entra ID has told Azure of an identity; over a minute and a half in all


def guid(*parts: str) -> str:
    """Return what the function `guid` of Azure's templates returns.

    >>> guid("a", "b-c", "Role Based Access Control Administrator")
    '3ec2386e-31f3-5933-9f7e-91be512b7584'
    """
    return str(uuid.uuid5(_NAMESPACE, "-".join(parts)))


def limits(table: tables.Roles, autoscale: str | None, holder: str) -> str:
    """Return the condition on the identity that builds: which roles it may give and take away, and none to itself."""
    ids = {name: id for name, id in table.roles.items() if name not in table.given_by_people_only}
    if autoscale:
        ids["autoscale"] = autoscale
    given = ", ".join(sorted(ids.values()))
    parts = []
    for action, of in (("write", "Request"), ("delete", "Resource")):
        attribute = f"@{of}[Microsoft.Authorization/roleAssignments:"
        parts.append(
            f"(!(ActionMatches{{'Microsoft.Authorization/roleAssignments/{action}'}}) OR ("
            f"{attribute}RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {{{given}}} AND "
            f"{attribute}PrincipalType] ForAnyOfAnyValues:StringEqualsIgnoreCase {{'ServicePrincipal', 'Group'}} AND "
            f"{attribute}PrincipalId] ForAllOfAllValues:GuidNotEquals {{{holder}}}))"
        )
    return " AND ".join(parts)


@dataclass(frozen=True)
class Given:
    """One role of the table, for an identity that bootstrap makes."""

    config: EnvironmentConfig
    grant: Grant
    role_id: str

    @property
    def key(self) -> str:
        return f"{self.config.environment.name}/{self.grant.who}/{self.grant.role}/{self.grant.on}"


class Grants:
    """The roles that bootstrap gives."""

    def __init__(
        self, project: Project, azure: Azure, configs: Mapping[str, EnvironmentConfig], journal: Journal
    ) -> None:
        self._project = project
        self._azure = azure
        self._configs = configs
        self._journal = journal
        self._table = tables.roles(project)
        self._prod = load(project.root / "config", "prod")

    def steps(self) -> list[Step]:
        """Return the roles; those on the registry after it is built, in the phase of the first apply."""
        return [self._step(given) for given in self.rows()]

    def rows(self) -> Iterator[Given]:
        """Yield the rows of the table that CI may not give, or needs for its first plan."""
        for config in self._configs.values():
            if not config.environment.assign_roles:
                continue
            for grant in self._table.grants:
                first = grant.who == "plan" or roles.by_people_only(grant, self._table)
                if grant.who in identities_of(config) and first and self._counts(grant, config):
                    yield Given(config, grant, self._table.roles[grant.role])

    def _counts(self, grant: Grant, config: EnvironmentConfig) -> bool:
        if grant.on.startswith("state") and getattr(config, "state", None) is None:
            return False
        # The group behind the registry is known once it is built, in this run or an earlier one.
        known = {"registry_group": True}
        here = not grant.environments or config.environment.name in grant.environments
        return here and all(known.get(word) or roles.condition(word, config) for word in grant.when)

    def waiting(self) -> list[str]:
        """Return the roles whose resource or holder is not built yet, with who gives them when."""
        rows = [given for given in self.rows() if given.grant.on == "production_lake" and not self._exists(given)]
        lake = [
            f"{given.grant.role} on production's data lake for {given.grant.who} of {given.config.environment.name}:"
            " add prod to --env"
            for given in rows
        ]
        # In a closed network a workspace approves its connections to what is outside of its group; CI may not let it.
        workspaces = [
            f"{grant.role} on {grant.on} for the workspace of {name}: once {name} is built, by you, with"
            f" 'mlops infra apply --env {name}'"
            for name, config in self._configs.items()
            for grant in self._table.grants
            if grant.who == "workspace" and grant.on in roles.OUTSIDE and self._counts(grant, config)
            if config.environment.assign_roles and not is_built(self._azure, config)
        ]
        return lake + workspaces

    def scope(self, given: Given) -> str | None:
        """Return the ID of what a role counts for; None while that is not known."""
        config, on = given.config, given.grant.on
        registry = config.registry
        home = registry.subscription_id or self._azure.subscription
        own = self._azure.group_id(config.names.resource_group)
        storage = "providers/Microsoft.Storage/storageAccounts"
        if on == "resource_group":
            return own
        if on == "ml_registry":
            group = self._azure.group_id(registry.resource_group, home)
            return f"{group}/providers/Microsoft.MachineLearningServices/registries/{registry.name}"
        if on == "ml_registry_group":
            # Read again: bootstrap itself writes it.
            managed = settings.read(self._project, "common", "registry.managed_resource_group")
            return self._azure.group_id(managed, home) if managed else None
        if on == "production_lake":
            names = self._prod.names
            return f"{self._azure.group_id(names.resource_group)}/{storage}/{names.data_lake}"
        state = getattr(config, "state")  # noqa: B009 # only where a state is kept
        account = f"{self._azure.group_id(state.resource_group)}/{storage}/{state.storage_account}"
        _, _, container = on.partition("/")
        return f"{account}/blobServices/default/containers/tfstate-{container}" if container else account

    def _step(self, given: Given) -> Step:
        built_here = given.grant.on in ("ml_registry", "ml_registry_group")
        return Step(
            f"azure:role/{given.key}",
            f"role {given.grant.role} on {given.grant.on} for {given.grant.who} of {given.config.environment.name}",
            Phase.APPLY if built_here else Phase.AZURE,
            lambda: self._state(given),
            lambda: self._give(given),
            lambda: self._remove(given),
            lambda: self._command(given),
        )

    def _state(self, given: Given) -> State:
        if given.grant.on == "production_lake" and not self._exists(given):
            return State.SAME  # `waiting` names it: there is nothing to give it on
        found = self._find(given)
        if found is None:
            return State.ABSENT
        wanted = self._condition(given, found["properties"]["principalId"])
        return State.SAME if found["properties"].get("condition") in (wanted, wanted or "") else State.DIFFERENT

    def _exists(self, given: Given) -> bool:
        return self._azure.arm.get(str(self.scope(given)), params=STORAGE, missing=(404,)) is not None

    def _find(self, given: Given) -> dict[str, Any] | None:
        """Return the assignment, whatever its name is."""
        identity, scope = self._azure.identity(given.config, given.grant.who), self.scope(given)
        if identity is None or scope is None:
            return None
        query = {**AUTHORIZATION, "$filter": f"principalId eq '{identity.principal_id}'"}
        path = f"{scope}/providers/Microsoft.Authorization/roleAssignments"
        for each in self._azure.arm.pages(path, params=query, missing=(404,)):
            has = each["properties"]
            is_role = has["roleDefinitionId"].lower().endswith(f"/{given.role_id}")
            if is_role and has["scope"].lower() == scope.lower():
                return dict(each)
        return None

    def _give(self, given: Given) -> None:
        """Give the role; wait for Azure to know its holder, if this command made that identity."""
        identity, scope = self._azure.identity(given.config, given.grant.who), self.scope(given)
        if identity is None or scope is None:
            raise StepFailedError(
                f"role {given.grant.role} on {given.grant.on}: its {'scope' if identity else 'identity'} is not there"
                " yet: run it again"
            )
        found = self._find(given)
        name = found["name"] if found else self.name(given, scope)
        condition = self._condition(given, identity.principal_id)
        properties: dict[str, Any] = {
            "roleDefinitionId": f"/subscriptions/{scope.split('/')[2]}/providers/Microsoft.Authorization"
            f"/roleDefinitions/{given.role_id}",
            "principalId": identity.principal_id,
            "principalType": "ServicePrincipal",  # Azure need not look for it in the directory then
            "description": given.grant.why,
            **({"condition": condition, "conditionVersion": "2.0"} if condition else {}),
        }
        path = f"{scope}/providers/Microsoft.Authorization/roleAssignments/{name}"
        for attempt in range(1, _TRIES + 1):
            try:
                self._azure.arm.put(path, json={"properties": properties}, params=AUTHORIZATION)
                return
            except RefusedError as refused:
                if refused.status == 409 and refused.code == "RoleAssignmentExists":
                    return  # it came between the look and the call
                if refused.code == "RoleAssignmentUpdateNotPermitted" and attempt == 1:
                    # The name is of this role, scope and holder: its holder was an identity of this name that is gone.
                    self._azure.arm.delete(path, params=AUTHORIZATION)
                    continue
                # Also of a run that was killed after it: the next process may come within the same seconds.
                new = identity_key(given.config, given.grant.who) in self._journal.entries()
                if refused.code != "PrincipalNotFound" or not new or attempt == _TRIES:
                    raise
            sleep(_WAIT * min(attempt, 4))

    def name(self, given: Given, scope: str) -> str:
        """Return the name that infra/ gives to this assignment: its templates compute the same."""
        return guid(scope, self._azure.identity_path(given.config, given.grant.who), given.grant.role)

    def _condition(self, given: Given, principal: str) -> str | None:
        if given.grant.role != "Role Based Access Control Administrator":
            return None
        return limits(self._table, given.config.ci.autoscale_role_id, principal)

    def _remove(self, given: Given) -> None:
        found = self._find(given)
        if found is not None:
            self._azure.arm.delete(found["id"], params=AUTHORIZATION)

    def _command(self, given: Given) -> str:
        scope = self.scope(given)
        if scope is None:
            return "# the group behind the registry is known once the registry is built"
        holder = shell_id(given.config, given.grant.who)
        line = (
            f"az role assignment create --assignee-object-id {holder} --assignee-principal-type ServicePrincipal"
            f" --role {given.role_id} --scope {quote(scope)} --description {quote(given.grant.why)}"
        )
        if condition := self._condition(given, "HOLDER"):
            quoted = quote(condition).replace("HOLDER", f"'{holder}'")
            line += f" --condition {quoted} --condition-version 2.0"
        return line
