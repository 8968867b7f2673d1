"""What Azure does by itself: deployments answer, batch jobs score, jobs register, and a copy has its source's files."""

import re
from typing import Any

from . import deployable
from .cloud import ENDPOINT_HOST, Cloud
from .control import RELEASED
from .rollouts import Rollouts
from .transport import Reply, Request

SOURCE = re.compile(r"azureml://locations/[^/]+/workspaces/([^/]+)/models/([^/]+)/versions/([^/]+)")


class Acting:
    """Azure between two commands.

    Attributes:
        endpoints: that answer; in all environments.
    """

    def __init__(self, cloud: Cloud, endpoints: list[Rollouts] | None = None) -> None:
        self.cloud = cloud
        self.endpoints = endpoints or []
        cloud.hosts.insert(0, (ENDPOINT_HOST, self._asked))
        cloud.control.actions["import"] = self._imported
        cloud.control.batch_run = self._score

    def register(self, env: str, version: str, job: str, **tags: str) -> str:
        """Let the last step of a job register a version that passed its gate; return NAME:VERSION."""
        cloud = self.cloud
        made = cloud.model(deployable.NAME, version, cloud.workspace(env), {"gate": "passed", "job": job, **tags})
        folder = self._folder(cloud.workspace(env), made["name"])
        for name, content in deployable.files().items():
            cloud.blobs.put(f"{folder}{name}", content)
        return f"{deployable.NAME}:{version}"

    def _folder(self, workspace: str, version: str) -> str:
        (config,) = [each for env, each in self.cloud.configs.items() if self.cloud.workspace(env) == workspace]
        return f"{config.names.storage_account}/azureml-blobstore/{deployable.NAME}/{version}/"

    def _imported(self, request: Request, owner: str) -> Reply:
        """Copy a model with its files."""
        answer = self.cloud.control._imported(request, owner)
        wanted = request.body["properties"]
        source = SOURCE.fullmatch(wanted["sourceAssetId"])
        assert source
        workspaces = map(self.cloud.workspace, self.cloud.configs)
        known = {self._id(each): each for each in workspaces if self.cloud.resources.get(each)}
        start = self._folder(known[source[1]], source[3])
        copy = f"uploads/{RELEASED}/{wanted['destinationName']}/{wanted['destinationVersion']}/"
        for key, blob in list(self.cloud.blobs.kept.items()):
            if key.startswith(start):
                self.cloud.blobs.put(copy + key.removeprefix(start), blob.content)
        return answer

    def _id(self, workspace: str) -> str:
        return str(self.cloud.resources.must(workspace)["properties"]["workspaceId"])

    def _asked(self, request: Request) -> Reply:
        """Answer a request to an endpoint as the deployment there does."""
        name = request.host.partition(".")[0]
        for each in self.endpoints:
            if each.kind != "batch" and each.name == name:
                self.cloud.scoring.answer_of = deployable.answers(self.cloud, each.env, name)
        return self.cloud.scoring.answer(request)

    def _score(self, job: dict[str, Any]) -> None:
        """Let a batch job end with a line for the row of its file."""
        job["properties"]["status"] = "Completed"
        address = job["properties"]["outputData"]["score"]["uri"]
        store, _, path = address.removeprefix("azureml://datastores/").partition("/paths/")
        workspace = job["_path"].partition("/jobs/")[0]
        place = self.cloud.resources.must(f"{workspace}/datastores/{store}")["properties"]
        self.cloud.blobs.put(f"{place['accountName']}/{place['containerName']}/{path}", b"a.csv,0,,7.0,,name,1,,\n")
