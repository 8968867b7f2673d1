"""Train a network that classifies, in one process or several, and tell what training showed."""

import hashlib
import json
import logging
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..config.network import Network
from ..config.project import ProjectConfig
from ..errors import UserError
from ..figures import plural
from .checkpoint import Checkpoints
from .loop import Settings, train
from .stopping import Stopping
from .world import World, joined

if TYPE_CHECKING:
    import torch

    Loss = Callable[[torch.nn.Module, Any], torch.Tensor]

log = logging.getLogger(__name__)


def fit(
    network: "torch.nn.Module",
    loss: "Callable[[torch.Tensor | None, torch.device], Loss]",
    labels: Sequence[str],
    section: Network,
    config: ProjectConfig,
    *,
    data: object,
    rule: object,
    checkpoints: Path | None,
    export: Callable[[], float],
    prepare: Callable[[list[int], int], Any] | None = None,
    stopping: "Callable[[Loss, World], Stopping | None] | None" = None,
) -> dict[str, bool | int | float | str]:
    """Train a network in place; of several processes (torchrun) each calls this, and the first one exports.

    Args:
        network: gives a score for each class.
        loss: weights of the classes, None for equal ones, and the device -> what `loop.train` asks for.
        labels: the class of each example to learn from.
        section: how to train.
        config: the section `model` and the seed.
        data: the examples as the network reads them, a structure of JSON.
        rule: how it reads them, a structure of JSON.
        checkpoints: folder where a run that broke off goes on; its checkpoints are removed at the end.
        export: writes the network, and returns the largest difference between its answers there and here.
        prepare: see `loop.train`.
        stopping: the loss and the processes -> what ends the run early; default: it goes through all epochs.

    Returns:
        The settings in use and what training showed, for the record; nothing in the other processes.

    Raises:
        UserError: a checkpoint of another run, or processes that do not train on the same.
    """
    settings = Settings(section.epochs, section.batch_size, section.accumulate, section.learning_rate, config.seed)
    settings = replace(settings, mixed=section.mixed_precision)
    with joined() as world:
        network.to(world.device)
        weights = _weights(labels).to(world.device) if config.model.class_weights == "balanced" else None
        run = _run(network, settings, config, world, data, rule)
        if any(other != run for other in world.gathered(run)):
            raise UserError(
                "the processes that train together read different data or settings: give all of them the same"
            )
        kept = Checkpoints(checkpoints, run) if checkpoints else None
        size = sum(weight.numel() for weight in network.parameters())
        log.info(
            "%s of %s, %s on %s",
            plural(len(labels), "example"),
            plural(len(set(labels)), "class", "classes"),
            plural(world.size, "process", "processes"),
            world.device.type,
        )
        own = loss(weights, world.device)
        stop = stopping(own, world) if stopping else None
        last = train(network, own, len(labels), settings, world, kept, prepare=prepare, stopping=stop)
        if not world.first:
            return {}
        difference = export()
        if kept:
            kept.clear()
    return {
        **section.model_dump(exclude_none=True),
        "weights": size,
        "processes": world.size,
        "device": world.device.type,
        "loss": last,
        **({"held_out_loss": stop.best} if stop else {}),
        "onnx_difference": difference,
    }


def _weights(labels: Sequence[str]) -> "torch.Tensor":
    """Return weights with which all classes count alike, of mean 1 over the rows: scikit-learn's `balanced`."""
    import torch

    counts = Counter(labels)
    return torch.tensor([len(labels) / (len(counts) * counts[name]) for name in sorted(counts)])


def _run(
    network: Any, settings: Settings, config: ProjectConfig, world: World, data: object, rule: object
) -> dict[str, str | int]:
    """Return what makes a run what it is, for its checkpoints."""
    shapes = [[name, *weight.shape] for name, weight in network.state_dict().items()]
    used = {"loop": vars(settings), "model": config.model.model_dump(), "shapes": shapes, "rule": rule}
    return {"data": _digest(data), "settings": _digest(used), "processes": world.size}


def _digest(content: object) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
