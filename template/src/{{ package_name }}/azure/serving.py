"""What serves in an environment: endpoints, their deployments, traffic and models, as they stand in Azure."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from . import models
from .client import Azure
from .problems import translated
from .tags import MODEL
from .together import together

COLLECTIONS = {"online": "onlineEndpoints", "kubernetes": "onlineEndpoints", "batch": "batchEndpoints"}


@dataclass(frozen=True)
class Deployment:
    """A deployment of an endpoint; shares are of 100, `default` says whether a batch endpoint uses it."""

    name: str
    state: str  # of its last operation
    model: str  # NAME:VERSION; empty where it cannot be told
    environment: str  # ID
    traffic: int
    mirrored: int
    instances: int | None
    default: bool
    tags: Mapping[str, str]

    @property
    def serves(self) -> bool:
        """Whether requests or batch jobs without a deployment's name go to it."""
        return self.traffic > 0 or self.default


@dataclass(frozen=True)
class Endpoint:
    """An endpoint; `state` is None where it is not built."""

    kind: str
    name: str
    state: str | None
    deployments: tuple[Deployment, ...]
    tags: Mapping[str, str]

    @property
    def serving(self) -> Deployment | None:
        """The deployment that serves, of several the one with most traffic."""
        found = [each for each in self.deployments if each.serves]
        return max(found, key=lambda each: each.traffic, default=None)


def kinds(azure: Azure) -> dict[str, str]:
    """Return the names of an environment's endpoints by their kind."""
    named = {kind: getattr(azure.config.names, f"{kind}_endpoint", None) for kind in COLLECTIONS}
    return {kind: name for kind, name in named.items() if name}


def endpoints(azure: Azure) -> list[Endpoint]:
    """Return the endpoints of an environment, built or not, in one round trip.

    Raises:
        AzureProblemError, AzureFailedError: Azure refused or failed.
    """
    return list(together({kind: partial(endpoint, azure, kind) for kind in kinds(azure)}).values())


def endpoint(azure: Azure, kind: str) -> Endpoint:
    """Return one endpoint of an environment.

    Raises:
        AzureProblemError, AzureFailedError: Azure refused or failed.
    """
    from azure.core.exceptions import ResourceNotFoundError

    name = kinds(azure)[kind]
    address = f"{azure.workspace_id}/{COLLECTIONS[kind]}/{name}"

    def deployments() -> list[Any]:
        try:
            return list(azure.pages(f"{address}/deployments"))
        except ResourceNotFoundError as error:
            return _nothing(error, [])

    def whole() -> Any:
        try:
            return azure.call("GET", address).body
        except ResourceNotFoundError as error:
            return _nothing(error, None)

    with translated(azure, f"{kind} endpoint {name}"):
        found = together({"whole": whole, "deployments": deployments})
    if found["whole"] is None:
        return Endpoint(kind, name, None, (), {})
    body = found["whole"]
    each = tuple(_deployment(body, deployment) for deployment in found["deployments"])
    return Endpoint(kind, name, body["properties"].get("provisioningState", ""), each, body.get("tags") or {})


def _nothing(error: Any, empty: Any) -> Any:
    """Return what stands for a missing endpoint; a missing workspace is a problem of its own."""
    if error.error and error.error.code in ("ParentResourceNotFound", "ResourceGroupNotFound"):
        raise error
    return empty


def _deployment(endpoint: Any, body: Any) -> Deployment:
    properties, name = body["properties"], body["name"]
    of_endpoint = endpoint["properties"]
    tags = body.get("tags") or {}
    model = properties.get("model")
    text = model.get("assetId", "") if isinstance(model, dict) else model or ""
    capacity = (body.get("sku") or {}).get("capacity")
    return Deployment(
        name=name,
        state=properties.get("provisioningState", ""),
        model=tags.get(MODEL) or models.of_id(text) or "",
        environment=properties.get("environmentId") or "",
        traffic=(of_endpoint.get("traffic") or {}).get(name, 0),
        mirrored=(of_endpoint.get("mirrorTraffic") or {}).get(name, 0),
        instances=capacity,
        default=(of_endpoint.get("defaults") or {}).get("deploymentName") == name,
        tags=tags,
    )
