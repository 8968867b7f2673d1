"""Networks for images as training needs them: a body whose answer is a vector, and a last layer for the classes."""

from typing import Any

import torch
from torch import nn
from transformers import ResNetConfig, ResNetForImageClassification

from ..errors import UserError

STAGES = 3  # of a network from scratch; each halves height and width


class Network(nn.Module):
    """A network of transformers whose last layer stands apart from its body.

    Args:
        core: classifies images; its last linear layer moves here.
        frozen: whether that layer alone learns.

    Raises:
        UserError: the last layer of `core` is not a linear one.
    """

    def __init__(self, core: Any, frozen: bool) -> None:
        super().__init__()
        heads = [
            name
            for name, module in core.named_modules()
            if isinstance(module, nn.Linear) and name.split(".")[0] == "classifier"
        ]
        if not heads or core.get_submodule(heads[-1]).out_features != core.config.num_labels:
            raise UserError(
                f"config/project.yml: model.base_model: {type(core).__name__} does not end in a linear layer called"
                " classifier, whose input would describe an image: take another base model"
            )
        self.head = core.get_submodule(heads[-1])
        core.set_submodule(heads[-1], nn.Identity())
        self.core, self.frozen = core, frozen
        if frozen:
            core.requires_grad_(False)

    def forward(self, pixel_values: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return scores, (images, classes), and the vectors that the last layer sees, (images, width)."""
        vectors = self.core(pixel_values=pixel_values).logits
        return self.head(vectors), vectors

    def train(self, mode: bool = True) -> "Network":
        """Switch between training and answering; a frozen body only answers, so that its statistics stay too."""
        super().train(mode)
        if self.frozen:
            self.core.eval()
        return self


def small(classes: int, width: int, layers: int) -> Any:
    """Return a small residual network (He et al. 2016) with random weights.

    Args:
        classes: their number.
        width: channels of the first stage; each further one has twice as many.
        layers: residual blocks of each stage.
    """
    settings: Any = ResNetConfig
    shape = settings(
        embedding_size=width,
        hidden_sizes=[width * 2**stage for stage in range(STAGES)],
        depths=[layers] * STAGES,
        layer_type="basic",
        num_labels=classes,
    )
    return ResNetForImageClassification(shape)
