"""The training loop: AdamW, warm-up and decay, accumulated gradients, one process or several, checkpoints.

The examples of a step are prepared while the step before it is computed. Examples, what is drawn for them, dropout and
learning rate depend on seed, epoch and step alone. So a run that goes on from a checkpoint ends
with the weights of an uninterrupted one: bit for bit on CPUs with as many threads.
"""

import logging
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..errors import UserError
from . import sampler
from .checkpoint import Checkpoints
from .stopping import Stopping
from .world import World

if TYPE_CHECKING:
    import torch

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Settings:
    """How a network is trained.

    Args:
        epochs: passes over the examples.
        batch_size: examples of one process in one step.
        accumulate: steps whose gradients one update takes the mean of.
        learning_rate: largest one, at the end of the warm-up.
        seed: of the order of examples and of dropout.
        warm_up: share of the updates in which the rate rises from zero; in the others it falls back to zero.
        weight_decay: of matrices; biases and normalisation have none (Loshchilov and Hutter 2019).
        clip: largest norm of the gradient.
        mixed: on a GPU, compute in half precision where that is safe (Micikevicius et al. 2018); weights stay float32.
    """

    epochs: int
    batch_size: int
    accumulate: int
    learning_rate: float
    seed: int
    warm_up: float = 0.1
    weight_decay: float = 0.01
    clip: float = 1.0
    mixed: bool = False


def rate(update: int, updates: int, warm_up: float) -> float:
    """Return the share of the largest learning rate that an update takes.

    >>> [round(rate(update, 10, 0.2), 3) for update in range(10)]
    [0.5, 1.0, 0.889, 0.778, 0.667, 0.556, 0.444, 0.333, 0.222, 0.111]
    """
    rising = max(1, round(updates * warm_up))
    if update < rising:
        return (update + 1) / rising
    return (updates - update) / (updates - rising + 1)


def train(
    model: "torch.nn.Module",
    loss: "Callable[[torch.nn.Module, Any], torch.Tensor]",
    count: int,
    settings: Settings,
    world: World,
    checkpoints: Checkpoints | None = None,
    *,
    prepare: Callable[[list[int], int], Any] | None = None,
    stopping: Stopping | None = None,
) -> float:
    """Train a model in place, and return the mean loss of this process's examples in the last epoch.

    With several processes each calls this with the same arguments, and all end with the same weights.

    Args:
        model: on the device of `world`.
        loss: the model and prepared examples -> their mean loss, a scalar tensor.
        count: number of examples.
        settings: how to train.
        world: the processes that train together.
        checkpoints: where to begin, and where to leave a state at the end of each epoch and now and then within one.
        prepare: indices of examples, and a seed for what is drawn at random -> the examples as `loss` takes them; runs
            in a thread. Default: the indices.
        stopping: ends the run early; the model then has the weights of its best epoch.

    Raises:
        UserError: the checkpoint cannot be used, or the processes see different ones.
    """
    prepared = prepare or (lambda rows, seed: rows)
    return _Run(model, loss, count, settings, world, checkpoints, prepared, stopping).train()


class _Run:
    """A training run while it goes on."""

    def __init__(
        self,
        model: "torch.nn.Module",
        loss: "Callable[[torch.nn.Module, Any], torch.Tensor]",
        count: int,
        settings: Settings,
        world: World,
        checkpoints: Checkpoints | None,
        prepare: Callable[[list[int], int], Any],
        stopping: Stopping | None,
    ) -> None:
        import torch

        self.model, self.loss, self.count, self.settings, self.world = model, loss, count, settings, world
        self.checkpoints, self.prepare, self.stopping = checkpoints, prepare, stopping
        decayed = [weight for weight in model.parameters() if weight.requires_grad and weight.ndim > 1]
        others = [weight for weight in model.parameters() if weight.requires_grad and weight.ndim <= 1]
        groups = [{"params": decayed, "weight_decay": settings.weight_decay}, {"params": others, "weight_decay": 0.0}]
        self.optimizer = torch.optim.AdamW([group for group in groups if group["params"]], lr=settings.learning_rate)
        self.steps = sampler.steps(count, settings.batch_size, world.size)
        self.updates = -(-self.steps // settings.accumulate)  # of one epoch
        self.precision = world.half if settings.mixed else None
        # Small gradients would be zero in float16: they are scaled up, and down again before the update.
        self.scaler = torch.amp.GradScaler(world.device.type, enabled=self.precision == torch.float16)
        self.total = 0.0  # of the losses of this epoch's steps, in this process
        self.saved = time.monotonic()
        self.ahead: tuple[tuple[int, int], Future[Any]] | None = None  # the next step's examples

    def train(self) -> float:
        begin, end = self.resume(), self.updates * self.settings.epochs
        model = self.wrapped()
        with ThreadPoolExecutor(1) as thread:
            for done in range(begin, end):
                epoch, update = divmod(done, self.updates)
                if update == 0:
                    if self.stopping and self.stopping.over:
                        break
                    self.total = 0.0
                model.train()
                self.update(model, epoch, update, thread)
                last = update == self.updates - 1
                if last and self.world.first:
                    log.info("epoch %d of %d: loss %.4f", epoch + 1, self.settings.epochs, self.total / self.steps)
                if last and self.stopping:
                    self.stopping.judge(self.model, self.world)
                self.keep(done + 1, last)
            if self.ahead:
                self.ahead[1].cancel()
        if self.stopping:
            self.stopping.restore(self.model)
        return self.total / self.steps

    def resume(self) -> int:
        """Return the number of updates that a checkpoint has behind it, its state taken over."""
        state = self.checkpoints.load(self.world.device) if self.checkpoints else None
        done = state["done"] if state else 0
        if len(seen := set(self.world.gathered(done))) > 1:
            raise UserError(
                f"{self.checkpoints and self.checkpoints.folder}: the processes see different checkpoints, after"
                f" {', '.join(map(str, sorted(seen)))} updates: they need one folder that all of them share"
            )
        if state:
            self.model.load_state_dict(state["model"])
            self.optimizer.load_state_dict(state["optimizer"])
            self.scaler.load_state_dict(state["scaler"])
            if self.stopping:
                self.stopping.load_state_dict(state["stopping"])
            self.total = state["total"]
            log.info("goes on after %d of %d updates", done, self.updates * self.settings.epochs)
        return done

    def wrapped(self) -> "torch.nn.Module":
        """Return the model as several processes train it; the model itself shares its weights."""
        if self.world.size == 1:
            return self.model
        from torch.nn.parallel import DistributedDataParallel

        devices = [self.world.device.index] if self.world.device.type == "cuda" else None
        return DistributedDataParallel(self.model, device_ids=devices)

    def examples(self, epoch: int, step: int, thread: ThreadPoolExecutor) -> Any:
        """Return the prepared examples of a step, and begin to prepare those of the next."""
        settings, world = self.settings, self.world

        def begun(epoch: int, step: int) -> "tuple[tuple[int, int], Future[Any]]":
            rows = sampler.batch(self.count, settings.seed, epoch, step, settings.batch_size, world.rank, world.size)
            seed = sampler.draw_seed(settings.seed, epoch, step, world.rank)
            return (epoch, step), thread.submit(self.prepare, rows, seed)

        here = self.ahead if self.ahead and self.ahead[0] == (epoch, step) else begun(epoch, step)
        next_one = (epoch, step + 1) if step + 1 < self.steps else (epoch + 1, 0)
        self.ahead = begun(*next_one) if next_one[0] < settings.epochs else None
        return here[1].result()

    def update(self, model: Any, epoch: int, update: int, thread: ThreadPoolExecutor) -> None:
        """Take the steps of one update, and move the weights by the mean of their gradients."""
        import torch

        settings, world = self.settings, self.world
        first = update * settings.accumulate
        steps = range(first, min(first + settings.accumulate, self.steps))
        for step in steps:
            examples = self.examples(epoch, step, thread)
            torch.manual_seed(sampler.draw_seed(settings.seed, epoch, step, world.rank))
            alone = world.size > 1 and step != steps[-1]  # the processes exchange gradients once for each update
            context: AbstractContextManager[Any] = model.no_sync() if alone else nullcontext()
            with context:
                with torch.autocast(world.device.type, self.precision, enabled=self.precision is not None):
                    loss: Any = self.loss(model, examples)
                self.scaler.scale(loss / len(steps)).backward()
            self.total += loss.item()
        done = epoch * self.updates + update
        for group in self.optimizer.param_groups:
            group["lr"] = settings.learning_rate * rate(done, self.updates * settings.epochs, settings.warm_up)
        self.scaler.unscale_(self.optimizer)
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), settings.clip)
        self.scaler.step(self.optimizer)
        self.scaler.update()
        self.optimizer.zero_grad(set_to_none=True)

    def keep(self, done: int, end_of_epoch: bool) -> None:
        """Save a checkpoint at the end of an epoch, and within one if the last is old enough."""
        if self.checkpoints is None or not self.world.first:
            return
        if end_of_epoch or time.monotonic() - self.saved >= self.checkpoints.seconds:
            state: dict[str, Any] = {"model": self.model.state_dict(), "optimizer": self.optimizer.state_dict()}
            if self.stopping:
                state["stopping"] = self.stopping.state_dict()
            self.checkpoints.save(
                done, {**state, "scaler": self.scaler.state_dict(), "done": done, "total": self.total}
            )
            self.saved = time.monotonic()
