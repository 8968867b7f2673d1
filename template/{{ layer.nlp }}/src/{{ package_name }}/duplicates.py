"""Equal and nearly equal texts: MinHash signatures of character 5-grams, compared in bands (Broder 1997)."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from .alike import first_of_groups

if TYPE_CHECKING:
    import numpy.typing as npt

    Array = npt.NDArray[Any]

GRAM = 5  # characters
PERMUTATIONS = 64
BANDS = 16  # of 4 hashes: texts of similarity 0.8 share a band with probability 0.9998, those of 0.3 with 0.12
ESTIMATE = 0.15  # two and a half standard errors of a similarity that 64 hashes estimate
CHUNK = 1 << 20  # characters whose grams are in memory at a time


def first_alike(texts: Sequence[str], similar: float) -> "Array":
    """Return for each text the position of the first text of its group, int64 (rows,); its own if it is that one.

    A group are texts that are equal, or of which each is nearly equal to another; case does not matter. Within a band
    a text is compared with the first and with the previous one alone, so that the time is linear; a pair that is found
    in no band, about 4 of 100 copies with one change, is missed.

    Args:
        texts: normalised texts.
        similar: the least Jaccard similarity of nearly equal ones.

    >>> first_alike(["Good film, I liked it.", "Bad.", "Good film, I liked it!", "bad."], 0.8).tolist()
    [0, 1, 0, 1]
    """
    import numpy as np

    forms = [text.casefold() for text in texts]
    first: dict[str, int] = {}
    exact = np.array([first.setdefault(form, position) for position, form in enumerate(forms)], dtype=np.int64)
    distinct = np.array(list(first.values()), dtype=np.int64)
    pairs = (distinct[list(pair)].tolist() for pair in _pairs(_signatures(list(first)), similar - ESTIMATE))
    return first_of_groups(exact, pairs, lambda one, other: jaccard(forms[one], forms[other]) >= similar)


def jaccard(one: str, other: str) -> float:
    """Return the share of 5-grams of either text that both have; a shorter text is one gram."""
    grams = [{text[start : start + GRAM] for start in range(max(len(text) - GRAM + 1, 1))} for text in (one, other)]
    return len(grams[0] & grams[1]) / len(grams[0] | grams[1])


def _pairs(signatures: "Array", least: float) -> Iterator[tuple[int, int]]:
    """Yield pairs of texts of an estimated similarity, each once: neighbours in a bucket, and each with its first."""
    import numpy as np

    width = PERMUTATIONS // BANDS
    found = []
    for band in range(BANDS if len(signatures) else 0):
        key = np.ascontiguousarray(signatures[:, band * width : (band + 1) * width]).view(f"V{4 * width}").ravel()
        _, bucket = np.unique(key, return_inverse=True)
        order = np.argsort(bucket, kind="stable")
        same = bucket[order][1:] == bucket[order][:-1]
        starts = np.maximum.accumulate(np.where(np.concatenate([[True], ~same]), np.arange(len(order)), 0))
        found += [
            np.stack([order[:-1][same], order[1:][same]], axis=1),
            np.stack([order[starts][1:][same], order[1:][same]], axis=1),
        ]
    pairs = np.unique(np.concatenate(found), axis=0) if found else np.empty((0, 2), dtype=np.int64)
    for start in range(0, len(pairs), CHUNK // PERMUTATIONS):
        part = pairs[start : start + CHUNK // PERMUTATIONS]
        alike = (signatures[part[:, 0]] == signatures[part[:, 1]]).mean(axis=1) >= least
        yield from map(tuple, part[alike].tolist())


def _signatures(forms: Sequence[str]) -> "Array":
    """Return the MinHash signatures of texts, uint32 (rows, PERMUTATIONS)."""
    import numpy as np

    random = np.random.default_rng(0)
    factors = random.integers(1, 2**63, PERMUTATIONS, dtype=np.uint64) * np.uint64(2) + np.uint64(1)
    shifts = random.integers(0, 2**63, PERMUTATIONS, dtype=np.uint64)
    found = np.empty((len(forms), PERMUTATIONS), dtype=np.uint32)
    for start, end in _chunks(forms):
        padded = [form.ljust(GRAM, "\0") for form in forms[start:end]]
        lengths = np.array([len(form) for form in padded])
        starts = np.concatenate([[0], lengths.cumsum()[:-1]])
        codes = np.frombuffer("".join(padded).encode("utf-32-le"), dtype=np.uint32).astype(np.uint64)
        grams = np.zeros(len(codes), dtype=np.uint64)
        for offset in range(GRAM):  # a polynomial modulo 2**64
            grams[: len(codes) - offset] = grams[: len(codes) - offset] * np.uint64(0x100000001B3) + codes[offset:]
        grams ^= grams >> np.uint64(29)
        across = np.concatenate(
            [next_start - GRAM + 1 + np.arange(GRAM - 1) for next_start in (starts + lengths)[:, None]]
        )
        for number, (factor, shift) in enumerate(zip(factors, shifts, strict=True)):
            hashes = ((grams * factor + shift) >> np.uint64(32)).astype(np.uint32)
            hashes[across] = np.iinfo(np.uint32).max  # these grams would reach into the next text
            found[start:end, number] = np.minimum.reduceat(hashes, starts)
    return found


def _chunks(forms: Sequence[str]) -> Iterator[tuple[int, int]]:
    start = size = 0
    for position, form in enumerate(forms):
        size += len(form)
        if size >= CHUNK:
            yield start, position + 1
            start, size = position + 1, 0
    if start < len(forms):
        yield start, len(forms)
