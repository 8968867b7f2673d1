"""Fine-tune a network on images, or train a small one from scratch, and export it to ONNX."""

import hashlib
import json
import logging
import os
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..augmentation import augment
from ..config.inputs import Augmentation
from ..config.project import ProjectConfig
from ..errors import UserError
from ..figures import plural
from ..images import Rules, Source, decode
from ..pixels import one_class
from ..preprocessing import Preprocessing
from . import onnx
from .balance import class_weights
from .checkpoint import Checkpoints
from .classifier import CLASSES, INPUT, PREPROCESSING
from .loop import Settings, train
from .stopping import Stopping
from .world import World, joined

if TYPE_CHECKING:
    import numpy.typing as npt
    import torch

    from .network import Network

    Prepared = tuple[torch.Tensor, torch.Tensor]

log = logging.getLogger(__name__)
SECTION = "model"  # of config/project.yml
BATCH = 64  # images measured at a time
CHECKED = 8  # images whose answers are compared at export
READERS = 8  # threads that decode for a GPU


@dataclass(frozen=True)
class Examples:
    """Labelled images, which are decoded when they are asked for: memory does not grow with their number.

    Args:
        sources: the images.
        labels: number of the class of each.
        rules: of the decoder.
        preprocessing: what the network sees of an image.
        readers: decodes several images at a time; None: one after the other.
    """

    sources: Sequence[Source]
    labels: Sequence[int]
    rules: Rules
    preprocessing: Preprocessing
    readers: ThreadPoolExecutor | None = None

    def batch(self, rows: Sequence[int]) -> "Prepared":
        """Return images as they are, float32 (rows, 3, height, width), and their labels, int64 (rows,)."""
        return self._tensors(rows, (self._image(row) for row in rows))

    def augmented(self, rows: Sequence[int], seed: int, section: Augmentation) -> "Prepared":
        """Do the same for images changed by chance; each draws from the seed and its place among `rows`."""
        import numpy as np

        def changed(place: int) -> Any:
            return augment(self._image(rows[place]), section, np.random.default_rng([seed, place]))

        each = self.readers.map if self.readers else map
        return self._tensors(rows, each(changed, range(len(rows))))

    def _image(self, row: int) -> Any:
        return self.preprocessing.fitted(decode(self.sources[row], self.rules))

    def _tensors(self, rows: Sequence[int], images: Iterable[Any]) -> "Prepared":
        import torch

        pixels = torch.from_numpy(self.preprocessing.array(list(images)))
        return pixels, torch.tensor([self.labels[row] for row in rows])


def fit(
    sources: Sequence[Source],
    labels: Sequence[str],
    held_out: "npt.NDArray[Any]",
    config: ProjectConfig,
    folder: Path,
    checkpoints: Path | None = None,
) -> dict[str, bool | int | float | str]:
    """Train on images, and write model.onnx.

    Each of several processes (torchrun) calls this; the first one writes the file.

    Args:
        sources: the images.
        labels: the class of each.
        held_out: bool (images,), those that decide when training ends; none: it goes through all epochs.
        config: `model`, `images` and the seed.
        folder: for the file.
        checkpoints: folder where a run that broke off goes on; its checkpoints are removed at the end.

    Returns:
        The settings in use and what training showed, for the record.

    Raises:
        UserError: one class only, an image or a base model that cannot be used, or a checkpoint of another run.
    """
    import numpy as np
    import torch

    section, classes = config.model, sorted(set(labels))
    if len(classes) < 2:
        raise one_class(classes)
    torch.manual_seed(config.seed)
    network, preprocessing = _made(classes, config)
    numbers = {name: number for number, name in enumerate(classes)}
    learned, watched = np.flatnonzero(~held_out).tolist(), np.flatnonzero(held_out).tolist()
    settings = Settings(
        section.epochs, section.batch_size, 1, section.learning_rate, config.seed, mixed=section.mixed_precision
    )
    with joined() as world, ThreadPoolExecutor(min(READERS, os.cpu_count() or 1)) as readers:
        examples = Examples(
            sources,
            [numbers[label] for label in labels],
            Rules.of(config.images),
            preprocessing,
            readers if world.device.type == "cuda" else None,
        )
        network.to(world.device)
        weights = class_weights(labels, classes).to(world.device) if section.class_weights == "balanced" else None
        run = _run(examples, learned, network, settings, config, world)
        if any(other != run for other in world.gathered(run)):
            raise UserError(
                "the processes that train together read different data or settings: give all of them the same"
            )
        kept = Checkpoints(checkpoints, run) if checkpoints else None
        log.info(
            "%s of %s, %s on %s",
            plural(len(learned), "image"),
            plural(len(classes), "class", "classes"),
            plural(world.size, "process", "processes"),
            world.device.type,
        )

        def loss(model: "torch.nn.Module", batch: "Prepared") -> "torch.Tensor":
            pixels, wanted = (tensor.to(world.device) for tensor in batch)
            losses = torch.nn.functional.cross_entropy(model(pixels)[0], wanted, reduction="none")
            return losses.mean() if weights is None else (losses * weights[wanted]).mean()

        def measure(model: "torch.nn.Module") -> tuple[float, int]:
            mine = watched[world.rank :: world.size]
            parts = [mine[start : start + BATCH] for start in range(0, len(mine), BATCH)]
            return sum(loss(model, examples.batch(rows)).item() * len(rows) for rows in parts), len(mine)

        def prepare(rows: list[int], seed: int) -> "Prepared":
            return examples.augmented([learned[row] for row in rows], seed, section.augmentation)

        stopping = Stopping(measure, section.patience) if watched and section.patience else None
        last = train(network, loss, len(learned), settings, world, kept, prepare=prepare, stopping=stopping)
        processes = world.size
        if world.first:
            difference = _export(network, examples, classes, folder)
            if kept:
                kept.clear()
    if not world.first:
        return {}
    return {
        **section.model_dump(exclude={"kind", "augmentation"}, exclude_none=True),
        **{f"augmentation.{name}": value for name, value in section.augmentation.model_dump().items()},
        "weights": sum(weight.numel() for weight in network.parameters()),
        "processes": processes,
        "device": world.device.type,
        "loss": last,
        **({"held_out": len(watched), "held_out_loss": stopping.best} if stopping else {}),
        "onnx_difference": difference,
    }


def _made(classes: list[str], config: ProjectConfig) -> "tuple[Network, Preprocessing]":
    """Return the network that the configuration asks for, and what it sees of an image."""
    from .network import Network, small

    section, size = config.model, config.images.size
    if section.base_model is None:
        return Network(small(len(classes), section.width, section.layers), False), Preprocessing((size, size))
    import transformers

    from . import hub, processor

    networks: Any = transformers.AutoModelForImageClassification
    source = hub.locate(section.base_model, SECTION)
    core = hub.classifier(source, classes, networks, SECTION)
    found = processor.preprocessing(source)
    if (seen := max(found.size)) > config.images.stored:
        raise UserError(
            f"config/project.yml: images.stored: {config.images.stored} is refused: {source} sees {seen} pixels a side"
        )
    return Network(core, section.freeze == "backbone"), found


def _run(
    examples: Examples, learned: list[int], network: "Network", settings: Settings, config: ProjectConfig, world: World
) -> dict[str, str | int]:
    """Return what makes a run what it is, for its checkpoints.

    Of a path the last part alone counts: on another machine the same images are in another folder.
    """
    names = [source.rpartition("/")[2] if isinstance(source, str) else len(source) for source in examples.sources]
    data = json.dumps([names, list(examples.labels), learned])
    used = {
        "loop": vars(settings),
        "model": config.model.model_dump(),
        "images": config.images.model_dump(),
        "shapes": [[name, *weight.shape] for name, weight in network.state_dict().items()],
        "preprocessing": examples.preprocessing.as_dict(),
    }
    return {
        "data": hashlib.sha256(data.encode()).hexdigest(),
        "settings": hashlib.sha256(json.dumps(used, sort_keys=True).encode()).hexdigest(),
        "processes": world.size,
    }


def _export(network: "Network", examples: Examples, classes: list[str], folder: Path) -> float:
    folder.mkdir(parents=True, exist_ok=True)
    rows = [place % len(examples.sources) for place in range(CHECKED)]
    content = {CLASSES: classes, PREPROCESSING: examples.preprocessing.as_dict()}
    pixels, _ = examples.batch(rows)
    return onnx.export(
        network, {INPUT: pixels}, {INPUT: (0,)}, content, folder / onnx.FILE, outputs=("scores", "vectors")
    )
