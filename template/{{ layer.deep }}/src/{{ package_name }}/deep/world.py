"""The processes that train together: those that torchrun, or Azure ML with `distribution: pytorch`, started."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import UserError

GPU = Path("/dev/nvidia0")  # the driver makes it, and containers that may use a GPU see it


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

    @property
    def half(self) -> Any:
        """The torch.dtype of half precision that the device computes in; None for a CPU.

        bfloat16 has the range of float32; GPUs before Ampere, such as the T4, compute in float16 alone.
        """
        import torch

        if self.device.type != "cuda":
            return None
        return torch.bfloat16 if torch.cuda.is_bf16_supported(including_emulation=False) else torch.float16

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

    Raises:
        UserError: the machine has a GPU that this build of torch should use and cannot.
    """
    import torch
    from torch import distributed

    _refuse_idle_gpu()
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


def _refuse_idle_gpu() -> None:
    """Refuse to train on the CPU of a machine that is paid for its GPU; CUDA_VISIBLE_DEVICES="" asks for the CPU."""
    import torch

    wanted = os.environ.get("CUDA_VISIBLE_DEVICES") not in ("", "-1")
    if wanted and torch.version.cuda and GPU.exists() and not torch.cuda.is_available():
        raise UserError(
            f"this machine has a GPU that torch {torch.__version__} cannot use: it is built for CUDA"
            f" {torch.version.cuda}, and the driver is probably older; bound torch (group deep of pyproject.toml) to a"
            ' release for the CUDA of that driver, or set CUDA_VISIBLE_DEVICES="" to train on the CPU'
        )
