"""Federated credentials: which tokens of the CI system Azure accepts as which identity."""

from collections.abc import Mapping
from shlex import quote
from time import sleep
from typing import Any

from ..config.environment import EnvironmentConfig
from ..errors import UserError
from .azure import IDENTITIES, Azure
from .ci import CiSystem
from .resources import identities_of
from .rest import RefusedError
from .steps import Phase, State, Step, Trust

AUDIENCES = ["api://AzureADTokenExchange"]
CONCURRENT = "ConcurrentFederatedIdentityCredentialsWritesForSingleManagedIdentity"
EXISTS = "Issuer and subject combination already exists"
_TRIES, _WAIT = 6, 5.0


class Trusts:
    """The credentials of all identities; they are written one at a time, as Azure refuses parallel writes."""

    def __init__(self, azure: Azure, ci: CiSystem, configs: Mapping[str, EnvironmentConfig]) -> None:
        self._azure = azure
        self._ci = ci
        self._configs = configs

    def steps(self) -> list[Step]:
        """Return the credentials, environment by environment."""
        return [
            self._step(config, who)
            for config in self._configs.values()
            for who in self._ci.trusted
            if _holder(who) in identities_of(config)
        ]

    def _step(self, config: EnvironmentConfig, who: str) -> Step:
        environment = config.environment.name
        name = getattr(config.names, f"identity_{_holder(who)}")
        return Step(
            f"azure:credential/{environment}/{who}",
            f"trust in the CI system's jobs of {environment} ({who}) as {name}",
            Phase.TRUST,
            lambda: self._state(config, who),
            lambda: self._make(config, who),
            lambda: self._remove(config, who),
            lambda: self._command(config, who),
        )

    def _state(self, config: EnvironmentConfig, who: str) -> State:
        trust = self._ci.trust(config.environment.name, who)
        if trust is None or self._azure.identity(config, _holder(who)) is None:
            return State.ABSENT
        listed = self._listed(config, who)
        found = _match(listed, trust)
        if found is None:
            return State.DIFFERENT if any(each["name"] == _name(who) for each in listed) else State.ABSENT
        # infra/ knows the credential by its name: an apply would be refused beside one of another name.
        same = found["name"] == _name(who) and found["properties"].get("audiences") == AUDIENCES
        return State.SAME if same else State.DIFFERENT

    def _make(self, config: EnvironmentConfig, who: str) -> None:
        trust = self._ci.trust(config.environment.name, who)
        if trust is None:
            raise UserError(f"the CI system does not tell the subject of {who} in {config.environment.name} yet")
        body = {"properties": {"issuer": trust.issuer, "subject": trust.subject, "audiences": AUDIENCES}}
        for attempt in range(1, _TRIES + 1):
            self._remove_other(config, who, trust)
            try:
                self._azure.arm.put(self._path(config, who, _name(who)), json=body, params=IDENTITIES)
                return
            except RefusedError as refused:
                parallel = refused.code == CONCURRENT or CONCURRENT in refused.message
                exists = EXISTS.lower() in refused.message.lower()
                if refused.status != 409 or not (parallel or exists) or attempt == _TRIES:
                    raise
            sleep(_WAIT * attempt)

    def _remove_other(self, config: EnvironmentConfig, who: str, trust: Trust) -> None:
        """Remove the credential of another name that trusts the same: Azure allows each issuer and subject once."""
        other = _match(self._listed(config, who), trust)
        if other is not None and other["name"] != _name(who):
            self._azure.arm.delete(self._path(config, who, other["name"]), params=IDENTITIES)

    def _remove(self, config: EnvironmentConfig, who: str) -> None:
        self._azure.arm.delete(self._path(config, who, _name(who)), params=IDENTITIES)

    def _listed(self, config: EnvironmentConfig, who: str) -> list[dict[str, Any]]:
        return list(self._azure.arm.pages(self._path(config, who), params=IDENTITIES, missing=(404,)))

    def _path(self, config: EnvironmentConfig, who: str, name: str = "") -> str:
        start = f"{self._azure.identity_path(config, _holder(who))}/federatedIdentityCredentials"
        return f"{start}/{name}" if name else start

    def _command(self, config: EnvironmentConfig, who: str) -> str:
        trust = self._ci.trust(config.environment.name, who)
        if trust is None:
            return f"# the subject of {who} in {config.environment.name} is known once its service connection exists"
        identity = getattr(config.names, f"identity_{_holder(who)}")
        where = f"--identity-name {identity} --resource-group {config.names.resource_group}"
        words = f"--issuer {quote(trust.issuer)} --subject {quote(trust.subject)} --audiences {AUDIENCES[0]}"
        return f"az identity federated-credential create --name {_name(who)} {where} {words}"


def _holder(who: str) -> str:
    """Return whose identity a subject is for: `watch` acts as the identity that trains and deploys."""
    return "ci" if who == "watch" else who


def _name(who: str) -> str:
    """Return the credential's name, as infra/ calls it."""
    return "watch" if who == "watch" else "ci"


def _match(listed: list[dict[str, Any]], trust: Trust) -> dict[str, Any] | None:
    """Return the credential that trusts this issuer and subject; Azure compares letter by letter."""
    for each in listed:
        given = each["properties"]
        if (given["issuer"], given["subject"]) == (trust.issuer, trust.subject):
            return each
    return None
