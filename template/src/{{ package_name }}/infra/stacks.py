"""What `mlops infra` builds, one at a time: an environment, the registry of all, or what watches an endpoint."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from ..errors import UserError

if TYPE_CHECKING:
    from ..config.environment import EnvironmentConfig

_DEPLOYMENT = re.compile(r"(?=.{3,32}$)[A-Za-z][A-Za-z0-9-]*[A-Za-z0-9]", re.ASCII)


class StackName(StrEnum):
    """The stacks there are; a project has the endpoints that it serves by."""

    environment = "environment"
    registry = "registry"
    online = "online"
    kubernetes = "kubernetes"


@dataclass(frozen=True)
class Stack:
    """One stack of an environment."""

    name: StackName = StackName.environment
    deployments: tuple[str, ...] = ()  # of an online endpoint: those to watch and to scale

    @property
    def of_endpoint(self) -> bool:
        """Whether it stands around an endpoint, which a deployment makes: such a stack holds no data."""
        return self.name in (StackName.online, StackName.kubernetes)

    def what(self, config: "EnvironmentConfig") -> str:
        """What messages call it."""
        if self.name == StackName.registry:
            return f"registry {config.registry.name}"
        return f"what watches {config.environment}'s {self.name} endpoint" if self.of_endpoint else config.environment

    def subscription(self, config: "EnvironmentConfig") -> str | None:
        """The one that the configuration says, None where whoever is signed in chooses it."""
        return config.registry.subscription_id if self.name == StackName.registry else None

    def resource_group(self, config: "EnvironmentConfig") -> str:
        """Where it is built."""
        return config.registry.resource_group if self.name == StackName.registry else config.names.resource_group


def choose(config: "EnvironmentConfig", name: StackName, deployments: Sequence[str] = ()) -> Stack:
    """The stack of that name.

    Raises:
        UserError: this project or this environment has none, or a deployment's name is refused.
    """
    if name == StackName.registry and config.environment != "prod":
        raise UserError(
            f"--stack registry: refused with --env {config.environment}: all environments share one registry, whose"
            " tags come from config/prod.yml: add '--env prod'"
        )
    if name in (StackName.online, StackName.kubernetes) and getattr(config.names, f"{name}_endpoint") is None:
        raise UserError(
            f"--stack {name}: this project has no such endpoint: config/{config.environment}.yml names no"
            f" {name}_endpoint"
        )
    if deployments and name != StackName.online:
        raise UserError(f"--deployment: refused with --stack {name}: only deployments of an online endpoint are scaled")
    for deployment in deployments:
        if not _DEPLOYMENT.fullmatch(deployment):
            raise UserError(
                f"--deployment: {deployment!r} is refused: 3 to 32 of letters, digits and '-'; first a letter,"
                " last no '-'"
            )
    return Stack(name, tuple(dict.fromkeys(deployments)))
