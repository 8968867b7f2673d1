"""The roles that pulling images, mounting data, loading models and invoking need, as they stand in Azure.

Missing ones show otherwise late and badly: a deployment that may not pull its image fails after half an hour.
"""

from collections.abc import Iterator
from functools import partial

from ...infra import roles
from ...infra.roles import Assignment
from ..client import Azure
from ..problems import translated
from ..together import together

NEEDED = ("jobs", "endpoint", "ci")  # identities of Azure ML's work and of CI
IDENTITY, AUTHORIZATION = "2024-11-30", "2022-04-01"  # versions of the interfaces


def missing(azure: Azure) -> list[Assignment]:
    """Return the roles of the table in infra/ that the identities of an environment do not have.

    A role on a resource counts also where it was given on the group or the subscription around it.

    Raises:
        AzureProblemError, AzureFailedError: Azure refused or failed, such as for want of the right to read roles.
    """
    wanted = [each for each in roles.assignments(azure.project, azure.config.environment.name) if each.who in NEEDED]
    names = sorted({each.principal for each in wanted})
    with translated(azure, "roles"):
        given = together({name: partial(_given, azure, name) for name in names})
    return [each for each in wanted if not _has(azure, given[each.principal], each)]


def _given(azure: Azure, identity: str) -> list[tuple[str, str]]:
    """Return role and scope of everything that an identity was given, in lower case."""
    principal = azure.call("GET", azure.identity_id(identity), version=IDENTITY).body["properties"]["principalId"]
    subscriptions = {azure.subscription, azure.config.registry.subscription_id or azure.subscription}
    found = []
    for subscription in sorted(subscriptions):
        address = f"/subscriptions/{subscription}/providers/Microsoft.Authorization/roleAssignments"
        query = {"$filter": f"assignedTo('{principal}')"}
        for each in azure.pages(address, version=AUTHORIZATION, parameters=query):
            properties = each["properties"]
            found.append((properties["roleDefinitionId"].rpartition("/")[2].lower(), properties["scope"].lower()))
    return found


def _has(azure: Azure, given: list[tuple[str, str]], wanted: Assignment) -> bool:
    target = _target(azure, wanted)
    if target is None or not wanted.role_id:
        return True  # a resource of the owner's own, by its owner's means
    return any(
        role == wanted.role_id.lower() and (target == scope or target.startswith(f"{scope}/")) for role, scope in given
    )


def _target(azure: Azure, wanted: Assignment) -> str | None:
    """Return the ID of the resource that a row is about, in lower case; None for one that is not looked up."""
    resource, _, container = wanted.on.partition("/")
    found = dict(_resources(azure)).get(resource)
    if found is None:
        return None
    below = f"/blobServices/default/containers/{container}" if container else ""
    return f"{found}{below}".lower()


def _resources(azure: Azure) -> Iterator[tuple[str, str]]:
    names, existing, shared = azure.config.names, azure.config.existing, azure.config.registry
    group = f"{azure.group_id}/providers"
    yield "workspace", azure.workspace_id
    yield "resource_group", azure.group_id
    yield "storage", f"{group}/Microsoft.Storage/storageAccounts/{names.storage_account}"
    yield "data_lake", f"{group}/Microsoft.Storage/storageAccounts/{names.data_lake}"
    own = f"{group}/Microsoft.ContainerRegistry/registries/{names.container_registry}"
    yield "container_registry", existing.container_registry_id or own
    yield "identity_jobs", azure.identity_id(names.identity_jobs)
    yield "identity_endpoint", azure.identity_id(names.identity_endpoint)
    yield "ml_registry", azure.registry_id
    subscription = shared.subscription_id or azure.subscription
    if shared.managed_resource_group:
        yield "ml_registry_group", f"/subscriptions/{subscription}/resourceGroups/{shared.managed_resource_group}"
