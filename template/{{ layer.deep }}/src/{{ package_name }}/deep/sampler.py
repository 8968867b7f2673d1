"""The order of examples, from numbers alone: a run that goes on in the middle of an epoch sees what it would have seen.

Nothing here has a state, so there is none to save: every function depends on its arguments only.
"""

from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


def steps(count: int, size: int, world: int) -> int:
    """Return the steps of one epoch in which `world` processes take `size` examples each.

    >>> steps(10, 2, 2)
    3
    """
    return -(-count // (size * world))


@lru_cache(maxsize=2)  # every step of an epoch asks for it again
def order(count: int, seed: int, epoch: int) -> "npt.NDArray[np.int64]":
    """Return the order of all examples in an epoch, (count,)."""
    import numpy as np

    return np.random.default_rng([seed, epoch]).permutation(count)


def batch(count: int, seed: int, epoch: int, step: int, size: int, rank: int = 0, world: int = 1) -> list[int]:
    """Return the examples of one process in one step of an epoch.

    The processes share the order out card by card, so that the same examples make up a step of two processes with 16
    each and of one with 32. The last step is filled up from the beginning of the order: all steps have the same size,
    without which the mean of the processes' gradients would weigh some examples more.

    Args:
        count: examples in all.
        seed: of the run.
        epoch: from 0.
        step: within the epoch, from 0.
        size: examples of one process.
        rank: of this process, from 0.
        world: number of processes.
    """
    import numpy as np

    first = step * size * world
    places = np.arange(first + rank, first + size * world, world) % count
    return order(count, seed, epoch)[places].tolist()


def draw_seed(seed: int, epoch: int, step: int, rank: int = 0) -> int:
    """Return the seed of what one process draws at random in one step (dropout), below 2**63."""
    import numpy as np

    return int(np.random.SeedSequence([seed, epoch, step, rank]).generate_state(1, np.uint64)[0] >> 1)
