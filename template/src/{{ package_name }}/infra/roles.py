"""Who gets which role on what in an environment: the rows of the table in infra/ that count there, with names."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..config.environment import EnvironmentConfig, load
from ..paths import Project
from . import tables

if TYPE_CHECKING:
    from .tables import Grant

IDENTITIES = ("jobs", "endpoint", "ci", "infrastructure", "plan", "workspace")
READS = "Storage Blob Data Reader"
WRITES = "Storage Blob Data Contributor"

# Outside the environment's resource group: CI may give nothing there, nor in parts of these.
OUTSIDE = ("ml_registry", "ml_registry_group", "production_lake", "state")
PEOPLE = "an apply of people"  # who gives such a role


@dataclass(frozen=True)
class Assignment:
    """One role for one identity or group on one resource."""

    who: str  # as in the table
    principal: str  # the name of an identity, or the object ID of a group
    role: str
    role_id: str  # GUID
    on: str  # as in the table
    target: str  # the resource in words
    why: str
    by: str  # who gives it, if not an ordinary apply

    @property
    def holder(self) -> str:
        return f"{self.who} ({self.principal})"

    def __str__(self) -> str:
        return f"{self.role} on {self.target}: {self.why}{f' [given by {self.by}]' if self.by else ''}"


def assignments(project: Project, environment: str) -> tuple[Assignment, ...]:
    """Return the roles of an environment, in the table's order, then those on an owner's storage.

    Raises:
        UserError: the configuration or the table is refused.
    """
    folder = project.root / "config"
    return tuple(_each(tables.roles(project), load(folder, environment), load(folder, "prod")))


def condition(name: str, config: EnvironmentConfig) -> bool:
    """Return whether a condition of the table, a word under `when`, holds in an environment."""
    mode = config.network.mode
    return {
        "closed": mode != "public",
        "isolated": mode == "isolated",
        "builds": config.ci.builds_infrastructure,
        "registry_group": config.registry.managed_resource_group is not None,
        "autoscale_role": config.ci.autoscale_role_id is not None,
        "labels": "labeling-queue" in config.data_lake.containers,
        "production_data": config.environment.name in config.data.production_access,
    }[name]


def counts(grant: "Grant", config: EnvironmentConfig) -> bool:
    """Return whether a row counts in an environment, whether or not its container or group is there."""
    here = not grant.environments or config.environment.name in grant.environments
    return here and all(condition(name, config) for name in grant.when)


def by_people_only(grant: "Grant", table: tables.Roles) -> bool:
    """Return whether the identity that builds infrastructure in CI may not give a role."""
    return grant.on.partition("/")[0] in OUTSIDE or grant.role in table.given_by_people_only


def _each(table: tables.Roles, config: EnvironmentConfig, prod: EnvironmentConfig) -> Iterator[Assignment]:
    principals = _principals(config, table.people)
    targets = _targets(config, prod)
    for grant in table.grants:
        principal, target = principals[grant.who], _target(grant.on, config, targets)
        if not counts(grant, config) or principal is None or target is None:
            continue
        role, role_id = grant.role, table.roles.get(grant.role, "")
        if role == "autoscale":
            role_id = config.ci.autoscale_role_id or ""
        by = _giver(grant, config, table)
        yield Assignment(grant.who, principal, role, role_id, grant.on, target, grant.why, by)
    for key, role in (("sources", READS), ("targets", WRITES)):
        for name, store in getattr(config.data, key).items():
            on, why = f"data.{key}.{name}", f"jobs {'read' if role == READS else 'write'} it"
            # Fabric has roles of its own.
            given = "access in Fabric" if store.kind == "onelake" else role
            role_id = "" if store.kind == "onelake" else table.roles[role]
            yield Assignment("jobs", config.names.identity_jobs, given, role_id, on, store.id, why, "its owner")


def _principals(config: EnvironmentConfig, people: tuple[str, ...]) -> Mapping[str, str | None]:
    names = config.names
    builds = config.ci.builds_infrastructure
    return {
        "jobs": names.identity_jobs,
        "endpoint": names.identity_endpoint,
        "ci": names.identity_ci,
        "infrastructure": names.identity_infrastructure if builds else None,
        "plan": names.identity_plan if builds else None,
        "workspace": names.workspace,
        **{group: getattr(config.groups, group) for group in people},
    }


def _targets(config: EnvironmentConfig, prod: EnvironmentConfig) -> Mapping[str, str]:
    names, registry, existing = config.names, config.registry, config.existing
    state = getattr(config, "state", None)
    return {
        "workspace": f"workspace {names.workspace}",
        "storage": f"storage account {names.storage_account}",
        "data_lake": f"data lake {names.data_lake}",
        "container_registry": f"container registry {existing.container_registry_id or names.container_registry}",
        "key_vault": f"key vault {existing.key_vault_id or names.key_vault}",
        "log_analytics": f"Log Analytics workspace {existing.log_analytics_id or names.log_analytics}",
        "identity_jobs": f"identity {names.identity_jobs}",
        "identity_endpoint": f"identity {names.identity_endpoint}",
        "resource_group": f"resource group {names.resource_group}",
        "blob_endpoint": f"private endpoint to blobs of {names.storage_account}",
        "file_endpoint": f"private endpoint to files of {names.storage_account}",
        "ml_registry": f"Azure ML registry {registry.name}",
        "ml_registry_group": f"resource group {registry.managed_resource_group}",
        "production_lake": f"data lake {prod.names.data_lake}",
        **({"state": f"storage account {state.storage_account}"} if state else {}),
    }


def _target(on: str, config: EnvironmentConfig, targets: Mapping[str, str]) -> str | None:
    """Return a resource in words, None for a container that the data lake does not have, or state kept elsewhere."""
    resource, _, container = on.partition("/")
    if resource not in targets or (resource == "data_lake" and container not in ("", *config.data_lake.containers)):
        return None
    if resource == "state" and container:
        container = f"tfstate-{container}"
    return f"container {container} of {targets[resource]}" if container else targets[resource]


def _giver(grant: "Grant", config: EnvironmentConfig, table: tables.Roles) -> str:
    if not config.environment.assign_roles:
        return "an administrator"
    if getattr(config.existing, f"{grant.on}_id", None) is not None:
        return "its owner"
    return PEOPLE if by_people_only(grant, table) else ""
