"""Few combinations of choices that together show as much as all combinations."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Hashable, Iterator, Mapping, Sequence

Combination = Mapping[str, Hashable]
Shown = frozenset[tuple[str, Hashable]]


def shown(combination: Combination, together: Collection[str] = ()) -> Iterator[Shown]:
    """Yield every pair of choices of a combination, and its choices of the questions in `together` as one."""
    yield from map(frozenset, itertools.combinations(combination.items(), 2))
    if together:
        yield frozenset((question, combination[question]) for question in together)


def covering(combinations: Sequence[Combination], together: Collection[str] = ()) -> list[Combination]:
    """Choose combinations that show all that any of them shows: next is always the one that adds most.

    The result is the same for the same combinations in the same order.

    >>> flags = [{"a": a, "b": b, "c": c} for a in "01" for b in "01" for c in "01"]
    >>> len(covering(flags))
    4
    """
    candidates = [set(shown(combination, together)) for combination in combinations]
    missing = set().union(*candidates)
    chosen = []
    while missing:
        best = max(range(len(candidates)), key=lambda index: len(candidates[index] & missing))
        chosen.append(combinations[best])
        missing -= candidates[best]
    return chosen
