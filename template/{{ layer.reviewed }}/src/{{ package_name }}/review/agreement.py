"""How far people agree who answered the same items without knowing each other's answers."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations

from .answers import LabelRules, Reviewed
from .contract import Agreement


def percent(units: Iterable[Sequence[str]]) -> float | None:
    """Return the share of the pairs of answers to the same item that are equal; None without a pair.

    >>> percent([["a", "a"], ["a", "b"]])
    0.5
    """
    pairs = [pair for labels in units for pair in combinations(labels, 2)]
    return sum(one == other for one, other in pairs) / len(pairs) if pairs else None


def kappa(pairs: Sequence[tuple[str, str]]) -> float | None:
    """Return Cohen's kappa of two people, who gave the first and the second label of each pair.

    None where chance alone makes them agree: both always gave the same one label. Source: J. Cohen, A coefficient of
    agreement for nominal scales, Educational and Psychological Measurement 20, 1960, formula 1.
    """
    if not pairs:
        return None
    total = len(pairs)
    observed = sum(one == other for one, other in pairs) / total
    first, second = Counter(one for one, _ in pairs), Counter(other for _, other in pairs)
    expected = sum(first[label] * second[label] for label in first) / total**2
    return (observed - expected) / (1 - expected) if expected < 1 else None


def alpha(units: Iterable[Sequence[str]]) -> float | None:
    """Return Krippendorff's alpha for nominal data; answers may be missing.

    None without items of two answers, or if all answers are one label. Source: K. Krippendorff, Computing
    Krippendorff's Alpha-Reliability, 2011, section C (nominal data, any number of observers, missing data).

    Args:
        units: the labels of each item; those with fewer than two do not count.
    """
    counts = [Counter(labels) for labels in units if len(labels) > 1]
    totals: Counter[str] = Counter()
    disagreed = 0.0
    for labels in counts:
        totals.update(labels)
        rows = labels.total()
        disagreed += (rows**2 - sum(count**2 for count in labels.values())) / (rows - 1)
    values = totals.total()
    expected = values**2 - sum(count**2 for count in totals.values())
    return 1 - (values - 1) * disagreed / expected if expected else None


def measure(reviewed: Reviewed, rules: LabelRules) -> Agreement:
    """Return the agreement of all answers given blind: without a prediction or the answer of another on the screen.

    Answers to disputed items are left out: they are about the hardest items, chosen because people disagreed.
    """
    given: dict[tuple[str, str], dict[str, str]] = {}
    for batch, answers in reviewed.batches.items():
        for answer in answers:
            label, item = answer.annotation.label, answer.item
            if label is not None and not answer.annotation.saw_prediction and item.reason != "disputed":
                given.setdefault((batch, item.sample_id), {})[answer.annotation.annotator] = rules.current(label)
    double = [labels for _, labels in sorted(given.items()) if len(labels) > 1]
    people = sorted({person for labels in double for person in labels})
    units = [[labels[person] for person in sorted(labels)] for labels in double]
    two = len(people) == 2
    return Agreement(
        items=len(double),
        annotators=len(people),
        percent=percent(units),
        kind=None if not double else "kappa" if two else "alpha",
        value=kappa([(labels[people[0]], labels[people[1]]) for labels in double]) if two else alpha(units),
        confusion=_confusion(units),
    )


def sentence(found: Agreement) -> str:
    """Return the agreement in a few words: the coefficient where it is defined, else the percentage."""
    if found.percent is None:
        return "agreement not measured: no item was labelled twice without a prediction on the screen"
    if found.kind is None or found.value is None:
        return f"agreement {found.percent:.0%} of {found.items} double items (one label only: no coefficient)"
    return f"{found.kind} {found.value:.2f}"


def _confusion(units: Iterable[Sequence[str]]) -> Mapping[str, Mapping[str, int]]:
    counts = Counter(tuple(sorted(pair)) for labels in units for pair in combinations(labels, 2))
    found: dict[str, dict[str, int]] = {}
    for (one, other), count in sorted(counts.items()):
        found.setdefault(one, {})[other] = count
    return found
