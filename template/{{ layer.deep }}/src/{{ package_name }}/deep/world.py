"""The processes that train together: those that torchrun, or Azure ML with `distribution: pytorch`, started."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class World:
    """This process among those that train together.

    Args:
        rank: number of this process, from 0; the first one writes files.
        size: number of processes.
        device: the torch.device that it computes on.
    """

    rank: int
    size: int
    device: Any

    @property
    def first(self) -> bool:
        """Whether this process writes what all have made."""
        return self.rank == 0

    def gathered(self, value: object) -> list[Any]:
        """Return the value that each process gave, by rank."""
        if self.size == 1:
            return [value]
        from torch import distributed

        values: list[Any] = [None] * self.size
        distributed.all_gather_object(values, value)
        return values


@contextmanager
def joined() -> Iterator[World]:
    """Join the other processes that WORLD_SIZE counts, if there are any: over gloo on CPUs, over NCCL on GPUs.

    Each process takes the GPU that LOCAL_RANK numbers, where the machine has one.
    """
    import torch
    from torch import distributed

    size, rank = int(os.environ.get("WORLD_SIZE", "1")), int(os.environ.get("RANK", "0"))
    device = torch.device("cpu")
    if torch.cuda.is_available():
        device = torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))
        torch.cuda.set_device(device)
    if size == 1:
        yield World(0, 1, device)
        return
    distributed.init_process_group("nccl" if device.type == "cuda" else "gloo")
    try:
        yield World(rank, size, device)
    finally:
        distributed.destroy_process_group()
