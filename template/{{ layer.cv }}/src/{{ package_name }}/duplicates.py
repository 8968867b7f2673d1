"""Equal and nearly equal images, found by their fingerprints: hashes compared in bands, never all pairs."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from .measuring import DIGEST

if TYPE_CHECKING:
    import numpy.typing as npt

    Array = npt.NDArray[Any]

HASH = 128  # bits of a fingerprint after its digest
CROWD = 32  # hashes of one band: of more, each is compared with as many of its neighbours only


def first_alike(fingerprints: Sequence[str], similar: int) -> "Array":
    """Return for each image the position of the first image of its group, int64 (images,); its own if it is that one.

    A group are images of equal pixels, or of which each has a hash that differs from another's in few bits. Hashes that
    differ in n bits agree in one of n + 1 bands at least (Manku et al., Detecting Near-Duplicates for Web Crawling,
    2007), so that only images of one band are compared. In a band that very many share, pairs may be missed.

    Args:
        fingerprints: see `measuring.fingerprint`.
        similar: the largest number of bits in which near duplicates differ.

    >>> digests = ["0" * 16, "1" * 16, "2" * 16]
    >>> first_alike([digests[0] + "f" * 32, digests[1] + "0" * 32, digests[2] + "f" * 31 + "e"], 1).tolist()
    [0, 1, 0]
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    count = len(fingerprints)
    pairs = [_equal([each[:DIGEST] for each in fingerprints]), *_near(fingerprints, similar)]
    one, other = np.concatenate(pairs).T
    links = coo_array((np.ones(len(one), dtype=bool), (one, other)), shape=(count, count))
    groups, group = connected_components(links, directed=False)
    first = np.full(groups, count, dtype=np.int64)
    np.minimum.at(first, group, np.arange(count))
    return first[group]


def _equal(values: Sequence[str]) -> "Array":
    """Return pairs of the position of each value and the first position of that value, int32 (values, 2)."""
    first: dict[str, int] = {}
    return np.array([(first.setdefault(value, row), row) for row, value in enumerate(values)], np.int32).reshape(-1, 2)


def _near(fingerprints: Sequence[str], similar: int) -> "Iterator[Array]":
    """Yield pairs of images whose hashes differ in few bits, int32 (pairs, 2)."""
    rows = np.array([row for row, each in enumerate(fingerprints) if len(each) > DIGEST], dtype=np.int32)
    same = _equal([fingerprints[row][DIGEST:] for row in rows])
    yield rows[same]
    rows = rows[np.unique(same[:, 0])]
    whole = bytes.fromhex("".join(fingerprints[row][DIGEST:] for row in rows))
    hashes = np.frombuffer(whole, dtype=">u8").astype(np.uint64).reshape(len(rows), HASH // 64)
    for pairs in _candidates(hashes, similar):
        distance = np.bitwise_count(hashes[pairs[:, 0]] ^ hashes[pairs[:, 1]]).sum(axis=1)
        yield rows[pairs[distance <= similar]]


def _candidates(hashes: "Array", similar: int) -> "Iterator[Array]":
    """Yield pairs of positions in `hashes` that agree in a band, int64 (pairs, 2)."""
    if not len(hashes):
        return
    bits = np.unpackbits(hashes.astype(">u8").view(np.uint8), axis=1)
    edges = np.linspace(0, bits.shape[1], similar + 2).round().astype(int)
    for start, end in pairwise(edges):
        band = np.ascontiguousarray(np.packbits(bits[:, start:end], axis=1))
        _, key = np.unique(band, axis=0, return_inverse=True)
        order = np.lexsort((*hashes.T, key.ravel()))
        sorted_key = key.ravel()[order]
        for step in range(1, CROWD + 1):
            same = (sorted_key[step:] == sorted_key[:-step]).nonzero()[0]
            if not len(same):
                break
            yield np.stack([order[same], order[same + step]], axis=1)
