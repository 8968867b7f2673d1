"""The keys of the terminal labeller, and the rows of what it shows."""

import string
from collections.abc import Sequence

RESERVED = "shuq"  # skip, hint, undo, quit
LETTERS = string.ascii_lowercase
DIGITS = "1234567890"


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
    single = [(label, label) for label in labels if len(label) == 1]
    letters = [(label, label.casefold()) for label in labels]
    digits = [(label, DIGITS) for label in labels]
    for label, wanted in [*single, *letters, *digits]:
        key = next((key for key in wanted if key in free), None)
        if label not in found and key is not None:
            free.remove(key)
            found[label] = key
    if len(found) < len(labels):
        width = len(str(len(labels)))
        return {label: f"{number:0{width}}" for number, label in enumerate(labels, 1)}
    return {label: found[label] for label in labels}


def rows(text: str, width: int) -> list[str]:
    """Return a text as rows of at most `width` terminal cells, broken at spaces where there are any.

    >>> rows("battery dies by noon", 12), rows("电池很快没电", 5)
    (['battery dies', 'by noon'], ['电池', '很快', '没电'])
    """
    from prompt_toolkit.utils import get_cwidth

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
