"""The keys of the terminal labeller, and how a text is shown there."""

import string
import unicodedata
from collections.abc import Sequence

from prompt_toolkit.utils import get_cwidth

RESERVED = "shuq"  # skip, hint, undo, quit
LETTERS = string.ascii_lowercase
DIGITS = "1234567890"
TAB = "    "


def keys(labels: Sequence[str]) -> dict[str, str]:
    """Return what is typed for each label: its first free letter, or a free digit; numbers where keys do not suffice.

    A label of one letter or digit is its own key. Numbers all have the same length, so that none needs Enter.

    >>> keys(["positive", "negative", "neutral", "正面"])
    {'positive': 'p', 'negative': 'n', 'neutral': 'e', '正面': '1'}
    >>> keys(["0", "1", "s"])
    {'0': '0', '1': '1', 's': '2'}
    """
    free = [key for key in LETTERS + DIGITS if key not in RESERVED]
    found: dict[str, str] = {}
    for wanted in (lambda label: label if len(label) == 1 else "", lambda label: label.casefold(), lambda _: DIGITS):
        for label in labels:
            key = next((key for key in wanted(label) if key in free), None)
            if label not in found and key is not None:
                free.remove(key)
                found[label] = key
    if len(found) < len(labels):
        width = len(str(len(labels)))
        return {label: f"{number:0{width}}" for number, label in enumerate(labels, 1)}
    return {label: found[label] for label in labels}


def visible(text: str) -> str:
    """Return a text whose control characters are shown and do nothing; line ends and joiners stay.

    >>> visible("a\\x1b[31mb\\r\\nc\\u202ed\\ud800")
    'a␛[31mb\\nc<U+202E>d<U+D800>'
    """
    lines = text.replace("\r\n", "\n").replace("\u2028", "\n").replace("\u2029", "\n").replace("\t", TAB)
    return "".join(character if character == "\n" else _shown(character) for character in lines)


def rows(text: str, width: int) -> list[str]:
    """Return a text as rows of at most `width` terminal cells, broken at spaces where there are any.

    >>> rows("battery dies by noon", 12), rows("电池很快没电", 5)
    (['battery dies', 'by noon'], ['电池', '很快', '没电'])
    """
    found = []
    for line in text.split("\n"):
        row, used, space = "", 0, -1
        for character in line:
            cells = get_cwidth(character)
            if used + cells > width and row:
                if character == " ":
                    found.append(row)
                    row, used, space = "", 0, -1
                    continue
                cut = space if space > 0 else len(row)
                found.append(row[:cut])
                row = row[cut:].lstrip(" ")
                used, space = get_cwidth(row), -1
            if character == " ":
                space = len(row)
            row += character
            used += cells
        found.append(row)
    return found


def _shown(character: str) -> str:
    number = ord(character)
    if number < 0x20:
        return chr(0x2400 + number)
    if number == 0x7F:
        return "␡"
    directs = 0x202A <= number <= 0x202E or 0x2066 <= number <= 0x2069  # would turn the rest of the screen around
    if directs or unicodedata.category(character) in ("Cc", "Cs"):
        return f"<U+{number:04X}>"
    return character
