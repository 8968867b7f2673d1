"""Fine-tune a network on images, or train a small one from scratch, and export it to ONNX."""

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
from ..images import Rules, Source, decode
from ..pixels import one_class
from ..preprocessing import Preprocessing
from . import fine_tune, onnx
from .classifier import CLASSES, INPUT, PREPROCESSING
from .stopping import Stopping
from .world import World

if TYPE_CHECKING:
    import numpy.typing as npt
    import torch

    from .network import Network

    Prepared = tuple[torch.Tensor, torch.Tensor]

SECTION = "model"  # of config/project.yml
BATCH = 64  # images measured at a time
CHECKED = 8  # images whose answers are compared at export
READERS = 8  # threads that decode, at most


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
    # Of a path the last part alone makes a run what it is: on another machine the same images are in another folder.
    names = [source.rpartition("/")[2] if isinstance(source, str) else len(source) for source in sources]
    with ThreadPoolExecutor(min(READERS, os.cpu_count() or 1)) as readers:
        on_gpu = torch.cuda.is_available()
        examples = Examples(
            sources,
            [numbers[label] for label in labels],
            Rules.of(config.images),
            preprocessing,
            readers if on_gpu else None,
        )

        def prepare(rows: list[int], seed: int) -> "Prepared":
            return examples.augmented([learned[row] for row in rows], seed, section.augmentation)

        def stopping(loss: "fine_tune.Loss", world: World) -> Stopping | None:
            if not (watched and section.patience):
                return None
            mine = watched[world.rank :: world.size]
            parts = [mine[start : start + BATCH] for start in range(0, len(mine), BATCH)]

            def measure(model: "torch.nn.Module") -> tuple[float, int]:
                return sum(loss(model, examples.batch(rows)).item() * len(rows) for rows in parts), len(mine)

            return Stopping(measure, section.patience)

        computing = torch.get_num_threads()
        torch.set_num_threads(computing if on_gpu else max(1, computing - 1))  # one core prepares the next images
        try:
            record = fine_tune.fit(
                network,
                _loss,
                [labels[row] for row in learned],
                section,
                config,
                data=[names, list(examples.labels), learned],
                rule=[preprocessing.as_dict(), config.images.model_dump()],
                checkpoints=checkpoints,
                export=lambda: _export(network, examples, classes, folder),
                prepare=prepare,
                stopping=stopping,
            )
        finally:
            torch.set_num_threads(computing)
    return record and {**record, "augmentation": str(section.augmentation), "held_out": len(watched)}


def _loss(weights: "torch.Tensor | None", device: Any) -> "fine_tune.Loss":
    """Return the loss that `loop.train` asks for: the cross-entropy of prepared images."""
    from torch.nn import functional

    def of(model: "torch.nn.Module", batch: "Prepared") -> "torch.Tensor":
        pixels, wanted = (tensor.to(device) for tensor in batch)
        losses = functional.cross_entropy(model(pixels)[0], wanted, reduction="none")
        return losses.mean() if weights is None else (losses * weights[wanted]).mean()

    return of


def _made(classes: list[str], config: ProjectConfig) -> "tuple[Network, Preprocessing]":
    """Return the network that the configuration asks for, and what it sees of an image."""
    from .network import Network, small

    section, size = config.model, config.images.size
    if section.base_model is None:
        return Network(small(len(classes), section.width, section.layers), False), Preprocessing((size, size))
    import transformers

    from . import base_model, processor

    networks: Any = transformers.AutoModelForImageClassification
    source = base_model.locate(section.base_model, SECTION)
    core = base_model.network(source, classes, networks, SECTION)
    found = processor.preprocessing(source)
    if (seen := max(found.size)) > config.images.stored:
        raise UserError(
            f"config/project.yml: images.stored: {config.images.stored} is refused: {source} sees {seen} pixels a side"
        )
    return Network(core, section.freeze == "backbone"), found


def _export(network: "Network", examples: Examples, classes: list[str], folder: Path) -> float:
    folder.mkdir(parents=True, exist_ok=True)
    pixels, _ = examples.batch([place % len(examples.sources) for place in range(CHECKED)])
    content = {CLASSES: classes, PREPROCESSING: examples.preprocessing.as_dict()}
    return onnx.export(
        network, {INPUT: pixels}, {INPUT: (0,)}, content, folder / onnx.FILE, outputs=("scores", "vectors")
    )
