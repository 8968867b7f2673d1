"""The end of a training run whose model no longer gets better on examples that it does not learn from."""

import logging
import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from .world import World

if TYPE_CHECKING:
    import torch

log = logging.getLogger(__name__)


class Stopping:
    """Watches a loss after each epoch, and keeps the weights of the best one.

    Args:
        measure: the model -> summed loss and number of this process's share of the examples.
        patience: epochs without a smaller loss after which the run ends.
    """

    def __init__(self, measure: "Callable[[torch.nn.Module], tuple[float, int]]", patience: int) -> None:
        self.measure, self.patience = measure, patience
        self.best, self.since = math.inf, 0
        self.weights: dict[str, torch.Tensor] = {}

    @property
    def over(self) -> bool:
        """Whether the loss has not fallen for `patience` epochs."""
        return self.since >= self.patience

    def judge(self, model: "torch.nn.Module", world: World) -> None:
        """Measure the model after an epoch; each of several processes calls this, and all come to the same end."""
        import torch

        model.eval()
        with torch.no_grad():
            sums = world.gathered(self.measure(model))
        loss = sum(total for total, _ in sums) / sum(count for _, count in sums)
        self.since += 1
        if loss < self.best:
            self.best, self.since = loss, 0
            self.weights = {name: weight.detach().clone() for name, weight in model.state_dict().items()}
        if world.first:
            log.info("held out: loss %.4f%s", loss, "" if self.since == 0 else f", best {self.best:.4f}")

    def restore(self, model: "torch.nn.Module") -> None:
        """Give the model the weights of its best epoch, if a loss was ever finite."""
        if self.weights:
            model.load_state_dict(self.weights)

    def state_dict(self) -> dict[str, Any]:
        """Return what a checkpoint keeps."""
        return {"best": self.best, "since": self.since, "weights": self.weights}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over what a checkpoint kept."""
        self.best, self.since, self.weights = state["best"], state["since"], dict(state["weights"])
