"""How a network is trained, as a section of config/project.yml."""

from typing import Annotated

from pydantic import Field

from .yaml_file import Section

Whole = Annotated[int, Field(ge=1)]


class Network(Section):
    """A network to train: a base model to fine-tune, or a small one from scratch where none is named.

    Args:
        base_model: a hub id or a local folder with config.json.
        epochs: passes over the training part.
        batch_size: examples in one step, of each process.
        accumulate: steps whose gradients are summed up before one update.
        learning_rate: largest one, after the warm-up.
        mixed_precision: half precision on a GPU, where that is safe.
    """

    base_model: str | None = None
    epochs: Whole = 4
    batch_size: Whole = 32
    accumulate: Whole = 1
    learning_rate: Annotated[float, Field(gt=0, lt=1)] = 5e-4
    mixed_precision: bool = False
