"""The resource group of a stack, which must exist before anything is built in it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..errors import UserError
from . import az

if TYPE_CHECKING:
    from ..config.environment import EnvironmentConfig
    from .stacks import Stack


@dataclass(frozen=True)
class Group:
    """The resource group that a stack stands in."""

    stack: "Stack"
    config: "EnvironmentConfig"
    subscription: str

    @property
    def name(self) -> str:
        return self.stack.resource_group(self.config)

    @property
    def id(self) -> str:
        return f"/subscriptions/{self.subscription}/resourceGroups/{self.name}"

    @property
    def command(self) -> tuple[str, ...]:
        """The arguments with which `az` makes it."""
        tags = [f"{key}={value}" for key, value in self.stack.tags(self.config).items()]
        place = ("--name", self.name, "--location", self.stack.location(self.config))
        return ("group", "create", *place, *(("--tags", *tags) if tags else ()), "--subscription", self.subscription)

    @property
    def note(self) -> str:
        """A line for a plan that makes it."""
        return f"Resource group {self.name} does not exist: it is made first, in {self.stack.location(self.config)}."

    def exists(self) -> bool:
        """Ask Azure whether it exists."""
        return bool(az.ask("group", "exists", "--name", self.name, "--subscription", self.subscription))

    def make(self, show: Callable[[str], None]) -> None:
        """Make it, after an approval."""
        az.ask(*self.command)
        show(f"made resource group {self.name}")

    def refuse_missing(self) -> None:
        """Refuse a stack whose group is not made with it, as it holds something else.

        Raises:
            UserError: the group does not exist.
        """
        if not self.stack.makes_group and not self.exists():
            environment = self.config.environment.name
            raise UserError(
                f"resource group {self.name} does not exist: {self.stack.title(self.config)} is built on something in"
                f" it; for an endpoint, run 'mlops infra apply --env {environment}' and deploy first"
            )
