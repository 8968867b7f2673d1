"""Make an embedder from a base model: its vectors of texts, reduced to their main directions, as an ONNX file.

The vector of a text is the mean of the last hidden states of its tokens, those of padding left out, divided by its
length (L2): so the authors of sentence-transformers/all-MiniLM-L6-v2 define theirs (its model card; Reimers and
Gurevych 2019). Of models that were trained without the last step only the direction counts then, as in their cosine
similarity. A principal component analysis of training texts turns and shortens it to `embedding.components`.
"""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..config.inputs import EMBEDDED
from ..config.project import ProjectConfig
from ..errors import UserError, first_line
from . import base_model, onnx, tokenizer
from .embedder import OnnxEmbedder
from .reader import RULE
from .windows import FILE, Windows, answered, tensors

if TYPE_CHECKING:
    import numpy.typing as npt
    import torch

    from .windows import Inputs

log = logging.getLogger(__name__)
SAMPLE = 10_000  # training texts whose main directions are found
CHECKED = 16  # texts whose vectors are compared at export


def fit(texts: Sequence[str], config: ProjectConfig, folder: Path) -> None:
    """Write model.onnx and tokenizer.json of an embedder that learned from normalised texts.

    Args:
        texts: of the training part, one at least.
        config: `embedding` and the seed.
        folder: for the files.

    Raises:
        UserError: the base model cannot be found, loaded or exported.
    """
    import numpy as np

    section = config.embedding
    source = base_model.locate(str(section.base_model), EMBEDDED)
    theirs = tokenizer.of_base_model(source, section.max_tokens, EMBEDDED)
    core = base_model.encoder(source, EMBEDDED)
    windows = Windows(theirs.backend_tokenizer, tokenizer.rule(theirs, core.config, section.max_tokens, 1))
    chosen = np.sort(np.random.default_rng(config.seed).permutation(len(texts))[:SAMPLE])
    read = [windows.read(texts[position])[0][0] for position in chosen]
    pooled = _pooled(core)
    try:
        vectors = _vectors(pooled, read, windows.rule.padding)
    except Exception as error:  # a network of another kind, such as one that also writes texts
        key = f"config/project.yml: {EMBEDDED}.base_model"
        raise UserError(f"{key}: {source}: gives no vectors: {first_line(error)}") from error
    mean, axes = directions(vectors, section.components)
    log.info("%d main directions of %d texts, of vectors of %d values", section.components, *vectors.shape)
    folder.mkdir(parents=True, exist_ok=True)
    windows.tokenizer.save(str(folder / FILE))
    inputs = tensors((read * 2)[:CHECKED], windows.rule.padding)
    content = {OnnxEmbedder.CONTENT: section.components, RULE: windows.rule.as_dict()}
    both = dict.fromkeys(inputs, (0, 1))  # rows and tokens
    onnx.export(_reduced(pooled, mean, axes), inputs, both, content, folder / onnx.FILE)


def directions(vectors: "npt.NDArray[Any]", components: int) -> "tuple[npt.NDArray[Any], npt.NDArray[Any]]":
    """Return the mean of vectors (rows, width) and their principal axes, both float32: (width,), (width, components).

    The largest entry of an axis is positive. Axes beyond the rank of the vectors are zeros.
    """
    import numpy as np
    from sklearn.utils.extmath import svd_flip

    mean = vectors.mean(axis=0, dtype=np.float64)
    left, _, right = np.linalg.svd(vectors - mean, full_matrices=False)
    _, right = svd_flip(left, right, u_based_decision=False)
    axes = np.zeros((len(mean), components), dtype=np.float32)
    rank = min(components, len(right))
    axes[:, :rank] = right[:rank].T
    return mean.astype(np.float32), axes


def _pooled(core: Any) -> Any:
    """Return a network as a module that takes ids and mask and returns vectors of length 1, (rows, width)."""
    from torch import nn
    from torch.nn import functional

    class Pooled(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.core = core

        def forward(self, input_ids: "torch.Tensor", attention_mask: "torch.Tensor") -> "torch.Tensor":
            states = self.core(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
            mask = attention_mask.unsqueeze(-1).to(states.dtype)
            return functional.normalize((states * mask).sum(1) / mask.sum(1), dim=1)

    return Pooled().eval()


def _reduced(pooled: Any, mean: "npt.NDArray[Any]", axes: "npt.NDArray[Any]") -> Any:
    """Return the module whose answers are the vectors along the axes, (rows, components)."""
    import torch
    from torch import nn

    class Reduced(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.pooled = pooled
            self.register_buffer("mean", torch.from_numpy(mean))
            self.register_buffer("axes", torch.from_numpy(axes))

        def forward(self, input_ids: "torch.Tensor", attention_mask: "torch.Tensor") -> "torch.Tensor":
            return (self.pooled(input_ids, attention_mask) - self.mean) @ self.axes

    return Reduced()


def _vectors(pooled: Any, read: Sequence[Sequence[int]], padding: int) -> "npt.NDArray[Any]":
    """Return the vectors of texts that are read already, float32 (rows, width), on a GPU if torch has one."""
    import torch

    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    pooled.to(device)

    def answer(inputs: "Inputs") -> "npt.NDArray[Any]":
        vectors = pooled(**{name: torch.from_numpy(value).to(device) for name, value in inputs.items()})
        found: npt.NDArray[Any] = vectors.cpu().numpy()
        return found

    with torch.no_grad():
        return answered(read, padding, answer)
