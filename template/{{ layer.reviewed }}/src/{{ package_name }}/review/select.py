"""Which items people should look at: those unlike the training data, those the model is unsure of, and some by chance.

Measured on drifted data: uncertainty alone does worse than chance, the most outlying items alone are outliers; the mix
of both, spread over clusters, beat chance at every budget, and only the random items measure the accuracy.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from .contract import Reason

Array = npt.NDArray[Any]
REFERENCE_ROWS = 5_000  # rows that items are compared with
CLUSTERED_ROWS = 20_000  # rows that are clustered at most, where no score has chosen among them
POOL = 4  # items from which one is chosen, for its cluster
BLOCK = 4_096  # rows whose distances are in memory at a time


@dataclass(frozen=True)
class Pick:
    """An item that people should look at.

    Args:
        position: among the rows that were given.
        reason: why.
        score: how strongly the reason applies, 0 to 1: uncertain: one less the margin between the two likeliest labels;
            drifted: share of the reference rows that are nearer to another one; diverse: share of the items that are in
            its cluster; random: share of the rows that were drawn.
    """

    position: int
    reason: Reason
    score: float


def by_chance(keys: Sequence[str | None], count: int, seed: int) -> list[Pick]:
    """Return up to `count` different items, drawn from the rows.

    An item that is there twice is drawn twice as often, as production asks about it twice as often.

    Args:
        keys: the item of each row, such as a hash of its content; None for a row that must not be drawn.
        count: items to draw.
        seed: of the draw.
    """
    rows = [position for position, key in enumerate(keys) if key is not None]
    found: dict[str, int] = {}
    for index in np.random.default_rng(seed).permutation(len(rows)).tolist():
        if len(found) == count:
            break
        key = keys[rows[index]]
        assert key is not None
        found.setdefault(key, rows[index])
    return [Pick(position, "random", len(found) / len(rows)) for position in found.values()]


def choose(
    vectors: Array,
    probability: Array,
    reference: Array,
    *,
    drifted: int,
    uncertain: int,
    seed: int,
) -> list[Pick]:
    """Return drifted and uncertain items, each the nearest to the centre of a cluster of the highest scores.

    Args:
        vectors: of the items, float (items, components).
        probability: of each class, float (items, classes).
        reference: vectors of rows that the model learned from, float (rows, components).
        drifted: items to choose for their distance from the reference.
        uncertain: items to choose for the doubt of the model.
        seed: of the clusters.
    """
    scaled, known = _standardised(vectors, reference)
    known = known[np.sort(np.random.default_rng(seed).permutation(len(known))[:REFERENCE_ROWS])]
    distance, usual = _nearest(scaled, known), np.sort(_nearest(known, known, itself=True))
    unlike = np.searchsorted(usual, distance) / max(len(usual), 1)
    two = np.sort(probability, axis=1)[:, -2:]
    doubt = np.clip(1 - (two[:, -1] - two[:, 0]), 0, 1)
    free = np.ones(len(vectors), dtype=bool)
    picks: list[Pick] = []
    wanted: tuple[tuple[Reason, int, Array, Array], ...] = (
        ("drifted", drifted, distance, unlike),
        ("uncertain", uncertain, doubt, doubt),
    )
    for reason, count, order, score in wanted:
        candidates = np.flatnonzero(free)
        top = candidates[np.argsort(-order[candidates], kind="stable")[: POOL * count]]
        chosen = [int(top[place]) for place, _ in _spread(scaled[top], count, seed)]
        free[chosen] = False
        picks += [Pick(position, reason, float(score[position])) for position in chosen]
    return picks


def diverse(vectors: Array, count: int, seed: int) -> list[Pick]:
    """Return items that stand for the clusters of all items, for a start without a model.

    Args:
        vectors: of the items, float (items, components).
        count: items to choose.
        seed: of the clusters, and of the rows that are clustered where there are very many.
    """
    scaled, _ = _standardised(vectors, vectors)
    rows = np.sort(np.random.default_rng(seed).permutation(len(vectors))[:CLUSTERED_ROWS])
    return [Pick(int(rows[place]), "diverse", size) for place, size in _spread(scaled[rows], count, seed)]


def _standardised(vectors: Array, reference: Array) -> tuple[Array, Array]:
    """Return both with mean 0 and deviation 1 of the reference in each component, float32."""
    mean, deviation = reference.mean(axis=0), reference.std(axis=0)
    deviation = np.where(deviation > 0, deviation, 1)
    scaled = ((each - mean) / deviation for each in (vectors, reference))
    first, second = (each.astype(np.float32) for each in scaled)
    return first, second


def _nearest(rows: Array, others: Array, *, itself: bool = False) -> Array:
    """Return the Euclidean distance of each row to the nearest of `others`, or to the second nearest for `itself`."""
    squares = (others**2).sum(axis=1)
    found = np.empty(len(rows), dtype=np.float64)
    for start in range(0, len(rows), BLOCK):
        block = rows[start : start + BLOCK]
        between = squares - 2 * block @ others.T
        if itself:
            places = np.arange(start, start + len(block))
            between[np.arange(len(block)), places] = np.inf
        found[start : start + BLOCK] = between.min(axis=1) + (block**2).sum(axis=1)
    return np.sqrt(np.maximum(found, 0))


def _spread(vectors: Array, count: int, seed: int) -> list[tuple[int, float]]:
    """Return up to `count` places: the row nearest to the centre of each cluster, and the cluster's share of rows."""
    from sklearn.cluster import KMeans

    count = min(count, len(np.unique(vectors, axis=0)))
    if count == 0:
        return []
    clusters = KMeans(count, n_init=1, random_state=seed).fit(vectors)
    distance = ((vectors - clusters.cluster_centers_[clusters.labels_]) ** 2).sum(axis=1)
    found = []
    for cluster in range(count):
        members = np.flatnonzero(clusters.labels_ == cluster)
        if len(members):
            found.append((int(members[np.argmin(distance[members])]), len(members) / len(vectors)))
    return found
