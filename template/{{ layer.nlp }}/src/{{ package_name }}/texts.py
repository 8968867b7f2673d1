"""The one form of a text, alike in training and serving: characters, white space, masks for personal data."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from . import personal
from .personal import Span

if TYPE_CHECKING:
    import pandas as pd


def _inside_class(codes: Iterable[int]) -> str:
    """Return code points as the inside of a character class, neighbours as ranges."""
    found: list[list[int]] = []
    for code in codes:
        if found and found[-1][1] == code - 1:
            found[-1][1] = code
        else:
            found.append([code, code])
    return "".join(f"{chr(low)}-{chr(high)}" for low, high in found)


# Combining marks, which \w lacks.
MARKS = _inside_class(code for code in range(0x300, 0x1F000) if unicodedata.category(chr(code)).startswith("M"))

# More marks on one character are no writing (UAX 15, stream-safe text), and NFC would take quadratic time.
_PILED_MARKS = re.compile(f"([{MARKS}]{{30}})[{MARKS}]+")
_SURROGATES = re.compile("[\ud800-\udfff]")
# Controls other than white space, soft hyphens, marks of direction, invisible operators, byte order marks.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u061c\u180e\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ufffe\uffff]+"
)
# In Thai, Lao, Burmese and Khmer, written without spaces, it is the limit of a word; elsewhere it only hides words.
_ZERO_WIDTH_SPACE = re.compile("([\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]?)\u200b+")
_JOINERS = re.compile("[\u200c\u200d]+")
_SPACE = re.compile(r"\s+")
_LINE_BREAK = re.compile("[\n\r\x0b\x0c\x85\u2028\u2029]")


@dataclass(frozen=True)
class Findings:
    """Personal data in some texts.

    Args:
        texts: number of texts that hold any.
        counts: kind -> how often it was found.
        positions: position of a text -> what it holds; places are those in `normalise(text, [])`.
    """

    texts: int
    counts: Mapping[str, int]
    positions: Mapping[int, tuple[Span, ...]]


def normalise(text: str, mask: Sequence[str]) -> str:
    """Return the one form of a text; that of a result is the result itself.

    Characters are composed (NFC), invisible ones removed, half surrogates replaced by U+FFFD. White space becomes one
    space or, if it breaks a line, one line break. Personal data of the kinds in `mask` become words in brackets.

    >>> normalise("Caf\\u0065\\u0301\\u00a0 open: ann@example.org", ["email"])
    'Café open: [EMAIL]'
    """
    return _examine(text, mask)[0]


def normalised(texts: "pd.Series", mask: Sequence[str]) -> "pd.Series":
    """Return the one form of each text, str (rows,); a missing text stays None."""
    return examine(texts, mask)[0]


def findings(texts: "pd.Series", mask: Sequence[str]) -> Findings:
    """Return the kinds, number and places of personal data, never the data."""
    return examine(texts, mask)[1]


def examine(texts: "pd.Series", mask: Sequence[str]) -> "tuple[pd.Series, Findings]":
    """Return `normalised` and `findings` of the texts."""
    import pandas as pd

    new: list[str | None] = []
    positions: dict[int, tuple[Span, ...]] = {}
    for position, text in enumerate(texts):
        if not isinstance(text, str):
            new.append(None)
            continue
        form, found = _examine(text, mask)
        new.append(form)
        if found:
            positions[position] = tuple(found)
    counts = Counter(span.kind for found in positions.values() for span in found)
    series = pd.Series(new, index=texts.index, name=texts.name, dtype=object)
    return series, Findings(len(positions), dict(sorted(counts.items())), positions)


def _examine(text: str, mask: Sequence[str]) -> tuple[str, list[Span]]:
    text = _clean(text)
    first = found = personal.spans(text, mask)
    while found:  # a mask can end a word, so that a joiner after it goes and other data appear
        text = _clean(personal.masked(text, found))
        found = personal.spans(text, mask)
    return text, first


def _clean(text: str) -> str:
    if text.isascii() and text.isprintable() and "  " not in text and text == text.strip():
        return text
    while True:
        new = _PILED_MARKS.sub(r"\1", _SURROGATES.sub("\ufffd", text))
        new = _INVISIBLE.sub("", unicodedata.normalize("NFC", new))
        new = _JOINERS.sub(_joiner, _ZERO_WIDTH_SPACE.sub(_word_limit, new))
        new = _SPACE.sub(_white, new).strip()
        if new == text:  # what was removed can leave characters that compose
            return text
        text = new


def _word_limit(found: "re.Match[str]") -> str:
    return f"{found[1]} " if found[1] else ""


def _joiner(found: "re.Match[str]") -> str:
    """Keep one joiner after a letter or sign beyond Latin: it is part of Persian or Hindi spelling and of emoji."""
    before = found.string[found.start() - 1 : found.start()]
    return found[0][0] if before > "\u02ff" and not before.isspace() else ""


def _white(found: "re.Match[str]") -> str:
    return "\n" if _LINE_BREAK.search(found[0]) else " "
