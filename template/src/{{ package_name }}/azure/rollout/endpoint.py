"""An endpoint and its deployments as resources of Azure: read them, tag them, delete them, wait for them.

An existing deployment is never written as a whole: number of instances and tags are changed alone, so that what
autoscale, people and other tools have set stays.
"""

import copy
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from ...errors import StepFailedError, UserError
from ...paths import Project
from .. import waiting
from ..client import Azure
from ..definitions import assets
from ..definitions.versions import Document, digest
from ..operations import Operation, Say
from ..problems import translated
from ..sign_in import actor
from ..tags import CONTENT, DEPLOYED_BY, MODEL, OVERRIDE, PREVIOUS, PREVIOUS_MODEL, PROJECT, TESTED
from . import model_files, releases
from . import next_step as rollout
from .releases import Release

VERSION = "2024-10-01"  # of the service's interface
MINUTES = 60  # that Azure may take to make a deployment; an image may have to be built
_ENDED = (rollout.READY, *rollout.FAILED)
_SYSTEM = ("id", "name", "type", "systemData", "etag")  # keys that a resource is read with and not written


class UnfitError(StepFailedError):
    """A deployment answers wrongly, slowly or not at all."""


@dataclass(frozen=True)
class Served:
    """One endpoint of an environment; subclasses know how their kind is made, divided and asked."""

    azure: Azure
    say: Say
    kind = ""
    collection = ""  # of its resources

    @property
    def project(self) -> Project:
        return self.azure.project

    @property
    def name(self) -> str:
        """The endpoint's name."""
        return str(getattr(self.azure.config.names, f"{self.kind}_endpoint"))

    @property
    def path(self) -> str:
        """The endpoint's resource ID."""
        return f"{self.azure.workspace_id}/{self.collection}/{self.name}"

    @cached_property
    def file(self) -> Path:
        """The YAML file of its deployments."""
        return self.project.root / "azureml" / "endpoints" / self.kind / "deployment.yml"

    def deployment_path(self, name: str) -> str:
        """Return a deployment's resource ID."""
        return f"{self.path}/deployments/{name}"

    def resource(self, path: str = "") -> dict[str, Any] | None:
        """Return the endpoint, or the resource of another path, as Azure describes it; None if there is none."""
        from azure.core.exceptions import ResourceNotFoundError

        with translated(self.azure, f"endpoint {self.name}"):
            try:
                found: dict[str, Any] = self.azure.call("GET", path or self.path, version=VERSION).body
            except ResourceNotFoundError:
                return None
        return found

    def deployments(self) -> list[dict[str, Any]]:
        """Return the deployments as Azure describes them."""
        with translated(self.azure, f"deployments of {self.name}"):
            return list(self.azure.pages(f"{self.path}/deployments", version=VERSION))

    def read(self) -> rollout.Endpoint:
        """Return the present state; one without an endpoint is empty."""
        found = self.resource()
        if found is None:
            return rollout.Endpoint()
        tags, properties = found.get("tags") or {}, found["properties"]
        deployments = [self._deployment(each) for each in self.deployments()]
        return rollout.Endpoint(
            {each.name: each for each in deployments},
            *self.divided(properties),
            tags.get(PREVIOUS, ""),
        )

    def exists(self) -> bool:
        """Return whether the endpoint is there, once Azure has finished its work on it; a failed one is deleted.

        A failed one that has deployments stays: writing it again mends it.
        """
        found = self.settle(self.path)
        if found is None:
            return False
        if found["properties"].get("provisioningState") in rollout.FAILED and not self.deployments():
            self.delete(self.path)
            return False
        return True

    def make(self) -> None:
        """Make the endpoint, without traffic."""
        path = self.file.with_name("endpoint.yml")
        document = assets.fill(self.project, self.azure.config, path, subscription_id=self.azure.subscription)
        with translated(self.azure, f"endpoint {self.name}"):
            poller = self._endpoints.begin_create_or_update(self._endpoint(document, path))
            waiting.wait(poller, f"endpoint {self.name}", minutes=MINUTES, say=self.say)

    def prepare(self, operation: Operation, release: Release) -> Release:
        """Bring what a deployment of a release refers to into place; return the release as deployments find it."""
        reference = str(self.document(release, "")["environment"])
        releases.ensure_environment(self.azure, operation, reference)
        return release

    def create(self, release: Release, name: str, instances: int) -> None:
        """Make a deployment without traffic.

        Raises:
            AzureProblemError, AzureFailedError: it could not be made; what is there of it has state Failed.
        """
        document = self.document(release, name)
        document["tags"] = {**document.get("tags", {}), **self.tags(release)}
        self._count(document, instances)
        with translated(self.azure, f"deployment {name}"):
            poller = self._begin(self._entity(document))
            waiting.wait(poller, f"deployment {name}", minutes=MINUTES, say=self.say)

    def download(self, release: Release, folder: Path, only: Collection[str] = ()) -> Path:
        """Fetch the files of a release, or only those of some names, and return its model folder."""
        return model_files.download(self.azure, release, folder, only)

    def document(self, release: Release, name: str) -> Document:
        """Return the file of a deployment, filled in for a release; of one in the registry, with its environment."""
        if release not in self._filled:
            self._filled[release] = assets.fill(
                self.project, self.azure.config, self.file, int(release.version), self.azure.subscription
            )
        document = copy.deepcopy(self._filled[release])
        document["name"] = name
        document["model"] = release.reference
        if release.in_registry:
            document["environment"] = releases.in_registry(self.azure, "environments", str(document["environment"]))
        return document

    def content(self, release: Release) -> str:
        """Return the digest of all that a deployment of a release is made from."""
        document = self.document(release, "")
        kept = {key: value for key, value in document.items() if key not in ("name", "instance_count", "tags")}
        code = self._code
        return digest({"deployment": json.dumps(kept, sort_keys=True, default=str).encode(), "code": code.encode()})

    @cached_property
    def _filled(self) -> dict[Release, Document]:
        return {}

    @cached_property
    def _code(self) -> str:
        """The digest of the code that deployments run."""
        from ...pipeline.digests import Digests

        return Digests(self.project).tree(self.project.code)

    def tags(self, release: Release) -> dict[str, str]:
        """Return the tags of a new deployment."""
        project = str(self.azure.config.tags.get("project", ""))
        found = {PROJECT: project, MODEL: release.label, CONTENT: self.content(release), DEPLOYED_BY: actor()}
        return found | ({OVERRIDE: release.override} if release.override else {})

    def remember(self, name: str) -> None:
        """Tag the endpoint with the deployment that served before; an empty name: with none."""
        tags = {PREVIOUS: name}
        if name and (found := self.resource(self.deployment_path(name))):
            tags[PREVIOUS_MODEL] = (found.get("tags") or {}).get(MODEL, "")
        self.tag(self.path, tags)

    def mark(self, name: str, *, tested: bool) -> None:
        """Tag a deployment as tested, or take the tag's value away."""
        path = self.deployment_path(name)
        known = self._tags(path)
        self._retag(path, known, {TESTED: known.get(MODEL, "") if tested else ""})

    def tag(self, path: str, tags: Mapping[str, str]) -> None:
        """Add tags to the endpoint or a deployment; those of others stay."""
        self._retag(path, self._tags(path), tags)

    def _tags(self, path: str) -> Mapping[str, str]:
        found = self.resource(path)
        if found is None:
            raise UserError(f"{path.rpartition('/')[2]}: was deleted meanwhile: run the command again")
        return found.get("tags") or {}

    def _retag(self, path: str, known: Mapping[str, str], added: Mapping[str, str]) -> None:
        merged = {**known, **added}
        if merged != known:
            self.patch(path, {"tags": merged})

    def patch(self, path: str, body: Mapping[str, Any]) -> None:
        """Change parts of a resource, and wait for it."""
        name = path.rpartition("/")[2]
        with translated(self.azure, name):
            self.azure.call("PATCH", path, version=VERSION, body=body)
        self.settle(path)

    def put(self, path: str, body: Mapping[str, Any]) -> None:
        """Write a whole resource, as it was read but for what differs, and wait for it."""
        sent = {key: value for key, value in body.items() if key not in _SYSTEM}
        sent["properties"] = {
            key: value
            for key, value in sent["properties"].items()
            if key not in ("provisioningState", "scoringUri", "swaggerUri")
        }
        with translated(self.azure, path.rpartition("/")[2]):
            self.azure.call("PUT", path, version=VERSION, body=sent)
        self.settle(path)

    def remove(self, name: str) -> None:
        """Delete a deployment and wait until it is gone."""
        self.delete(self.deployment_path(name))

    def delete(self, path: str) -> None:
        """Delete the endpoint or a deployment and wait until it is gone."""
        what = f"deletion of {path.rpartition('/')[2]}"
        with translated(self.azure, what):
            self.azure.call("DELETE", path, version=VERSION)
        waiting.wait(_Gone(self, path), what, minutes=MINUTES, say=self.say)

    def settle(self, path: str) -> dict[str, Any] | None:
        """Wait until Azure has finished its work on a resource, and return that; None if it is gone."""
        found: dict[str, Any] | None = waiting.wait(
            _Settled(self, path), path.rpartition("/")[2], minutes=MINUTES, say=self.say
        )
        return found

    def _deployment(self, found: Mapping[str, Any]) -> rollout.Deployment:
        tags = found.get("tags") or {}
        return rollout.Deployment(
            found["name"],
            found["properties"].get("provisioningState") or rollout.READY,
            tags.get(CONTENT, ""),
            bool(tags.get(TESTED)) and tags.get(TESTED) == tags.get(MODEL),
            self._instances(found),
            tags.get(MODEL, ""),
        )

    def wanted(self, release: Release) -> rollout.Wanted:
        """Return what shall serve, and how it gets there."""
        raise NotImplementedError

    def shift(self, traffic: Mapping[str, int], mirror: Mapping[str, int]) -> None:
        """Divide the traffic."""
        raise NotImplementedError

    def scale(self, name: str, instances: int) -> None:
        """Change a deployment's number of instances."""
        raise NotImplementedError

    def test(self, release: Release, name: str) -> str:
        """Ask a deployment for known answers before it gets traffic, and return the figures.

        Raises:
            UnfitError: it answers wrongly, slowly or not at all.
        """
        raise NotImplementedError

    def watch(self, release: Release, name: str) -> str:
        """Look at a deployment at work, and return the figures.

        Raises:
            UnfitError: it fails, or is slower than the configuration allows.
        """
        raise NotImplementedError

    def logs(self, name: str) -> dict[str, str]:
        """Return the ends of a deployment's logs by container."""
        raise NotImplementedError

    def surround(self, deployments: Sequence[str]) -> None:
        """Point alerts and scaling at deployments."""
        raise NotImplementedError

    @property
    def _endpoints(self) -> Any:
        """The client's operations on endpoints of this kind."""
        raise NotImplementedError

    def _begin(self, entity: Any) -> Any:
        """Begin to make a deployment."""
        raise NotImplementedError

    def _endpoint(self, document: Mapping[str, Any], path: Path) -> Any:
        """Return an endpoint's file as an object of azure-ai-ml."""
        raise NotImplementedError

    def _entity(self, document: Mapping[str, Any]) -> Any:
        """Return a deployment's file as an object of azure-ai-ml."""
        raise NotImplementedError

    def _count(self, document: dict[str, Any], instances: int) -> None:
        """Write the number of instances into a deployment's file."""

    def _instances(self, found: Mapping[str, Any]) -> int:
        raise NotImplementedError

    def divided(self, properties: Mapping[str, Any]) -> tuple[dict[str, int], dict[str, int]]:
        """Return traffic and mirrored traffic of the endpoint's properties, without zeros."""
        raise NotImplementedError


class _Settled:
    """A poller of a resource's own state: done once Azure is not at work on it."""

    def __init__(self, served: Served, path: str) -> None:
        self.served, self.path = served, path
        self.found: dict[str, Any] | None = None

    def done(self) -> bool:
        self.found = self.served.resource(self.path)
        state = (self.found or {}).get("properties", {}).get("provisioningState") or rollout.READY
        return self.found is None or state in _ENDED

    def wait(self, timeout: float | None = None) -> None:
        waiting.pause(timeout or waiting.PAUSE)

    def result(self, timeout: float | None = None) -> dict[str, Any] | None:
        return self.found


class _Gone(_Settled):
    """Done once the resource is not there any more."""

    def done(self) -> bool:
        self.found = self.served.resource(self.path)
        return self.found is None
