"""What a plan would do to an environment, whichever tool made the plan, and what must never be done."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from ..errors import UserError

Action = Literal["add", "change", "replace", "destroy", "import", "forget"]
ACTIONS: tuple[Action, ...] = ("add", "change", "replace", "destroy", "import", "forget")

# Resource types that hold data, in lower case, and what goes with them.
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

    address: str  # what the tool calls it
    module: str  # where it is described; "main" outside every module
    kind: str  # its Azure resource type, or the tool's own where it has none
    action: Action
    name: str  # in Azure
    isolation: tuple[str, str] | None = None  # of a workspace: isolation mode before and after

    @property
    def loses(self) -> str | None:
        """The data that goes with it, None if it holds none or stays."""
        held = DATA.get(self.kind.lower())
        if held is None or self.action not in ("replace", "destroy"):
            return None
        return f"{held[0]} '{self.name}' is {'replaced' if self.action == 'replace' else 'deleted'}: {held[1]}"


@dataclass(frozen=True)
class Changes:
    """All that a plan would do."""

    resources: tuple[Change, ...]
    others: bool = False  # something else than resources changes, such as outputs
    notes: tuple[str, ...] = ()  # what the plan cannot promise, or does not do
    unsure: bool = False  # the tool could not look into a part

    @property
    def nothing(self) -> bool:
        return not self.resources and not self.others and not self.unsure

    @property
    def lost(self) -> tuple[str, ...]:
        """The data that goes, one sentence a resource."""
        return tuple(sentence for change in self.resources if (sentence := change.loses))

    def count(self, *actions: Action, module: str | None = None) -> int:
        """How many resources it touches in these ways, in `module` or in all."""
        return sum(change.action in actions and module in (None, change.module) for change in self.resources)

    @property
    def modules(self) -> tuple[str, ...]:
        """Those that change, in the plan's order, the main one first."""
        named = dict.fromkeys(change.module for change in self.resources)
        return tuple(sorted(named, key=lambda module: module != "main"))

    @property
    def sentence(self) -> str:
        """The end of every plan; a replaced resource counts as one added and one destroyed."""
        counted = [
            f"{self.count('add', 'replace')} to add",
            f"{self.count('change')} to change",
            f"{self.count('replace', 'destroy')} to destroy",
            *(f"{number} to {action}" for action in ("import", "forget") if (number := self.count(action))),
        ]
        lost = len(self.lost)
        data = f"the data of {lost} resource{'s' * (lost > 1)} is lost" if lost else "no data is touched"
        return f"{', '.join(counted)}; {data}."


def refuse_one_way(changes: Iterable[Change], file: str) -> None:
    """Stop before Azure does, halfway: a workspace's network is never opened again.

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
