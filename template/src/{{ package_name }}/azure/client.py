"""One environment in Azure, as commands see it: clients with one sign-in, and calls that the SDK does not have."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ..config import environment
from ..config.environment import EnvironmentConfig
from ..infra import az
from ..paths import Project
from .sign_in import credential

if TYPE_CHECKING:
    from azure.ai.ml import MLClient
    from azure.core.credentials import TokenCredential

MANAGEMENT = "https://management.azure.com"
MACHINE_LEARNING = "Microsoft.MachineLearningServices"
# Of Microsoft.MachineLearningServices, for calls of our own; this and the versions of other providers are folders
# `stable/` of their specifications in Azure/azure-rest-api-specs.
VERSION = "2024-10-01"
# Without its progress bars, azure-ai-ml 1.35 waits for ever after a file of a folder could not be uploaded.
PROGRESS = True
SECONDS = 60  # that one call may take


@dataclass(frozen=True)
class Answer:
    """The answer of an HTTP service; `body` is JSON where it sends JSON, else text, None if empty."""

    status: int
    body: Any
    headers: Mapping[str, str]


@dataclass(frozen=True)
class Azure:
    """An environment of config/, with the subscription that it is in and the sign-in of this process."""

    project: Project
    config: EnvironmentConfig
    subscription: str
    credential: "TokenCredential"

    @cached_property
    def ml(self) -> "MLClient":
        """The client of the environment's workspace."""
        from azure.ai.ml import MLClient

        names = self.config.names
        return MLClient(
            self.credential,
            self.subscription,
            names.resource_group,
            names.workspace,
            show_progress=PROGRESS,
            enable_telemetry=False,
        )

    @cached_property
    def registry(self) -> "MLClient":
        """The client of the registry through which models move; making it asks Azure where the registry is."""
        from azure.ai.ml import MLClient

        return MLClient(
            self.credential,
            self.config.registry.subscription_id or self.subscription,
            self.config.registry.resource_group,
            registry_name=self.config.registry.name,
            show_progress=PROGRESS,
            enable_telemetry=False,
        )

    @property
    def group_id(self) -> str:
        """The environment's resource group."""
        return f"/subscriptions/{self.subscription}/resourceGroups/{self.config.names.resource_group}"

    @property
    def workspace_id(self) -> str:
        """The environment's workspace."""
        return f"{self.group_id}/providers/{MACHINE_LEARNING}/workspaces/{self.config.names.workspace}"

    @property
    def registry_id(self) -> str:
        """The registry as a resource."""
        shared = self.config.registry
        group = f"/subscriptions/{shared.subscription_id or self.subscription}/resourceGroups/{shared.resource_group}"
        return f"{group}/providers/{MACHINE_LEARNING}/registries/{shared.name}"

    def identity_id(self, name: str) -> str:
        """Return the resource ID of a user-assigned identity of the environment."""
        return f"{self.group_id}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{name}"

    def call(
        self,
        method: str,
        address: str,
        *,
        version: str | None = VERSION,
        body: Any = None,
        parameters: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        scope: str | None = f"{MANAGEMENT}/.default",
        repeat: bool = True,
        seconds: float = SECONDS,
    ) -> Answer:
        """Send a request that azure-ai-ml has no method for, signed in as this process.

        Args:
            method: of HTTP.
            address: a resource ID, for Azure Resource Manager, or a whole https address.
            version: of the service's interface; None where the address needs none.
            body: sent as JSON; bytes are sent as they are.
            parameters: of the query.
            headers: to add.
            scope: that the token is for; None: an address that carries its own signature, and gets no token.
            repeat: false: send it once, since a second one would do the work twice.
            seconds: to wait for the answer.

        Raises:
            HttpResponseError: the service answered with an error status.
            AzureError: it did not answer, or the sign-in failed.
        """
        from azure.core.rest import HttpRequest

        query = dict(parameters or {}) | ({"api-version": version} if version else {})
        url = address if address.startswith("https://") else MANAGEMENT + address
        content = {"content": body} if isinstance(body, bytes) else {"json": body} if body is not None else {}
        request = HttpRequest(method, url, params=query, headers=dict(headers or {}), **content)
        return self._sent(request, scope, repeat, seconds)

    def pages(self, address: str, **options: Any) -> Iterator[Any]:
        """Yield the values of a collection, page after page; options as of `call`."""
        answer = self.call("GET", address, **options)
        while True:
            yield from answer.body.get("value", ())
            following = answer.body.get("nextLink")
            if not following:
                return
            answer = self.call("GET", following, **options | {"version": None, "parameters": None})

    @cached_property
    def _pipelines(self) -> dict[str | None, Any]:
        """Pipelines by the scope of their tokens: each keeps its token, which `az` would take a second to give."""
        return {}

    def _sent(self, request: Any, scope: str | None, repeat: bool, seconds: float) -> Answer:
        from azure.core.exceptions import (
            ClientAuthenticationError,
            HttpResponseError,
            ResourceExistsError,
            ResourceModifiedError,
            ResourceNotFoundError,
            map_error,
        )

        if scope not in self._pipelines:
            self._pipelines[scope] = _pipeline(self.credential, scope)
        response = self._pipelines[scope].send_request(
            request,
            retry_total=3 if repeat else 0,
            connection_timeout=min(seconds, SECONDS),
            read_timeout=seconds,
        )
        if response.status_code >= 400:
            kinds = {
                401: ClientAuthenticationError,
                404: ResourceNotFoundError,
                409: ResourceExistsError,
                412: ResourceModifiedError,
            }
            map_error(response.status_code, response, kinds)
            raise HttpResponseError(response=response)
        text = response.text()
        is_json = "json" in response.headers.get("Content-Type", "")
        body = response.json() if text and is_json else text or None
        return Answer(response.status_code, body, dict(response.headers))


def connect(project: Project, name: str) -> Azure:
    """Return an environment of config/ in Azure; asks nothing of Azure yet.

    Raises:
        UserError: config/ is refused, or no subscription is chosen.
    """
    config = environment.load(project.root / "config", name)
    given = os.environ.get(az.SUBSCRIPTION) or os.environ.get("AZURE_SUBSCRIPTION_ID")
    return Azure(project, config, given or az.account().subscription, credential())


def _pipeline(signed_in: "TokenCredential", scope: str | None) -> Any:
    from azure.core import PipelineClient
    from azure.core.pipeline.policies import (
        BearerTokenCredentialPolicy,
        HeadersPolicy,
        RedirectPolicy,
        RetryPolicy,
        UserAgentPolicy,
    )

    policies = [
        HeadersPolicy(),
        UserAgentPolicy(),
        RedirectPolicy(),
        RetryPolicy(),
        *([BearerTokenCredentialPolicy(signed_in, scope)] if scope else []),
    ]
    return PipelineClient(MANAGEMENT, policies=policies)
