"""What the infrastructure promises, said once and apart from all languages: keys, networks, logs, alerts, rights.

Each function takes what one stack makes of a configuration, and yields what is wrong with it. Rows of infra/tables/ are
expected again in what is made; which rows count in an environment is worked out here, not by any language.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import yaml

from tests.infra.cases import ENVIRONMENTS, Stack, merged
from tests.infra.reference import load, role_ids
from tests.infra.resource import SUBSCRIPTION, TENANT, Resource, arm_id, behind_registry, group_id, kind_of, stand_in
from tests.infra.table import whole

_ML = "Microsoft.MachineLearningServices/workspaces"
_REGISTRY = "Microsoft.MachineLearningServices/registries"
_ENDPOINT = f"{_ML}/onlineEndpoints"
_ROLE = "Microsoft.Authorization/roleAssignments"
_STORAGE = "Microsoft.Storage/storageAccounts"
_IMAGES = "Microsoft.ContainerRegistry/registries"
_VAULT = "Microsoft.KeyVault/vaults"
_LOGS = "Microsoft.OperationalInsights/workspaces"
_IDENTITY = "Microsoft.ManagedIdentity/userAssignedIdentities"
_PRIVATE = "Microsoft.Network/privateEndpoints"


@dataclass(frozen=True)
class Built:
    """What one stack makes of one environment's configuration."""

    resources: list[Resource]
    config: Mapping[str, Any]
    tables: Mapping[str, Any]
    environments: Mapping[str, Mapping[str, Any]]
    """The configurations of all environments."""

    def of(self, *kinds: str) -> list[Resource]:
        return [resource for resource in self.resources if resource.kind in kinds]

    def named(self, key: str, kind: str) -> str:
        """The ID of a resource that the configuration names."""
        names = self.config["names"]
        return arm_id(kind, names[key], names["resource_group"])

    @property
    def mode(self) -> str:
        return str(self.config["network"]["mode"])

    @property
    def closed(self) -> bool:
        return self.mode != "public"

    @property
    def environment(self) -> str:
        return str(self.config["environment"]["name"])

    @property
    def production_data(self) -> bool:
        return self.environment != "prod" and self.environment in self.config["data"]["production_access"]

    @cached_property
    def given(self) -> dict[str, str]:
        """Resources that the configuration brings, by their short name."""
        existing = self.config["existing"]
        return {name.removesuffix("_id"): id for name, id in existing.items() if id is not None}

    @cached_property
    def places(self) -> dict[str, str]:
        """Resources of the tables, by short name."""
        registry, names = self.config["registry"], self.config["names"]
        prod = self.environments["prod"]["names"]
        home = registry["subscription_id"] or SUBSCRIPTION
        found = {
            "workspace": self.named("workspace", _ML),
            "storage": self.named("storage_account", _STORAGE),
            "data_lake": self.named("data_lake", _STORAGE),
            "container_registry": self.named("container_registry", _IMAGES),
            "key_vault": self.named("key_vault", _VAULT),
            "log_analytics": self.named("log_analytics", _LOGS),
            "identity_jobs": self.named("identity_jobs", _IDENTITY),
            "identity_endpoint": self.named("identity_endpoint", _IDENTITY),
            "resource_group": group_id(names["resource_group"]),
            "production_lake": arm_id(_STORAGE, prod["data_lake"], prod["resource_group"]),
            "ml_registry": arm_id(_REGISTRY, registry["name"], registry["resource_group"]).replace(
                SUBSCRIPTION, home, 1
            ),
            "ml_registry_group": group_id(registry["managed_resource_group"] or "none").replace(SUBSCRIPTION, home, 1),
            "blob_endpoint": arm_id(_PRIVATE, f"pe-{names['workspace']}-blob", names["resource_group"]),
            "file_endpoint": arm_id(_PRIVATE, f"pe-{names['workspace']}-file", names["resource_group"]),
            **self.given,
        }
        container = "blobServices/default/containers"
        for name in self.config["data_lake"]["containers"]:
            found[f"data_lake/{name}"] = f"{found['data_lake']}/{container}/{name}"
        if state := self.config.get("state"):
            found["state"] = arm_id(_STORAGE, state["storage_account"], state["resource_group"])
            found["state/endpoints"] = f"{found['state']}/{container}/tfstate-endpoints"
        return found

    @cached_property
    def identities(self) -> dict[str, str]:
        """IDs of machines' identities, by who acts."""
        builds = ("infrastructure", "plan") if self.config["ci"]["builds_infrastructure"] else ()
        return {who: self.named(f"identity_{who}", _IDENTITY) for who in ("jobs", "endpoint", "ci", *builds)}

    @cached_property
    def actors(self) -> dict[str, str]:
        """Object IDs, by who acts."""
        machines = {**self.identities, "workspace": self.places["workspace"]}
        groups = {name: id for name, id in self.config["groups"].items() if id is not None}
        return {who: stand_in(id, "principalId") for who, id in machines.items()} | groups

    def counts(self, row: Mapping[str, Any]) -> bool:
        """Whether a row of a table counts here."""
        registry, ci = self.config["registry"], self.config["ci"]
        cases = {
            "closed": self.closed,
            "isolated": self.mode == "isolated",
            "builds": ci["builds_infrastructure"],
            "registry_group": registry["managed_resource_group"] is not None,
            "autoscale_role": ci["autoscale_role_id"] is not None,
            "labels": "labeling-queue" in self.config["data_lake"]["containers"],
            "production_data": self.production_data,
        }
        here = self.environment in row.get("in", ENVIRONMENTS) and self.mode in row.get("modes", [self.mode])
        return here and all(cases[name] for name in row.get("when", []))

    @cached_property
    def subnet(self) -> str | None:
        network = self.config["network"]
        if network.get("address_space") is None:
            given: str | None = network.get("subnet_id")
            return given
        home = arm_id("Microsoft.Network/virtualNetworks", network["name"], network["resource_group"])
        return f"{home}/subnets/endpoints"

    @property
    def registers(self) -> bool:
        """Whether private endpoints are put into DNS zones here, and not by a policy."""
        network = self.config["network"]
        return bool(network.get("address_space") or network.get("private_dns_zone_ids"))


def built(project: Path, environment: str, resources: list[Resource]) -> Built:
    configs = {name: merged(project, name) for name in ENVIRONMENTS}
    return Built(list(whole(resources)), configs[environment], tables(project / "infra/tables"), configs)


@cache
def tables(folder: Path) -> dict[str, Any]:
    return {path.stem: yaml.safe_load(path.read_text()) for path in folder.glob("*.yml")}


def at(body: Any, path: str) -> Any:
    """The value at a path of a body; None where there is none."""
    for step in path.split("."):
        if not isinstance(body, Mapping):
            return None
        body = body.get(step)
    return body


def _wrong(resource: Resource, path: str, expected: Any) -> Iterator[str]:
    value = at(resource.body, path)
    if value != expected:
        yield f"{resource.kind} {resource.name}: {path} is {value!r}, not {expected!r}"


def _differs(subject: str, found: Mapping[Any, Any], expected: Mapping[Any, Any]) -> Iterator[str]:
    for name in sorted(found.keys() | expected.keys(), key=str):
        if found.get(name) != expected.get(name):
            yield f"{subject}: {name} is {found.get(name)}, not {expected.get(name)}"


# Settings against what Azure would otherwise allow, or not do. Sources: Azure's security baselines of each service.
IDENTITY_ONLY: dict[str, dict[str, Any]] = {
    _IMAGES: {"properties.adminUserEnabled": False},
    # The scoring server sends its telemetry with an instrumentation key alone (azureml-inference-server-http 1.5.1).
    "Microsoft.Insights/components": {"properties.DisableLocalAuth": False},
    _VAULT: {
        "properties.enableRbacAuthorization": True,
        "properties.enablePurgeProtection": True,
        "properties.softDeleteRetentionInDays": 90,
    },
    _ML: {"properties.systemDatastoresAuthMode": "Identity"},
    f"{_ML}/computes": {"properties.disableLocalAuth": True},
    f"{_ML}/datastores": {
        "properties.serviceDataAccessAuthIdentity": "None",
        "properties.credentials.credentialsType": "None",
    },
    _LOGS: {"properties.features.disableLocalAuth": True},
    _STORAGE: {
        "properties.allowSharedKeyAccess": False,
        "properties.isLocalUserEnabled": False,
        "properties.defaultToOAuthAuthentication": True,
        "properties.allowBlobPublicAccess": False,
        "properties.allowCrossTenantReplication": False,
        "properties.minimumTlsVersion": "TLS1_2",
        "properties.networkAcls.bypass": "AzureServices",
    },
    f"{_STORAGE}/blobServices": {
        "properties.deleteRetentionPolicy.enabled": True,
        "properties.deleteRetentionPolicy.days": 14,
        "properties.containerDeleteRetentionPolicy.enabled": True,
        "properties.containerDeleteRetentionPolicy.days": 14,
    },
}


def keys_are_refused(built: Built) -> Iterator[str]:
    for resource in built.resources:
        for path, expected in IDENTITY_ONLY.get(resource.kind, {}).items():
            yield from _wrong(resource, path, expected)
    for account in built.of(_STORAGE):
        if at(account.body, "properties.supportsHttpsTrafficOnly") is False:
            yield f"{account.name} answers without TLS"
    for container in built.of(f"{_STORAGE}/blobServices/containers"):
        if at(container.body, "properties.publicAccess") not in (None, "None"):
            yield f"container {container.name} is public"
    for registry in built.of(_IMAGES):
        if at(registry.body, "properties.anonymousPullEnabled"):
            yield f"{registry.name} lets anybody pull"
    for cluster in _machines(built, "AmlCompute"):
        yield from _wrong(cluster, "properties.properties.remoteLoginPortPublicAccess", "Disabled")


def _machines(built: Built, kind: str) -> list[Resource]:
    return [one for one in built.of(f"{_ML}/computes") if at(one.body, "properties.computeType") == kind]


def data_are_kept_and_deleted_as_the_tables_say(built: Built) -> Iterator[str]:
    own, lake = built.places["storage"], built.places["data_lake"]
    for service in built.of(f"{_STORAGE}/blobServices"):
        kept = at(service.body, "properties.isVersioningEnabled") is True
        if kept != service.id.startswith(f"{own}/"):
            yield f"versions of {service.id} are {'kept' if kept else 'lost'}"
    for account in built.of(_STORAGE):
        if bool(at(account.body, "properties.isHnsEnabled")) != (account.id == lake):
            yield f"{account.name} has the wrong kind of folders"
    found: dict[Any, Any] = {}
    for policy in built.of(f"{_STORAGE}/managementPolicies"):
        for rule in policy.body["properties"]["policy"]["rules"]:
            actions, filters = rule["definition"]["actions"], rule["definition"]["filters"]
            (container,) = filters.get("prefixMatch") or [""]
            path = (
                "baseBlob.delete.daysAfterModificationGreaterThan"
                if container
                else "version.delete.daysAfterCreationGreaterThan"
            )
            if not rule["enabled"] or (
                not container and at(actions, "baseBlob.delete.daysAfterModificationGreaterThan")
            ):
                yield f"{policy.id}: {rule}"
            found[policy.id.split("/")[8], container.rstrip("/")] = at(actions, path)
    containers = built.config["data_lake"]["containers"]
    rows = [row for row in built.tables["retention"] if row["path"].split("/")[0] in containers]
    expected = {(lake.split("/")[8], row["path"]): row["days"] for row in rows}
    yield from _differs("days until deletion", found, expected | {(own.split("/")[8], ""): 30})


def closed_means_closed(built: Built) -> Iterator[str]:
    public = "Disabled" if built.closed else "Enabled"
    admits = built.places["storage"] if built.closed else None
    for resource in built.of(_IMAGES, _VAULT, _STORAGE, _ML):
        # Sharing a model through the registry reads the workspace's storage: Microsoft's page on network isolation with
        # registries wants selected networks, with the registry as an instance.
        yield from _wrong(resource, "properties.publicNetworkAccess", "Enabled" if resource.id == admits else public)
    for resource in built.of(_VAULT, _STORAGE):
        yield from _wrong(resource, "properties.networkAcls.defaultAction", "Deny" if built.closed else "Allow")
        if at(resource.body, "properties.networkAcls.ipRules"):
            yield f"{resource.name} is open to addresses"
        rules = at(resource.body, "properties.networkAcls.resourceAccessRules") or []
        admitted = [{"resourceId": built.places["ml_registry"], "tenantId": TENANT}] if resource.id == admits else []
        if rules != admitted:
            yield f"{resource.name} admits {rules}, not {admitted}"
    isolation = {"public": "Disabled", "managed": "AllowInternetOutbound", "isolated": "AllowOnlyApprovedOutbound"}
    for workspace in built.of(_ML):
        yield from _wrong(workspace, "properties.managedNetwork.isolationMode", isolation[built.mode])
        if bool(at(workspace.body, "properties.provisionNetworkNow")) != built.closed:
            yield "the managed network is made at the wrong time"
        builds = built.config["cpu_cluster"]["name"] if built.closed else None
        yield from _wrong(workspace, "properties.imageBuildCompute", builds)
    for kind in ("AmlCompute", "ComputeInstance"):
        for machine in _machines(built, kind):
            yield from _wrong(machine, "properties.properties.enableNodePublicIp", not built.closed)


def _zones(built: Built) -> Mapping[str, list[str]]:
    zones: Mapping[str, list[str]] = built.tables["network"]["zones"]
    for part, names in zones.items():
        # Microsoft's list of private DNS zones, as the reference has it.
        if names != load("azureml_values")["private_dns_zones"][part]:
            raise AssertionError(f"network.yml: zones of {part} are {names}")
    return zones


def private_endpoints_are_those_of_the_table(built: Built) -> Iterator[str]:
    rows = [row for row in built.tables["network"]["private_endpoints"] if built.closed and built.counts(row)]
    rows = [row for row in rows if row["on"] not in built.given]
    yield from _endpoints(built, f"pe-{built.config['names']['workspace']}", rows, built.places)


def _endpoints(built: Built, prefix: str, rows: list[Any], places: Mapping[str, str]) -> Iterator[str]:
    groups = {resource.id: resource for resource in built.of(f"{_PRIVATE}/privateDnsZoneGroups")}
    found = {}
    for endpoint in built.of(_PRIVATE):
        (connection,) = endpoint.body["properties"]["privateLinkServiceConnections"]
        group = groups.get(f"{endpoint.id}/privateDnsZoneGroups/default")
        configs = group.body["properties"]["privateDnsZoneConfigs"] if group else []
        found[endpoint.name] = (
            at(connection, "properties.privateLinkServiceId"),
            at(connection, "properties.groupIds"),
            at(endpoint.body, "properties.subnet.id"),
            sorted(at(config, "properties.privateDnsZoneId").rsplit("/", 1)[1] for config in configs),
        )
    zones = _zones(built)
    expected = {
        f"{prefix}-{row['name']}": (
            places[row["on"]],
            [row["subresource"]],
            built.subnet,
            sorted(zones[row["subresource"]]) if built.registers else [],
        )
        for row in rows
    }
    yield from _differs("private endpoints", found, expected)


def computes_leave_where_they_may(built: Built) -> Iterator[str]:
    rules = {rule.name: at(rule.body, "properties.destination") for rule in built.of(f"{_ML}/outboundRules")}
    found = {
        name: (rule["serviceResourceId"], rule["subresourceTarget"])
        for name, rule in rules.items()
        if isinstance(rule, Mapping)
    }
    rows = [row for row in built.tables["network"]["outbound_rules"] if built.closed and built.counts(row)]
    yield from _differs(
        "outbound rules", found, {row["name"]: (built.places[row["on"]], row["subresource"]) for row in rows}
    )
    hosts = sorted(rule for rule in rules.values() if isinstance(rule, str))
    if hosts != sorted(built.config["network"].get("approved_hosts") or []):
        yield f"outbound hosts: {hosts}"


def logs_are_kept(built: Built) -> Iterator[str]:
    kinds = {row["type"]: set(row["categories"]) for row in built.tables["logs"].values()}
    sent: dict[str, set[str]] = {}
    for setting in built.of("Microsoft.Insights/diagnosticSettings"):
        yield from _wrong(setting, "properties.workspaceId", built.places["log_analytics"])
        logs = setting.body["properties"]["logs"]
        sent[str(setting.scope)] = {log["category"] for log in logs if log.get("enabled")}
    sources = [one.id for one in built.of(*kinds)]
    yield from _differs("logs", sent, {id: kinds[kind_of(id)] for id in sources})
    sizes = built.config["sizes"]
    for place in built.of(_LOGS):
        yield from _wrong(place, "properties.retentionInDays", sizes["log_retention_days"])
        cap = at(place.body, "properties.workspaceCapping.dailyQuotaGb")
        if (None if cap == -1 else cap) != sizes["log_daily_cap_gb"]:
            yield f"{place.name} takes {cap} GB a day"


def _metric_alerts(built: Built) -> dict[str, Any]:
    found = {}
    for alert in built.of("Microsoft.Insights/metricAlerts"):
        said = alert.body["properties"]
        (one,) = said["criteria"]["allOf"]
        split = {each["name"]: list(each["values"]) for each in one.get("dimensions") or []}
        measured = (one["metricName"], one["timeAggregation"], one["operator"], float(one["threshold"]), split)
        rhythm = (said["severity"], said["evaluationFrequency"], said["windowSize"], said.get("enabled") is not False)
        told = [action["actionGroupId"] for action in said["actions"]]
        found[alert.name] = (*measured, said["description"], *said["scopes"], rhythm, told)
    return found


def _of_row(built: Built, row: Mapping[str, Any], scope: str, split: bool = True) -> Any:
    numbers = {**built.config["thresholds"], **(built.config.get("online") or {})}
    limit = row["threshold"]
    dimensions = {**{name: ["*"] for name in row.get("split", [])}, **row.get("only", {})} if split else {}
    measured = (row["metric"], row["aggregation"], row["operator"], float(numbers.get(limit, limit)), dimensions)
    main = built.named("action_group", "Microsoft.Insights/actionGroups")
    return (*measured, f"{row['text']} {row['look']}", scope, (2, "PT5M", "PT15M", True), [main])


def an_environment_has_its_alerts(built: Built) -> Iterator[str]:
    workspace, place = built.config["names"]["workspace"], built.places["workspace"]
    main = built.named("action_group", "Microsoft.Insights/actionGroups")
    table = built.tables["alerts"]
    metrics = {f"{row['name']}-{workspace}": _of_row(built, row, place) for row in table["workspace"]}
    yield from _differs("alerts", _metric_alerts(built), metrics)
    rows = {
        f"{row['name']}-{workspace}": (
            row,
            _filled(built, row["query"]),
            built.places["log_analytics"],
        )
        for row in table["queries"]
    }
    yield from _queries(built, rows, main)
    found = {}
    for alert in built.of("Microsoft.Insights/activityLogAlerts"):
        said = alert.body["properties"]
        told = [one["actionGroupId"] for one in said["actions"]["actionGroups"]]
        found[alert.name] = (said["condition"]["allOf"], said["scopes"], told, said["description"])
    subscription = "/".join(place.split("/")[:3])
    expected = {
        f"{row['name']}-{workspace}": (
            [{"field": "category", "equals": row["category"]}],
            [subscription if row["category"] == "ServiceHealth" else built.places["resource_group"]],
            [main],
            f"{row['text']} {row['look']}",
        )
        for row in table["activity"]
    }
    yield from _differs("activity alerts", found, expected)
    yield from _mails(built, {built.config["names"]["action_group"]})


def _filled(built: Built, query: str) -> str:
    names = built.config["names"]
    words = {key: names[key] for key in ("workspace", "storage_account")}
    for key, value in {**words, "watch_silent_hours": built.config["thresholds"]["watch_silent_hours"]}.items():
        query = query.replace(f"{{{key}}}", str(value))
    return query


def _queries(built: Built, rows: Mapping[str, Any], told: str) -> Iterator[str]:
    found = {}
    for alert in built.of("Microsoft.Insights/scheduledQueryRules"):
        said = alert.body["properties"]
        (one,) = said["criteria"]["allOf"]
        found[alert.name] = (
            (one["query"].strip(), one["timeAggregation"], one["operator"], one["threshold"]),
            said["scopes"],
            said["evaluationFrequency"],
            said["actions"]["actionGroups"],
            said["description"],
            said["severity"],
        )
    expected = {
        name: (
            (query.strip(), "Count", "GreaterThan", 0),
            [scope],
            f"PT{row['minutes']}M",
            [told],
            f"{row['text']} {row['look']}",
            2,
        )
        for name, (row, query, scope) in rows.items()
    }
    yield from _differs("query alerts", found, expected)


def _mails(built: Built, names: set[str]) -> Iterator[str]:
    groups = built.of("Microsoft.Insights/actionGroups")
    for group in groups:
        body = group.body["properties"]
        mails = [receiver["emailAddress"] for receiver in body.get("emailReceivers") or []]
        others = {key for key, value in body.items() if key.endswith("Receivers") and value} - {"emailReceivers"}
        if mails != [built.config["alerts"]["email"]] or body.get("enabled") is False or others:
            yield f"{group.name} tells {mails} and {sorted(others)}"
    if {group.name for group in groups} != names:
        yield f"action groups: {[group.name for group in groups]}"


def the_budget_is_told_before_it_is_spent(built: Built) -> Iterator[str]:
    budgets = built.of("Microsoft.Consumption/budgets")
    amount = built.config["alerts"]["monthly_budget"]
    if [at(one.body, "properties.amount") for one in budgets] != ([] if amount is None else [amount]):
        yield f"budgets: {[one.body for one in budgets]}"
    mail = built.config["alerts"]["email"]
    for budget in budgets:
        notices = sorted(
            (one["thresholdType"], one["operator"], one["threshold"], *one["contactEmails"])
            for one in budget.body["properties"]["notifications"].values()
            if one["enabled"]
        )
        if notices != [("Actual", "GreaterThan", 80, mail), ("Forecasted", "GreaterThan", 100, mail)]:
            yield f"the budget is told {notices}"
        if budget.scope != built.places["resource_group"]:
            yield f"the budget is {budget.scope}'s"


def only_ci_of_this_environment_signs_in(built: Built) -> Iterator[str]:
    ci = built.config["ci"]
    # A job that looks acts as the identity that trains and deploys, by a trust of its own: it waits for no approval.
    trusts = {who: (who, "ci") for who in ("ci", "infrastructure", "plan")} | {"watch": ("ci", "watch")}
    expected = {
        f"{built.identities[identity]}/federatedIdentityCredentials/{name}": (
            ci["issuer"],
            ci["subject_prefix"] + ci["subjects"][who],
            ["api://AzureADTokenExchange"],
        )
        for who, (identity, name) in trusts.items()
        if identity in built.identities and None not in (ci["issuer"], ci["subject_prefix"], ci["subjects"].get(who))
    }
    found = {
        one.id: tuple(at(one.body, f"properties.{key}") for key in ("issuer", "subject", "audiences"))
        for one in built.of(f"{_IDENTITY}/federatedIdentityCredentials")
    }
    yield from _differs("trusted", found, expected)
    subjects = [(issuer, subject) for issuer, subject, _ in found.values()]
    if len(set(subjects)) < len(subjects):
        yield f"two trusts have the same subject: {subjects}"
    made = {one.id for one in built.of(_IDENTITY)}
    if made != set(built.identities.values()):
        yield f"identities: {sorted(made)}"


def machines_act_as_the_right_identity(built: Built) -> Iterator[str]:
    jobs = built.places["identity_jobs"]
    for resource in [*built.of(_ML), *_machines(built, "AmlCompute")]:
        given = resource.body["identity"]
        kind = "SystemAssigned,UserAssigned" if resource.kind == _ML else "UserAssigned"
        if given["type"].replace(" ", "") != kind or list(given["userAssignedIdentities"]) != [jobs]:
            yield f"{resource.name} acts as {given}"


def clusters_are_the_configurations(built: Built) -> Iterator[str]:
    found = {}
    for one in _machines(built, "AmlCompute"):
        said = one.body["properties"]["properties"]
        scale = (said["scaleSettings"][f"{key}NodeCount"] for key in ("min", "max"))
        idle = said["scaleSettings"]["nodeIdleTimeBeforeScaleDown"]
        found[one.name] = (said["vmSize"], *scale, idle, said["vmPriority"])
    sizes = [built.config[key] for key in ("cpu_cluster", "gpu_cluster") if built.config.get(key)]
    expected = {
        size["name"]: (size["vm_size"], 0, size["max_nodes"], f"PT{size['idle_minutes']}M", "Dedicated")
        for size in sizes
    }
    yield from _differs("clusters", found, expected)
    stations = built.config["workstations"]
    owners = {}
    for one in _machines(built, "ComputeInstance"):
        said = one.body["properties"]["properties"]
        person = at(said, "personalComputeInstanceSettings.assignedUser.objectId")
        owners[person] = (said["vmSize"], said["idleTimeBeforeShutdown"], at(said, "sshSettings.sshPublicAccess"))
    wanted = (stations["vm_size"], f"PT{stations['idle_minutes']}M", "Disabled")
    yield from _differs("workstations", owners, dict.fromkeys((stations["people"] or {}).values(), wanted))


def containers_are_datastores(built: Built) -> Iterator[str]:
    lake = built.places["data_lake"]
    kept = {one.name: one.id.startswith(f"{lake}/") for one in built.of(f"{_STORAGE}/blobServices/containers")}
    containers = built.config["data_lake"]["containers"]
    # `watch`, for claims and leases, is in the workspace's own storage.
    yield from _differs("containers", kept, dict.fromkeys(containers, True) | {"watch": False})
    stores = {}
    for one in built.of(f"{_ML}/datastores"):
        said = one.body["properties"]
        stores[one.name] = (
            said["datastoreType"],
            said.get("accountName") or at(said, "oneLakeWorkspaceName"),
            said.get("filesystem") or said.get("containerName") or at(said, "artifact.artifactName"),
        )
    names = built.config["names"]
    # Batch endpoints write to Blob storage only. Source: Microsoft's "Create jobs and input data for batch endpoints".
    kind = defaultdict(lambda: "AzureDataLakeGen2", predictions="AzureBlob")
    expected = {name.replace("-", "_"): (kind[name], names["data_lake"], name) for name in containers}
    if built.production_data:
        prod = built.environments["prod"]["names"]["data_lake"]
        expected["production"] = ("AzureDataLakeGen2", prod, "curated")
    kinds = {"blob": "AzureBlob", "adls": "AzureDataLakeGen2", "onelake": "OneLake"}
    for name, store in {**built.config["data"]["sources"], **built.config["data"]["targets"]}.items():
        parts = store["id"].split("/")
        places = tuple(parts) if store["kind"] == "onelake" else (parts[8], parts[12])
        expected[name] = (kinds[store["kind"]], *places)
    yield from _differs("datastores", stores, expected)


def resources_carry_the_tags(built: Built) -> Iterator[str]:
    for resource in built.resources:
        if "location" in resource.body and resource.body.get("tags") != built.config["tags"]:
            yield f"{resource.kind} {resource.name}: tags {resource.body.get('tags')}"


def everybody_has_the_rights_they_need_and_no_others(built: Built) -> Iterator[str]:
    table, own_role = built.tables["roles"], built.config["ci"]["autoscale_role_id"]
    roles = {**table["roles"], "autoscale": (own_role or "").rsplit("/", 1)[-1]}
    expected = set()
    for row in table["grants"] if built.config["environment"]["assign_roles"] else []:
        there = row["who"] in built.actors and row["on"] in built.places and row["on"] not in built.given
        if there and built.counts(row):
            expected.add((row["who"], roles[row["role"]], built.places[row["on"]], row["why"]))
    who_is = {id: who for who, id in built.actors.items()}
    found = set()
    for one in built.of(_ROLE):
        said = one.body["properties"]
        who = who_is.get(said["principalId"], said["principalId"])
        found.add((who, said["roleDefinitionId"].rsplit("/", 1)[1], one.scope, said.get("description")))
        if said["principalType"] != ("Group" if who in table["people"] else "ServicePrincipal"):
            yield f"{who} is a {said['principalType']}"
        home = f"{'/'.join((one.scope or '').split('/')[:3])}/providers/Microsoft.Authorization/roleDefinitions/"
        if not said["roleDefinitionId"].startswith(home):
            yield f"{who}: {said['roleDefinitionId']}"
        if kind_of(str(one.scope)) == _PRIVATE and one.scope not in {each.id for each in built.of(_PRIVATE)}:
            yield f"{who} has a role on {one.scope}, which is not there"
    for right in sorted(found ^ expected, key=str):
        yield f"{'too much' if right in found else 'too little'}: {right}"


def the_roles_are_no_wider_than_they_must_be(built: Built) -> Iterator[str]:
    """Apart from the table: Contributor only where infrastructure is built; of people, readers in prod."""
    names = {id: name for name, id in role_ids().items()}
    who_is = {id: who for who, id in built.actors.items()}
    people, builders = built.tables["roles"]["people"], ("infrastructure", "infrastructure_engineers")
    for one in built.of(_ROLE):
        said = one.body["properties"]
        who, role = who_is.get(said["principalId"]), names.get(said["roleDefinitionId"].rsplit("/", 1)[1], "")
        if role in ("Contributor", "Owner", "User Access Administrator") and who not in builders:
            yield f"{who} is {role}"
        if role == "Role Based Access Control Administrator" and who != "infrastructure":
            yield f"{who} gives roles"
        looks = role.endswith("Reader") or who in ("data_engineers", "infrastructure_engineers", "annotators")
        if who in people and built.environment == "prod" and not looks:
            yield f"{who} is {role} in prod"
        if who == "ci" and one.scope == built.places.get("state"):
            yield "ci writes the state of the environment"
        if who == "plan" and not role.endswith("Reader"):
            yield f"plan is {role}"


def no_identity_gives_itself_a_role(built: Built) -> Iterator[str]:
    """By the condition of Microsoft's "Delegate Azure role assignment management with conditions"."""
    administrator = role_ids()["Role Based Access Control Administrator"]
    table, own_role = built.tables["roles"], built.config["ci"]["autoscale_role_id"]
    given = {id for name, id in table["roles"].items() if name not in table["given_by_people_only"]}
    given |= {own_role.rsplit("/", 1)[-1]} if own_role else set()
    if not {"Contributor", "Role Based Access Control Administrator"} <= set(table["given_by_people_only"]):
        yield "given_by_people_only lacks the roles by which an identity gives itself more"
    kinds = "{'ServicePrincipal', 'Group'}"
    for one in built.of(_ROLE):
        said = one.body["properties"]
        if not said["roleDefinitionId"].endswith(administrator):
            if said.get("condition"):
                yield f"{one.address} has a condition"
            continue
        expected = " AND ".join(
            f"(!(ActionMatches{{'{_ROLE}/{action}'}}) OR ("
            f"@{of}[{_ROLE}:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {{{', '.join(sorted(given))}}} AND "
            f"@{of}[{_ROLE}:PrincipalType] ForAnyOfAnyValues:StringEqualsIgnoreCase {kinds} AND "
            f"@{of}[{_ROLE}:PrincipalId] ForAllOfAllValues:GuidNotEquals {{{said['principalId']}}}))"
            for action, of in (("write", "Request"), ("delete", "Resource"))
        )
        if (said.get("condition"), said.get("conditionVersion")) != (expected, "2.0"):
            yield f"the condition of {one.address} is {said.get('condition')}"


def what_is_given_is_not_built(built: Built) -> Iterator[str]:
    kinds = {"log_analytics": _LOGS, "container_registry": _IMAGES, "key_vault": _VAULT}
    for name, kind in kinds.items():
        expected = [] if name in built.given else [built.places[name]]
        if [one.id for one in built.of(kind)] != expected:
            yield f"{kind}: {[one.id for one in built.of(kind)]}, not {expected}"
    (workspace,) = built.of(_ML)
    for path, name in (
        ("keyVault", "key_vault"),
        ("containerRegistry", "container_registry"),
        ("storageAccount", "storage"),
    ):
        yield from _wrong(workspace, f"properties.{path}", built.places[name])
    for one in built.of("Microsoft.Insights/components"):
        yield from _wrong(one, "properties.WorkspaceResourceId", built.places["log_analytics"])


FACTS: list[Callable[[Built], Iterator[str]]] = [
    an_environment_has_its_alerts,
    closed_means_closed,
    clusters_are_the_configurations,
    computes_leave_where_they_may,
    containers_are_datastores,
    data_are_kept_and_deleted_as_the_tables_say,
    everybody_has_the_rights_they_need_and_no_others,
    keys_are_refused,
    logs_are_kept,
    machines_act_as_the_right_identity,
    no_identity_gives_itself_a_role,
    only_ci_of_this_environment_signs_in,
    private_endpoints_are_those_of_the_table,
    resources_carry_the_tags,
    the_budget_is_told_before_it_is_spent,
    the_roles_are_no_wider_than_they_must_be,
    what_is_given_is_not_built,
]


def _shared(built: Built) -> Built:
    """Of what all environments share: without the tag of one of them."""
    tags = {name: value for name, value in built.config["tags"].items() if name != "environment"}
    return replace(built, config={**built.config, "tags": tags})


def the_registry_is_reached_as_its_environments_are(built: Built) -> Iterator[str]:
    (registry,) = built.of(_REGISTRY)
    modes = {config["network"]["mode"] for config in built.environments.values()}
    yield from _wrong(registry, "properties.publicNetworkAccess", "Disabled" if modes == {"isolated"} else "Enabled")
    (region,) = registry.body["properties"]["regionDetails"]
    (storage,) = region["storageAccountDetails"]
    if at(storage, "systemCreatedStorageAccount.allowBlobPublicAccess") is not False:
        yield "the registry's blobs may be public"
    home = arm_id(_REGISTRY, built.config["registry"]["name"], built.config["registry"]["resource_group"])
    if registry.id != home:
        yield f"the registry is {registry.id}, not {home}"
    places = {
        "ml_registry": home,
        "ml_registry_storage": behind_registry(home, "storageAccountDetails"),
        "ml_registry_container_registry": behind_registry(home, "acrDetails"),
    }
    rows = built.tables["network"]["registry_endpoints"] if built.mode == "isolated" else []
    yield from _endpoints(built, f"pe-{registry.name}", rows, places)
    if "log_analytics" in built.given:
        yield from logs_are_kept(built)
    yield from resources_carry_the_tags(_shared(built))


def the_network_has_all_zones_and_lets_no_stranger_in(built: Built) -> Iterator[str]:
    network = built.config["network"]
    zones = {zone for names in _zones(built).values() for zone in names}
    if {zone.name for zone in built.of("Microsoft.Network/privateDnsZones")} != zones:
        yield f"private zones: {built.of('Microsoft.Network/privateDnsZones')}"
    home = arm_id("Microsoft.Network/virtualNetworks", network["name"], network["resource_group"])
    links = built.of("Microsoft.Network/privateDnsZones/virtualNetworkLinks")
    if {link.id.split("/")[8] for link in links} != zones:
        yield f"links: {[link.id for link in links]}"
    for link in links:
        yield from _wrong(link, "properties.registrationEnabled", False)
        yield from _wrong(link, "properties.virtualNetwork.id", home)
    for one in built.of("Microsoft.Network/virtualNetworks"):
        yield from _wrong(one, "properties.addressSpace.addressPrefixes", [network["address_space"]])
    guard = arm_id("Microsoft.Network/networkSecurityGroups", f"nsg-{network['name']}", network["resource_group"])
    for part in built.of("Microsoft.Network/virtualNetworks/subnets"):
        yield from _wrong(part, "properties.networkSecurityGroup.id", guard)
        # Otherwise the rules would not count for private endpoints.
        yield from _wrong(part, "properties.privateEndpointNetworkPolicies", "NetworkSecurityGroupEnabled")
    if [
        (one.id, at(one.body, "properties.securityRules") or [])
        for one in built.of("Microsoft.Network/networkSecurityGroups")
    ] != [(guard, [])]:
        yield "the network security group is missing or has rules"
    if [one.id for one in built.of("Microsoft.Network/virtualNetworks/subnets")] != [built.subnet]:
        yield "the subnet is another"
    yield from resources_carry_the_tags(_shared(built))


def the_cluster_serves_over_tls_in_every_environment_that_names_it(built: Built) -> Iterator[str]:
    asked = built.config["kubernetes"]
    cluster = asked["cluster_id"]
    sharers = [
        config
        for config in built.environments.values()
        if (config["kubernetes"]["cluster_id"] or "").lower() == cluster.lower()
    ]
    extensions = built.of("Microsoft.KubernetesConfiguration/extensions")
    if [one.scope for one in extensions] != [cluster]:
        yield f"extensions: {[one.scope for one in extensions]}"
    expected = {
        "enableTraining": "false",
        "enableInference": "true",
        "allowInsecureConnections": "false",
        "inferenceRouterServiceType": "LoadBalancer",
        "inferenceRouterHA": str(asked["high_availability"]).lower(),
        "sslCname": asked["host"],
        "sslSecret": asked["tls_secret"],
    }
    arc = "connectedClusters" in cluster
    if any(config["network"]["mode"] != "public" for config in sharers) and not arc:
        expected["internalLoadBalancerProvider"] = "azure"  # AKS's: an Arc cluster has a balancer of its own
    for one in extensions:
        yield from _differs("extension", at(one.body, "properties.configurationSettings"), expected)
        if (at(one.body, "identity.type") == "SystemAssigned") != arc:
            yield f"the extension acts as {one.body.get('identity')}"
    found = {}
    for one in built.of(f"{_ML}/computes"):
        said = one.body["properties"]
        acts = list(one.body["identity"]["userAssignedIdentities"])
        sizes = said["properties"]["instanceTypes"]
        found[one.id] = (said["computeType"], said["resourceId"], acts, said["properties"]["namespace"], set(sizes))
        yield from _wrong(one, "properties.disableLocalAuth", True)
    wanted = {}
    for config in sharers:
        names, group = config["names"], config["names"]["resource_group"]
        identity = arm_id(_IDENTITY, names["identity_endpoint"], group)
        place = arm_id(f"{_ML}/computes", f"{names['workspace']}/kubernetes", group)
        own = config["kubernetes"]
        wanted[place] = ("Kubernetes", cluster, [identity], own["namespace"], set(own["instance_types"]))
    yield from _differs("attached", found, wanted)
    watched = asked["log_analytics_id"]
    groups = built.of("Microsoft.Insights/actionGroups")
    if len(groups) != (1 if watched else 0):
        yield f"action groups: {groups}"
    name = cluster.rsplit("/", 1)[1]
    namespaces = ", ".join(sorted({f'"{config["kubernetes"]["namespace"]}"' for config in sharers}))
    rows = {
        f"{row['name']}-{name}": (
            row,
            row["query"].replace("{cluster}", name).replace("{namespaces}", namespaces),
            watched,
        )
        for row in built.tables["alerts"]["cluster"]
        if watched
    }
    yield from _queries(built, rows, groups[0].id if groups else "")
    yield from _mails(built, {group.name for group in groups})


def an_endpoint_is_watched_and_scaled(built: Built, stack: Stack) -> Iterator[str]:
    names, tables = built.config["names"], built.tables["alerts"]
    name = names[f"{stack.kind}_endpoint"]
    endpoint = arm_id(_ENDPOINT, f"{names['workspace']}/{name}", names["resource_group"])
    (setting,) = built.of("Microsoft.Insights/diagnosticSettings")
    logs = {log["category"] for log in setting.body["properties"]["logs"] if log.get("enabled")}
    if (setting.scope, logs) != (endpoint, set(built.tables["logs"]["endpoint"]["categories"])):
        yield f"{setting.scope} logs {sorted(logs)}"
    yield from _wrong(setting, "properties.workspaceId", built.places["log_analytics"])
    online = built.config.get("online") or {}
    alerts = {f"{row['name']}-{name}": _of_row(built, row, endpoint) for row in tables["endpoint"]}
    for deployment in stack.deployments:
        for row in tables["deployment"]:
            if online.get("gpu") or not row.get("gpu"):
                own = _of_row(built, row, f"{endpoint}/deployments/{deployment}", split=False)
                alerts[f"{row['name']}-{name}-{deployment}"] = own
    yield from _differs("alerts", _metric_alerts(built), alerts)
    yield from resources_carry_the_tags(built)
    scaled = {}
    for one in built.of("Microsoft.Insights/autoscaleSettings"):
        said = one.body["properties"]
        (profile,) = said["profiles"]
        rules = [_scaling_rule(rule) for rule in profile["rules"]]
        scaled[said["targetResourceUri"]] = ({key: int(value) for key, value in profile["capacity"].items()}, rules)
    numbers = {**built.config["thresholds"], **online}
    expected: dict[str, Any] = {}
    for deployment in stack.deployments:
        own = f"{endpoint}/deployments/{deployment}"
        least, most = online["min_instances"], online["max_instances"]
        expected[own] = (
            {"default": least, "minimum": least, "maximum": most},
            [
                (
                    *(row["metric"], endpoint if row["of"] == "endpoint" else own, row["operator"]),
                    *(numbers[row["threshold"]], row["window"], row["direction"], row["cooldown"]),
                    # The endpoint's latency is taken of this deployment alone.
                    [("deployment", "Equals", [deployment])] if row["of"] == "endpoint" else [],
                )
                for row in tables["scaling"]
            ],
        )
    yield from _differs("autoscale", scaled, expected)


def _scaling_rule(rule: Mapping[str, Any]) -> tuple[Any, ...]:
    trigger, action = rule["metricTrigger"], rule["scaleAction"]
    dimensions = [
        (one["DimensionName"], one["Operator"], list(one["Values"])) for one in trigger.get("dimensions") or []
    ]
    return (
        *(trigger[key] for key in ("metricName", "metricResourceUri", "operator", "threshold", "timeWindow")),
        *(action["direction"], action["cooldown"], dimensions),
    )


def faults(built: Built, stack: Stack) -> list[str]:
    """All that is wrong with what a stack makes, each with the promise that it breaks."""
    facts: dict[str, list[Callable[[Built], Iterator[str]]]] = {
        "environment": FACTS,
        "registry": [the_registry_is_reached_as_its_environments_are],
        "network": [the_network_has_all_zones_and_lets_no_stranger_in],
        "cluster": [the_cluster_serves_over_tls_in_every_environment_that_names_it],
    }
    if stack.kind:
        return [
            f"{an_endpoint_is_watched_and_scaled.__name__}: {one}"
            for one in an_endpoint_is_watched_and_scaled(built, stack)
        ]
    return [f"{fact.__name__}: {fault}" for fact in facts[stack.name] for fault in fact(built)]
