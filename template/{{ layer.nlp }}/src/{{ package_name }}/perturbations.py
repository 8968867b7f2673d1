"""Texts changed as people change them without meaning something else; a robust model keeps its answer."""

import random
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from .annotate import tokens
from .config.project import ProjectConfig
from .personal import MASK
from .texts import MARKS

if TYPE_CHECKING:
    import pandas as pd

TYPOS = 0.1  # typos for each word, and at least one in a text

_LETTER = re.compile(rf"{MASK.pattern}|[^\W\d_][{MARKS}]*")
_BEFORE_PUNCTUATION = re.compile(r"(?<=\w)(?=[,.;:!?\u060c\u061b\u061f\u3001\u3002](?!\w))")
# Accents on Latin and Greek letters, vowel signs of Arabic and Hebrew: all are often left out.
_ACCENTS = re.compile("(?<=[A-Za-z\u00c0-\u03ff])[\u0300-\u036f]+|[\u064b-\u0652\u05b0-\u05bc\u05c1\u05c2]+")


def perturb(frame: "pd.DataFrame", config: ProjectConfig, seed: int) -> "Iterator[tuple[str, pd.DataFrame]]":
    """Yield for each perturbation its name and the rows of `frame` whose text it changes, with the changed text.

    Masks of personal data stay as they are. A text is changed in the same way whatever the other rows are.
    """
    column = config.columns.text
    changes: Mapping[str, Callable[[str], str]] = {
        "typos": lambda text: with_typos(text, random.Random(f"{seed} {text}".encode("utf-8", "surrogatepass"))),
        "lower_case": lambda text: outside_masks(text, str.lower),
        "upper_case": lambda text: outside_masks(text, str.upper),
        "spaces": with_spaces,
        "accents": without_accents,
        "swapped_terms": Swaps(config.robustness.swaps).swap,
    }
    for name, change in changes.items():
        texts = frame[column].map(change, na_action="ignore")
        differ = texts.notna() & (texts != frame[column])
        yield name, frame.assign(**{column: texts})[differ]


def outside_masks(text: str, change: Callable[[str], str]) -> str:
    """Return a text with its parts between masks changed.

    >>> outside_masks("Mail [EMAIL] NOW", str.lower)
    'mail [EMAIL] now'
    """
    parts, start = [], 0
    for mask in MASK.finditer(text):
        parts += [change(text[start : mask.start()]), mask[0]]
        start = mask.end()
    return "".join([*parts, change(text[start:])])


def with_typos(text: str, chance: random.Random) -> str:
    """Return a text in which two neighbouring letters of some words changed places, each with its marks."""
    letters = [found for found in _LETTER.finditer(text) if found[0][0].isalpha()]
    pairs = [
        (first, second)
        for first, second in pairwise(letters)
        if first.end() == second.start() and first[0].lower() != second[0].lower()
    ]
    wanted = max(1, round(TYPOS * len(text.split())))
    taken: set[int] = set()
    characters = list(text)
    for first, second in chance.sample(pairs, len(pairs)):
        if len(taken) == 2 * wanted:
            break
        if not taken & {first.start(), second.start()}:
            taken |= {first.start(), second.start()}
            characters[first.start() : second.end()] = second[0] + first[0]
    return "".join(characters)


def with_spaces(text: str) -> str:
    """Return a text with doubled spaces, and one before punctuation.

    >>> with_spaces("Good, but late.")
    'Good ,  but  late .'
    """
    return _BEFORE_PUNCTUATION.sub(" ", text.replace(" ", "  "))


def without_accents(text: str) -> str:
    """Return a text without accents and vowel signs.

    >>> without_accents("Crème brûlée, 3 €")
    'Creme brulee, 3 €'
    """
    return unicodedata.normalize("NFC", _ACCENTS.sub("", unicodedata.normalize("NFD", text)))


class Swaps:
    """Pairs of terms that change places.

    >>> Swaps([("he", "she"), ("他", "她")]).swap("He said THE man; 他说")
    'She said THE man; 她说'
    """

    def __init__(self, pairs: Sequence[tuple[str, str]]) -> None:
        self._partner = {a.casefold(): b for pair in pairs for a, b in (pair, pair[::-1])}
        longest_first = sorted((term for pair in pairs for term in pair), key=len, reverse=True)
        self._terms = re.compile("|".join(map(_whole, longest_first)) or "(?!)", re.IGNORECASE)

    def swap(self, text: str) -> str:
        """Return a text with each term replaced by its partner, whose capitals follow the term's."""
        return outside_masks(text, lambda part: self._terms.sub(self._other, part))

    def _other(self, found: "re.Match[str]") -> str:
        term, partner = found[0], self._partner.get(found[0].casefold(), found[0])
        if len(term) > 1 and term.isupper():
            return partner.upper()
        return partner[0].upper() + partner[1:] if term[0].isupper() else partner


def _whole(term: str) -> str:
    """Return the pattern of a term as a whole word; in scripts without spaces a word has no visible limits."""
    spaced_before, spaced_after = (len(tokens(letter * 2)) < 2 for letter in (term[0], term[-1]))
    before, after = r"(?<!\w)" if spaced_before else "", r"(?!\w)" if spaced_after else ""
    return f"{before}{re.escape(term)}{after}"
