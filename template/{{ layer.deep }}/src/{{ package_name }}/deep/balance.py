"""Weights with which rare classes count as much as frequent ones."""

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


def class_weights(labels: Sequence[str], classes: Sequence[str]) -> "torch.Tensor":
    """Return a weight for each class, float32 (classes,), of mean 1 over the rows: scikit-learn's `balanced`."""
    import torch

    counts = Counter(labels)
    return torch.tensor([len(labels) / (len(classes) * counts[name]) for name in classes])
