"""What the service refuses; with the place where Microsoft says so.

Pages are of learn.microsoft.com, azure/machine-learning.
"""

import importlib
import re
from functools import cache
from typing import Any

from .resources import Resources
from .transport import refusal

# Collection -> class of azure-ai-ml's own models of the service's requests.
MODELS = {
    "onlineendpoints": "OnlineEndpoint",
    "onlinedeployments": "OnlineDeployment",
    "batchendpoints": "BatchEndpoint",
    "batchdeployments": "BatchDeployment",
    "jobs": "JobBase",
    "schedules": "Schedule",
}
# Collection -> class of a change: operations `begin_update` of the same client.
CHANGES = {
    "onlineendpoints": "PartialMinimalTrackedResourceWithIdentity",
    "onlinedeployments": "PartialMinimalTrackedResourceWithSku",
    "batchendpoints": "PartialMinimalTrackedResourceWithIdentity",
    "batchdeployments": "PartialBatchDeploymentPartialMinimalTrackedResourceWithProperties",
}
# Metric of an online endpoint -> its dimensions: azure/azure-monitor/reference/supported-metrics/
# microsoft-machinelearningservices-workspaces-onlineendpoints-metrics. All have the time grain PT1M.
METRICS = {
    "RequestLatency_P95": {"deployment"},
    "RequestsPerMinute": {"deployment", "statusCode", "statusCodeClass", "modelStatusCode"},
}
RENAMED = {"Trailing": "Rolling"}  # the client's models have the newer name; it sends that of 2023-06-01-preview
OLDER = {"mode", "modelType", "alertNotificationSetting"}  # of monitors: in that version, not in the client's models
NAME = re.compile(r"[a-zA-Z][a-zA-Z0-9-]{1,30}[a-zA-Z0-9]")


def unknown_place(resources: Resources, path: str) -> None:
    """Refuse resources of workspaces and registries that are not there."""
    found = re.match(
        r"(/subscriptions/[^/]+/resourcegroups/[^/]+/providers/[^/]+/(workspaces|registries)/[^/]+)/", path, re.I
    )
    if found and resources.get(found[1]) is None:
        raise refusal(404, "ParentResourceNotFound", f"{found[2]} {found[1].rpartition('/')[2]} was not found.")


def put(resources: Resources, path: str, body: dict[str, Any], known: dict[str, Any] | None) -> None:
    """Refuse a body that the service would refuse."""
    parts = path.split("/")
    kind, name = _kind(parts), parts[-1]
    properties = body.get("properties") or {}
    if kind in MODELS:
        problems = unknown_keys(MODELS[kind], body)
        if problems:
            raise refusal(400, "BadRequest", f"unknown keys: {', '.join(problems)}")
    if kind in ("onlineendpoints", "onlinedeployments", "batchendpoints", "batchdeployments") and not NAME.fullmatch(
        name
    ):
        raise refusal(400, "BadRequest", f"{name!r}: 3 to 32 letters, digits and hyphens, first a letter")
    if kind == "onlineendpoints":
        _endpoint(resources, path, properties, known)
    if kind.endswith("deployments"):
        _deployment(resources, path, known)
    if kind == "versions":
        _version(properties, known, parts)
    if kind == "jobs" and known is not None:
        raise refusal(409, "UserError", f"job {name} exists already")


def patch(resources: Resources, path: str, body: dict[str, Any]) -> None:
    """Refuse changes of parts that the service does not change."""
    kind = _kind(path.split("/"))
    if kind not in CHANGES:
        return
    if unknown := unknown_keys(CHANGES[kind], body):
        raise refusal(400, "BadRequest", f"{', '.join(sorted(unknown))} cannot be changed")
    if resources.running(resources.must(path)):
        raise refusal(409, "Conflict", "another operation on this resource is in progress")


def metrics(query: dict[str, str]) -> None:
    """Refuse a question about a metric, a dimension or a grain of time that an online endpoint does not have."""
    name = query["metricnames"]
    asked = set(re.findall(r"(\w+) eq '", query.get("$filter", "")))
    if name not in METRICS or not asked <= METRICS[name] or query["interval"] != "PT1M":
        raise refusal(400, "BadRequest", f"metric {name} of {', '.join(sorted(asked))} is not supported")


def delete(resources: Resources, path: str) -> None:
    """Refuse to remove what is in use: how-to-safely-rollout-online-endpoints, how-to-schedule-pipeline-job."""
    if "/schedules/" in path and resources.must(path)["properties"].get("isEnabled", True):
        raise refusal(400, "BadRequest", "A schedule must be disabled before it can be deleted")
    if "/deployments/" not in path:
        return
    owner, _, name = path.partition("/deployments/")
    endpoint = resources.must(owner)
    if (endpoint["properties"].get("traffic") or {}).get(name):
        raise refusal(400, "BadRequest", f"Deployment {name} still has traffic")
    if (endpoint["properties"].get("mirrorTraffic") or {}).get(name):
        raise refusal(400, "BadRequest", f"Deployment {name} still has mirrored traffic")
    if (endpoint["properties"].get("defaults") or {}).get("deploymentName") == name:
        raise refusal(400, "BadRequest", f"Deployment {name} is the default of its endpoint")


def _kind(parts: list[str]) -> str:
    """Return the collection that a path belongs to; deployments are online or batch."""
    kind = parts[-2].lower()
    return f"{parts[-4].lower().removesuffix('endpoints')}deployments" if kind == "deployments" else kind


def _endpoint(resources: Resources, path: str, properties: dict[str, Any], known: dict[str, Any] | None) -> None:
    """Traffic: reference-yaml-endpoint-online, how-to-safely-rollout-online-endpoints."""
    if known is not None and resources.running(known):
        raise refusal(409, "Conflict", "another operation on this endpoint is in progress")
    traffic, mirror = properties.get("traffic") or {}, properties.get("mirrorTraffic") or {}
    for name in (*traffic, *mirror):
        deployment = resources.get(f"{path}/deployments/{name}")
        if deployment is None:
            raise refusal(400, "BadRequest", f"Traffic names deployment {name}, which does not exist")
        if (traffic | mirror)[name] and deployment["properties"].get("provisioningState") != "Succeeded":
            raise refusal(400, "BadRequest", f"Traffic names deployment {name}, which is not ready")
    if sum(traffic.values()) not in (0, 100):
        raise refusal(400, "BadRequest", "the sum of traffic must be 0 or 100")
    if len([share for share in mirror.values() if share]) > 1 or any(share > 50 for share in mirror.values()):
        raise refusal(400, "BadRequest", "mirrored traffic goes to one deployment, at most 50 percent")
    if any(mirror.get(name) and traffic.get(name) for name in mirror):
        raise refusal(400, "BadRequest", "a deployment cannot have live and mirrored traffic")
    if known is not None and known["properties"].get("authMode") != properties.get("authMode"):
        raise refusal(400, "BadRequest", "authMode cannot be changed")


def _deployment(resources: Resources, path: str, known: dict[str, Any] | None) -> None:
    endpoint = resources.must(path.split("/deployments/")[0])
    if resources.running(endpoint):
        raise refusal(409, "Conflict", "another operation on this endpoint is in progress")
    if known is not None and known["properties"].get("provisioningState") == "Failed":
        raise refusal(400, "BadRequest", "the deployment has failed: delete it first")
    if known is not None and resources.running(known):
        raise refusal(409, "Conflict", "another operation on this deployment is in progress")


def _version(properties: dict[str, Any], known: dict[str, Any] | None, parts: list[str]) -> None:
    """Content of a version is fixed: how-to-manage-models."""
    for key in ("modelUri", "dataUri", "codeUri", "image", "condaFile", "componentSpec"):
        if known is not None and key in properties and known["properties"].get(key) != properties[key]:
            raise refusal(409, "UserError", f"{'/'.join(parts[-4:])} exists: {key} cannot be changed")


def unknown_keys(model: str, body: dict[str, Any]) -> list[str]:
    """Return the keys of a body that azure-ai-ml's own model of it does not have, as paths."""
    models = importlib.import_module("azure.ai.ml._restclient.arm_ml_service.models")
    return list(_unknown(models, getattr(models, model), body, ""))


@cache
def _fields(model: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, rest in model()._attr_to_rest_field.items():
        annotation = next(
            (each.__annotations__[name] for each in model.__mro__ if name in getattr(each, "__annotations__", {})), None
        )
        found[rest._rest_name] = annotation
    return found


def _unknown(models: Any, model: Any, body: dict[str, Any], where: str) -> list[str]:
    mapping = getattr(model, "__mapping__", None)
    if mapping:  # one of several kinds, named by a key of the body
        named = [RENAMED.get(value, value) for value in body.values() if isinstance(value, str)]
        kinds = [mapping[value] for value in named if value in mapping]
        model = kinds[0] if kinds else model
    fields, found = _fields(model), []
    for key, value in body.items():
        if key in OLDER and ".monitorDefinition." in where:
            continue
        if key not in fields:
            found.append(f"{where}{key}")
            continue
        inner = re.search(r"_models\.(\w+)", str(fields[key]))
        if not inner:
            continue
        nested = getattr(models, inner[1])
        is_map = "dict[" in str(fields[key]).lower()
        for name, item in value.items() if is_map and isinstance(value, dict) else [("", value)]:
            label = f"{where}{key}.{name}." if name else f"{where}{key}."
            for each in item if isinstance(item, list) else [item]:
                if isinstance(each, dict):
                    found += _unknown(models, nested, each, label)
    return found
