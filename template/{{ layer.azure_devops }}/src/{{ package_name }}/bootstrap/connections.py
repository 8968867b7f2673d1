"""Service connections to Azure by workload identity federation: one for each identity of each environment, no secret.

Body and answer: `serviceendpoint` of terraform-provider-azuredevops. Issuer and subject are read from the
answer: Azure compares them letter by letter.
"""

from collections.abc import Sequence
from time import sleep
from typing import Any

from ..errors import StepFailedError, UserError
from .place import Json, Place
from .rest import RefusedError
from .steps import Identities, Identity, Phase, State, Step, Trust

ROLES = {"ci": "", "infrastructure": "-infra", "plan": "-plan"}  # identity -> end of the connection's name
SCHEME = "WorkloadIdentityFederation"
TRIES = 30  # looks for a new connection, two seconds apart
RETIRED = "vstoken.dev.azure.com"  # issuer of older connections, which ends on 2027-07-01


class Connections:
    """The project's service connections."""

    def __init__(self, place: Place, environments: Sequence[str]) -> None:
        self._place = place
        self._environments = environments
        self._ids: dict[str, str] = {}

    def name(self, environment: str, who: str) -> str:
        """Return the name of the connection of an identity."""
        return self._place.named(f"{environment}{ROLES[who]}")

    def names(self) -> list[str]:
        """Return the names of all connections to Azure."""
        return [self.name(environment, who) for environment in self._environments for who in ROLES]

    def find(self, name: str) -> Json | None:
        """Return a connection by its name, None without one."""
        if self._place.project() is None:
            return None
        query = {"endpointNames": name, "includeFailed": "true"}
        found = self._place.core.get(self._place.path("serviceendpoint/endpoints"), params=query)["value"]
        return next((each for each in found if each["name"] == name), None)

    def id(self, name: str) -> str | None:
        """Return the ID of a connection, None without one."""
        if name not in self._ids and (found := self.find(name)):
            self._ids[name] = str(found["id"])
        return self._ids.get(name)

    def trust(self, environment: str, who: str) -> Trust | None:
        """Return which token Azure sees from a connection, None while there is none."""
        return _trust(self.find(self.name(environment, who)))

    def retired(self) -> list[str]:
        """Return the connections whose issuer ends."""
        pairs = [(environment, who) for environment in self._environments for who in ROLES]
        trusts = {self.name(*pair): self.trust(*pair) for pair in pairs}
        return [name for name, trust in trusts.items() if trust and RETIRED in trust.issuer]

    def github(self) -> str | None:
        """Return the ID of the connection to GitHub that a person made, None without one that can be told apart."""
        if self._place.project() is None or self._place.source is None:
            return None
        found = self._place.core.get(self._place.path("serviceendpoint/endpoints"), params={"type": "github"})["value"]
        owner = self._place.source.partition("/")[0]
        named = [each for each in found if each["name"].lower() in (owner.lower(), self._place.source.lower())]
        chosen = named if named else found
        return str(chosen[0]["id"]) if len(chosen) == 1 else None

    def steps(self, identities: Identities) -> list[Step]:
        """Return the steps to all connections."""
        return [self._step(environment, who, identities) for environment in self._environments for who in ROLES]

    def _step(self, environment: str, who: str, identities: Identities) -> Step:
        name = self.name(environment, who)

        def state() -> State:
            found, identity = self.find(name), identities(environment, who)
            if found is None or identity is None:
                return State.ABSENT
            return State.SAME if _fits(found, identity) else State.DIFFERENT

        def make() -> None:
            identity = identities(environment, who)
            if identity is None:
                raise UserError(f"{environment}: its identity {who!r} is missing in Azure; run it again")
            self._write(name, identity)

        def remove() -> str | None:
            if found := self.find(name):
                query = {"projectIds": self._place.id}
                self._place.core.delete(f"/_apis/serviceendpoint/endpoints/{found['id']}", params=query)
                self._ids.pop(name, None)
            return None

        return Step(
            key=f"azure_devops:connection/{name}",
            what=f"service connection {name}, as identity {who} of {environment}, without a secret",
            phase=Phase.CONNECTIONS,
            state=state,
            make=make,
            remove=remove,
        )

    def _write(self, name: str, identity: Identity) -> None:
        found = self.find(name)
        if found is not None and (found["type"].lower() != "azurerm" or found["authorization"]["scheme"] != SCHEME):
            raise UserError(f"service connection {name!r} has a secret, or leads elsewhere: rename it, or delete it")
        body = self._body(name, identity)
        if found is not None:
            path = f"/_apis/serviceendpoint/endpoints/{found['id']}"
            self._place.core.put(path, json=body | {"id": found["id"]})
        else:
            try:
                self._place.core.post("/_apis/serviceendpoint/endpoints", json=body)
            except RefusedError as refused:
                # A first try that got no answer has made it.
                if "DuplicateServiceConnection" not in f"{refused.code} {refused.message}":
                    raise
        self._settle(name)

    def _settle(self, name: str) -> None:
        """Wait until a connection is listed, with the trust that the credential in Azure is made from."""
        for _ in range(TRIES):
            found = self.find(name)
            status = (found or {}).get("operationStatus") or {}
            if status.get("state") == "Failed":
                said = status.get("statusMessage") or "without a reason"
                raise StepFailedError(f"service connection {name!r}: Azure DevOps could not make it: {said}")
            if _trust(found):
                return
            sleep(2)
        raise StepFailedError(f"service connection {name!r}: Azure DevOps is still making it; run it again")

    def _body(self, name: str, identity: Identity) -> dict[str, Any]:
        reference = {"id": self._place.id, "name": self._place.name}
        return {
            "name": name,
            "type": "azurerm",
            "url": "https://management.azure.com/",
            "authorization": {
                "scheme": SCHEME,
                "parameters": {"tenantid": identity.tenant_id, "serviceprincipalid": identity.client_id},
            },
            "data": {
                "environment": "AzureCloud",
                "scopeLevel": "Subscription",
                "subscriptionId": identity.subscription_id,
                "subscriptionName": identity.subscription_name,
                "creationMode": "Manual",  # the other way makes an app registration
            },
            "isShared": False,
            "isReady": True,
            "serviceEndpointProjectReferences": [{"projectReference": reference, "name": name}],
        }


def _trust(found: Json | None) -> Trust | None:
    """Return which token Azure sees from a connection, None while it does not say so."""
    parameters = found["authorization"].get("parameters") or {} if found else {}
    issuer = parameters.get("workloadIdentityFederationIssuer")
    subject = parameters.get("workloadIdentityFederationSubject")
    return Trust(issuer, subject) if issuer and subject else None


def _fits(found: Json, identity: Identity) -> bool:
    """Return whether a connection acts as an identity in its subscription; letter case of IDs does not count."""
    given = found["authorization"].get("parameters") or {}
    pairs = (
        (found["authorization"]["scheme"], SCHEME),
        (given.get("serviceprincipalid"), identity.client_id),
        (given.get("tenantid"), identity.tenant_id),
        ((found.get("data") or {}).get("subscriptionId"), identity.subscription_id),
    )
    return all(str(one).lower() == str(other).lower() for one, other in pairs)
