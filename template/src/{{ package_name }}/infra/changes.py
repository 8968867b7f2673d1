"""Changes that a plan makes to an environment, independent of the tool that made the plan, and the forbidden ones."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from ..errors import UserError

Action = Literal["add", "change", "replace", "destroy", "import", "forget"]
ACTIONS: tuple[Action, ...] = ("add", "change", "replace", "destroy", "import", "forget")

# Resource types that hold data, in lower case: their name in messages, and the data that is lost with them.
DATA = {
    "microsoft.storage/storageaccounts": ("storage account", "its blobs, files, queues and tables"),
    "microsoft.storage/storageaccounts/blobservices/containers": ("container", "its blobs"),
    "microsoft.keyvault/vaults": ("key vault", "its secrets, which can be recovered until the vault is purged"),
    "microsoft.machinelearningservices/workspaces": ("workspace", "its jobs, models and metrics"),
    "microsoft.machinelearningservices/registries": ("Azure ML registry", "the models that environments share"),
    "microsoft.containerregistry/registries": ("container registry", "its images"),
    "microsoft.operationalinsights/workspaces": ("Log Analytics workspace", "its logs"),
}

# Azure moves a workspace's network from left to right only.
_ISOLATION = ("disabled", "allowinternetoutbound", "allowonlyapprovedoutbound")


@dataclass(frozen=True)
class Change:
    """One resource that a plan touches."""

    address: str  # in the tool's terms
    module: str  # the module that describes it; "main" outside every module
    kind: str  # its Azure resource type, or the tool's own where it has none
    action: Action
    name: str  # in Azure
    isolation: tuple[str, str] | None = None  # of a workspace: isolation mode before and after

    @property
    def loss(self) -> str | None:
        """A sentence about the data that is lost, None if the resource holds none or stays."""
        held = DATA.get(self.kind.lower())
        if held is None or self.action not in ("replace", "destroy"):
            return None
        return f"{held[0]} '{self.name}' is {'replaced' if self.action == 'replace' else 'deleted'}: {held[1]}"


@dataclass(frozen=True)
class Changes:
    """All changes of a plan."""

    resources: tuple[Change, ...]
    outputs: bool = False  # whether outputs change
    notes: tuple[str, ...] = ()  # limits of the plan, and leftovers
    incomplete: bool = False  # the tool could not inspect a part

    @property
    def empty(self) -> bool:
        """Whether the plan certainly changes nothing."""
        return not self.resources and not self.outputs and not self.incomplete

    @property
    def losses(self) -> tuple[str, ...]:
        """A sentence for each resource whose data is lost."""
        return tuple(sentence for change in self.resources if (sentence := change.loss))

    def count(self, *actions: Action, module: str | None = None) -> int:
        """Return the number of resources with one of these actions, in `module` or in all."""
        return sum(change.action in actions and module in (None, change.module) for change in self.resources)

    @property
    def modules(self) -> tuple[str, ...]:
        """The modules with changes, in the plan's order, the main one first."""
        named = dict.fromkeys(change.module for change in self.resources)
        return tuple(sorted(named, key=lambda module: module != "main"))

    @property
    def summary(self) -> str:
        """The last line of every plan; a replaced resource counts as one added and one destroyed.

        >>> Changes((Change("a", "main", "Microsoft.KeyVault/vaults", "replace", "kv-1"),)).summary
        '1 to add, 0 to change, 1 to destroy; the data of 1 resource is lost.'
        """
        counted = [
            f"{self.count('add', 'replace')} to add",
            f"{self.count('change')} to change",
            f"{self.count('replace', 'destroy')} to destroy",
            *(f"{number} to {action}" for action in ("import", "forget") if (number := self.count(action))),
        ]
        lost = len(self.losses)
        data = f"the data of {lost} resource{'s' * (lost > 1)} is lost" if lost else "no data is touched"
        return f"{', '.join(counted)}; {data}."


def refuse_one_way(changes: Iterable[Change], file: str) -> None:
    """Refuse to open a workspace's network again: Azure would stop in the middle of the apply.

    Raises:
        UserError: a workspace that stays would go to a more open isolation mode; `file` configures it.
    """
    for change in changes:
        if change.isolation is None or change.action == "replace":
            continue
        before, after = (re.sub(r"[^a-z]", "", mode.lower()) for mode in change.isolation)
        if before in _ISOLATION and after in _ISOLATION and _ISOLATION.index(after) < _ISOLATION.index(before):
            raise UserError(
                f"{file}: network.mode: workspace '{change.name}' would go from {change.isolation[0]} back to"
                f" {change.isolation[1]}, which Azure never does: restore the mode, or give the environment a new"
                f" workspace under another name (names.workspace)"
            )
