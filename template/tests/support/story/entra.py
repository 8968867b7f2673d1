"""Microsoft Entra ID in memory: a token for an assertion whose issuer and subject an identity trusts, and no other."""

import base64
import json
import time
from typing import Any
from urllib.parse import parse_qs

from ..azure.transport import Reply, Request
from ..bootstrap.azure import TENANT
from ..bootstrap.azure import Cloud as Directory

AUDIENCE = "api://AzureADTokenExchange"
HOST = r"login\.microsoftonline\.com"
LIVES = 86_400  # seconds


class Entra:
    """One tenant, with the identities and federated credentials of a directory."""

    def __init__(self, directory: Directory) -> None:
        self.directory = directory

    def identity(self, client: str) -> str | None:
        """Return the name of the identity with a client ID."""
        for found in self.directory.resources.values():
            if found["properties"].get("clientId") == client:
                return str(found["name"])
        return None

    def answer(self, request: Request) -> Reply:
        """Answer a request to login.microsoftonline.com."""
        authority = f"https://login.microsoftonline.com/{TENANT}"
        if request.path.endswith("/.well-known/openid-configuration"):
            addresses = {"authorization_endpoint": "authorize", "token_endpoint": "token"}
            found = {name: f"{authority}/oauth2/v2.0/{end}" for name, end in addresses.items()}
            return Reply(200, {**found, "issuer": f"{authority}/v2.0"})
        if request.path.endswith("/discovery/instance"):
            return Reply(200, {"tenant_discovery_endpoint": f"{authority}/v2.0/.well-known/openid-configuration"})
        return self._token({key: values[0] for key, values in parse_qs(request.body.decode()).items()})

    def _token(self, form: dict[str, str]) -> Reply:
        client, said = form["client_id"], claims(form["client_assertion"])
        known = [found for found in self.directory.resources.values() if found["properties"].get("clientId") == client]
        if not known:
            return _refused(f"AADSTS700016: Application with identifier '{client}' was not found")
        start = f"{known[0]['id']}/federatedIdentityCredentials/".lower()
        trusted = [each["properties"] for key, each in self.directory.resources.items() if key.startswith(start)]
        for each in trusted:
            same = (each["issuer"], each["subject"]) == (said["iss"], said["sub"])
            if same and said["aud"] in each["audiences"]:
                content = {"aud": form["scope"].split("/.default")[0], "tid": TENANT, "appid": client, "oid": client}
                return Reply(200, {"access_token": signed(content), "token_type": "Bearer", "expires_in": LIVES})
        return _refused(f"AADSTS70021: No matching federated identity record found for subject '{said['sub']}'")


def signed(content: dict[str, Any]) -> str:
    """Return a token that says this, without a signature that holds."""

    def part(value: dict[str, Any]) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    return ".".join([part({"alg": "none", "typ": "JWT"}), part({**content, "exp": int(time.time()) + LIVES}), "c2ln"])


def claims(token: str) -> dict[str, Any]:
    """Return what a token says."""
    middle = token.split(".")[1]
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(middle + "=" * (-len(middle) % 4)))
    return found


def _refused(message: str) -> Reply:
    return Reply(401, {"error": "invalid_client", "error_description": message})
