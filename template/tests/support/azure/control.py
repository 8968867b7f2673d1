"""Azure Resource Manager and the registries' own copy of it: reads, writes, deletions and actions on resources."""

import re
import uuid
from collections.abc import Callable
from typing import Any

from . import refusals
from .resources import ARM, ASSETS, SLOW, Resources, shown
from .transport import Json, Reply, Request, refusal

REGION = "westeurope"
API = f"https://{REGION}.api.azureml.ms"
UPLOADS = "https://uploads.blob.core.windows.net"
RELEASED = "released"  # container with the models of the registry


class ControlPlane:
    """Answers requests about resources.

    Attributes:
        failing: path's end, such as `deployments/green` -> `Code: message` with which its creation ends.
        hidden: deployment -> its logs, for `getLogs`, by the kind of container.
        on_put: called with each resource that was written, before its operation ends.
    """

    def __init__(self, resources: Resources) -> None:
        self.resources = resources
        self.failing: dict[str, str] = {}
        self.logs: dict[str, dict[str, str]] = {}
        self.on_put: list[Callable[[dict[str, Any]], None]] = []
        self.actions: dict[str, Callable[[Request, str], Reply]] = {}  # last word of a POST -> its answer
        self.metrics: Callable[[Request], Json] = lambda request: {"value": []}  # of Azure Monitor
        self.batch_run: Callable[[dict[str, Any]], None] = lambda job: None  # what a batch job does once it was started

    def answer(self, request: Request) -> Reply:
        """Answer a request to management.azure.com or to a registry's address."""
        path = request.path.replace("/mferp/managementfrontend", "").rstrip("/")
        if path.startswith("/operations/"):
            return self.resources.operation(path)
        if path.endswith("/discovery"):
            return self._discovery(path)
        if not path.startswith("/subscriptions/"):
            raise refusal(404, "NotFound", f"the fake has no route {request.line}")
        refusals.unknown_place(self.resources, path)
        method: dict[str, Callable[[Request, str], Reply]] = {
            "GET": self._get,
            "PUT": self._put,
            "PATCH": self._patch,
            "DELETE": self._delete,
            "POST": self._post,
        }
        return method[request.method](request, path)

    def _discovery(self, path: str) -> Reply:
        found = re.fullmatch(r"/registrymanagement/v1\.0/registries/([^/]+)/discovery", path)
        if not found:
            keys = ("api", "history", "mlflow", "modelregistry")
            return Reply(200, dict.fromkeys(keys, API) | {"studio": "https://ml.azure.com"})
        for registry in self.resources.everything().values():
            if registry["type"].endswith("/registries") and registry["name"] == found[1]:
                _, _, subscription, _, group, *_ = registry["id"].split("/")
                return Reply(
                    200,
                    {
                        "registryName": found[1],
                        "subscriptionId": subscription,
                        "resourceGroup": group,
                        "primaryRegion": REGION,
                        "primaryRegionResourceProviderUri": f"{API}/",
                        "resourceProviderRegions": [],
                    },
                )
        raise refusal(404, "RegistryNotFound", f"Registry {found[1]} was not found")

    def _get(self, request: Request, path: str) -> Reply:
        if path.lower().endswith("/providers/microsoft.insights/metrics"):
            self.resources.must(path.split("/providers/Microsoft.Insights")[0])
            refusals.metrics(request.query)
            return Reply(200, self.metrics(request))
        parts = path.split("/providers/", 1)[-1].split("/")
        if len(parts) % 2 == 0 and "/providers/" in path:
            return Reply(200, {"value": [shown(each) for each in self._listed(request, path, parts)]})
        if parts[-2] in ASSETS and self.resources.get(path) is None:
            return Reply(200, self.resources.container(path))
        self.resources.tick(path)
        return Reply(200, shown(self.resources.must(path)))

    def _listed(self, request: Request, path: str, parts: list[str]) -> list[dict[str, Any]]:
        query, kind = request.query, parts[-1].lower()
        found = self.resources.below(path)
        if re.fullmatch(r"/subscriptions/[^/]+/providers/[^/]+/\w+", path) and not found:  # of the whole subscription
            start, kind_there = path.split("/providers/")[0].lower(), "/".join(parts)
            everything = self.resources.everything().items()
            found = [each for key, each in everything if key.startswith(start) and each["type"] == kind_there]
        if assigned := re.fullmatch(r"assignedTo\('(.+)'\)", query.get("$filter", "")):
            found = [each for each in found if each["properties"]["principalId"] == assigned[1]]
        if "hash" in query:  # code is looked up by its content; the name in the address is a new GUID
            codes = path.lower().split("/codes/")[0] + "/codes/"
            found = [
                each
                for key, each in self.resources.everything().items()
                if key.startswith(codes)
                and each["properties"].get("properties", {}).get("hash_sha256") == query["hash"]
            ]
        if kind in ASSETS and not found:
            start = path.lower() + "/"
            names = {
                each["_path"][len(start) :].split("/")[0]
                for key, each in self.resources.everything().items()
                if key.startswith(start)
            }
            found = [self.resources.container(f"{path}/{name}") | {"_order": 0} for name in sorted(names)]
        view = query.get("listViewType", "")
        if kind == "schedules" and view in ("EnabledOnly", "DisabledOnly"):
            found = [each for each in found if each["properties"].get("isEnabled", True) == (view == "EnabledOnly")]
        if view == "ActiveOnly":
            found = [each for each in found if not each["properties"].get("isArchived")]
        if wanted := query.get("tags"):  # `a,b=c`: key a, and key b with value c
            found = [each for each in found if _has_tags(each, wanted)]
        if tag := query.get("tag"):  # of jobs: a key
            found = [each for each in found if tag in (each["properties"].get("tags") or {})]
        if "desc" in (query.get("$orderBy") or query.get("orderBy") or ""):
            found = found[::-1]
        return found[: int(query["$top"])] if "$top" in query else found

    def _put(self, request: Request, path: str) -> Reply:
        parts, body = path.split("/"), request.body
        if "tempdatarefs" in path:  # where the files of an asset of the registry go
            return Reply(200, {"blobReferenceForConsumption": _place(f"{UPLOADS}/reg{uuid.uuid4().hex}")})
        kind, name, known = parts[-2].lower(), parts[-1], self.resources.get(path)
        refusals.put(self.resources, path, body, known)
        properties = body.setdefault("properties", {})
        failure = self.failing.get(f"{parts[-2]}/{name}")
        self._complete(path, kind, properties, known)
        resource = self.resources.put(path, body)
        for told in self.on_put:
            told(resource)
        status = 200 if known else 201
        if kind not in SLOW:
            return Reply(status, shown(resource))
        resource["properties"]["provisioningState"] = "Updating" if known else "Creating"
        operation = self.resources.begin(resource, SLOW[kind], failure)
        headers = {"Azure-AsyncOperation": ARM + operation, "x-ms-async-operation-timeout": "PT1H"}
        return Reply(status, shown(resource), headers)

    def _complete(self, path: str, kind: str, properties: dict[str, Any], known: dict[str, Any] | None) -> None:
        """Add what the service adds to what was sent."""
        name = path.rpartition("/")[2]
        if "/models/" in path:
            properties.setdefault("flavors", {})
            properties.setdefault("properties", {})
        if kind == "deployments" and "/onlineendpoints/" in path.lower():
            properties.setdefault("scaleSettings", {"scaleType": "Default"})
            for collected in ((properties.get("dataCollector") or {}).get("collections") or {}).values():
                collected["dataCollectionMode"] = collected["dataCollectionMode"].capitalize()
        if kind == "onlineendpoints":
            host = f"https://{name}.{REGION}.inference.ml.azure.com"
            properties.update({"scoringUri": f"{host}/score", "swaggerUri": f"{host}/swagger.json"})
            for key in ("traffic", "mirrorTraffic"):
                properties[key] = {each: share for each, share in (properties.get(key) or {}).items() if share}
        if kind == "batchendpoints":
            properties["scoringUri"] = f"{API}{path}/jobs"
            properties.setdefault("defaults", {})
        if kind == "jobs" and known is None:
            workspace = path.split("/jobs/")[0]
            tracking = f"azureml://{REGION}.api.azureml.ms/mlflow/v1.0{workspace}?"
            properties["status"] = "NotStarted"
            properties["services"] = {
                "Tracking": {"endpoint": tracking, "jobServiceType": "Tracking"},
                "Studio": {
                    "endpoint": f"https://ml.azure.com/runs/{name}?wsid={workspace}",
                    "jobServiceType": "Studio",
                },
            }

    def _patch(self, request: Request, path: str) -> Reply:
        resource = self.resources.must(path)
        refusals.patch(self.resources, path, request.body)
        tags = request.body.pop("tags", None)
        _merge(resource, request.body)
        if tags is not None:
            resource["tags"] = tags
        return Reply(200, shown(self.resources.put(resource["_path"], shown(resource))))

    def _delete(self, request: Request, path: str) -> Reply:
        if self.resources.get(path) is None:
            return Reply(204)
        refusals.delete(self.resources, path)
        self.resources.delete(path)
        operation = ARM + self.resources.begin(None, polls=1)
        return Reply(202, None, {"Location": operation, "Azure-AsyncOperation": operation, "Retry-After": "0"})

    def _post(self, request: Request, path: str) -> Reply:
        owner, _, verb = path.rpartition("/")
        if "/datarefs/" in path:  # where the files of an asset of the registry are
            registry, _, version = owner.partition("/datarefs/")
            model = f"/models/{version}/{verb}"
            self.resources.must(registry + model)
            if request.body["assetId"] != f"azureml://registries/{registry.rpartition('/')[2]}{model}":
                raise refusal(400, "UserError", f"assetId {request.body['assetId']} is another asset")
            return Reply(200, {"blobReferenceForConsumption": _place(f"{UPLOADS}/{RELEASED}")})
        if verb in self.actions:
            return self.actions[verb](request, owner)
        if verb.lower() == "getlogs":
            self.resources.must(owner)
            kind = str(request.body.get("containerType"))
            return Reply(200, {"content": self.logs.get(owner.rpartition("/")[2], {}).get(kind, "")})
        simple: dict[str, Json] = {
            "listkeys": {"primaryKey": "key1", "secondaryKey": "key2"},
            "token": {"accessToken": "aml", "tokenType": "Bearer", "expiryTimeUtc": 0, "refreshAfterTimeUtc": 0},
            "listsecrets": {"secretsType": "Sas", "sasToken": "sig=fake"},
            "startpendingupload": {
                "pendingUploadId": "1",
                "pendingUploadType": "TemporaryBlobReference",
                "blobReferenceForConsumption": _place(f"{UPLOADS}/{uuid.uuid4().hex}"),
            },
        }
        if verb.lower() in simple:
            return Reply(200, simple[verb.lower()])
        if verb == "import":
            return self._imported(request, owner)
        if verb == "cancel":
            self.resources.must(owner)["properties"]["status"] = "Canceled"
            return Reply(200)
        if verb == "trigger":
            self.resources.must(owner)
            return Reply(200, {"jobName": f"{owner.rpartition('/')[2]}-run", "scheduleActionType": "CreateJob"})
        if verb == "jobs":  # of a batch endpoint
            return self._batch_job(request, owner)
        raise refusal(404, "NotFound", f"the fake has no action {verb}")

    def _imported(self, request: Request, owner: str) -> Reply:
        """Copy a model of a workspace into a registry."""
        wanted = request.body["properties"]
        source = re.fullmatch(
            r"azureml://locations/[^/]+/workspaces/([^/]+)/models/([^/]+)/versions/([^/]+)", wanted["sourceAssetId"]
        )
        workspaces = [
            each
            for each in self.resources.everything().values()
            if each["type"].endswith("/workspaces") and source and each["properties"]["workspaceId"] == source[1]
        ]
        if not source or not workspaces:
            raise refusal(400, "UserError", f"sourceAssetId {wanted['sourceAssetId']} is unknown")
        model = self.resources.must(f"{workspaces[0]['_path']}/models/{source[2]}/versions/{source[3]}")
        target = f"{owner}/models/{wanted['destinationName']}/versions/{wanted['destinationVersion']}"
        if self.resources.get(target) is not None:
            raise refusal(409, "UserError", f"{target} exists already")
        properties = dict(model["properties"]) | {
            "modelUri": f"{UPLOADS}/{RELEASED}/{wanted['destinationName']}/{wanted['destinationVersion']}"
        }
        self.resources.put(target, {"properties": properties})
        operation = self.resources.begin(None, polls=1, empty=True)  # `models.share` fails on a body
        return Reply(202, None, {"Location": ARM + operation})

    def _batch_job(self, request: Request, owner: str) -> Reply:
        endpoint = self.resources.must(owner)
        wanted = request.headers.get("azureml-model-deployment") or endpoint["properties"]["defaults"].get(
            "deploymentName"
        )
        if not wanted or self.resources.get(f"{owner}/deployments/{wanted}") is None:
            raise refusal(404, "NotFound", "There is no deployment to invoke")
        name = f"batchjob-{uuid.uuid4().hex[:8]}"
        workspace = owner.split("/batchEndpoints/")[0]
        properties = {**request.body["properties"], "jobType": "Pipeline", "properties": {"deployment": wanted}}
        self._complete(f"{workspace}/jobs/{name}", "jobs", properties, None)
        job = self.resources.put(f"{workspace}/jobs/{name}", {"properties": properties})
        self.batch_run(job)
        return Reply(201, shown(job))


def _has_tags(resource: dict[str, Any], wanted: str) -> bool:
    tags = resource["properties"].get("tags") or {}
    pairs = [each.partition("=") for each in wanted.split(",")]
    return all(key in tags and (not given or tags[key] == value) for key, given, value in pairs)


def _place(address: str) -> dict[str, Any]:
    credential = {"credentialType": "SAS", "sasUri": f"{address}?sig=fake"}
    return {"blobUri": address, "storageAccountArmId": "/x", "credential": credential}


def _merge(target: dict[str, Any], delta: dict[str, Any]) -> None:
    for key, value in delta.items():
        if isinstance(value, dict) and isinstance(target.get(key), dict):
            _merge(target[key], value)
        else:
            target[key] = value
