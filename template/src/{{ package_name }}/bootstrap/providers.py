"""Resource providers of the subscription: Azure makes nothing of a kind whose provider is not registered there."""

from collections.abc import Mapping
from time import sleep

from ..config.environment import EnvironmentConfig
from ..errors import StepFailedError
from ..infra.doctor import needed_providers
from .azure import RESOURCES, Azure
from .steps import Phase, State, Step

_WAIT, _LOOKS = 10.0, 60  # a registration takes some minutes


class Providers:
    """Those that infra/ needs; only the portal, `az` and deployments register one by themselves."""

    def __init__(self, azure: Azure, configs: Mapping[str, EnvironmentConfig]) -> None:
        self._azure = azure
        self._needed = sorted({f"Microsoft.{name}" for each in configs.values() for name in needed_providers(each)})

    def missing(self) -> list[str]:
        """Return those that are not registered."""
        listed = self._azure.arm.pages(f"/subscriptions/{self._azure.subscription}/providers", params=RESOURCES)
        registered = {each["namespace"].lower() for each in listed if each.get("registrationState") == "Registered"}
        return [name for name in self._needed if name.lower() not in registered]

    def step(self) -> Step:
        """Return the registration of those that are missing; it stays, as other projects may rely on it."""
        return Step(
            "azure:providers",
            "resource providers of the subscription, registered",
            Phase.AZURE,
            lambda: State.DIFFERENT if self.missing() else State.SAME,
            self._register,
            command=lambda: "\n".join(f"az provider register --wait --namespace {name}" for name in self.missing()),
        )

    def _register(self) -> None:
        for name in self.missing():
            self._azure.arm.call(
                "POST", f"/subscriptions/{self._azure.subscription}/providers/{name}/register", params=RESOURCES
            )
        for _ in range(_LOOKS):
            if not self.missing():
                return
            sleep(_WAIT)
        raise StepFailedError(f"Azure still registers {', '.join(self.missing())}: run it again in some minutes")
