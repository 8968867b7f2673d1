"""How the content of an item is shown to people: nothing in it acts on the screen or the server that shows it."""

import unicodedata

TAB = "    "


def visible(text: str) -> str:
    """Return a text whose control characters are shown and do nothing; line ends and joiners stay.

    >>> visible("a\\x1b[31mb\\r\\nc\\u202ed\\ud800")
    'a␛[31mb\\nc<U+202E>d<U+D800>'
    """
    lines = text.replace("\r\n", "\n").replace("\u2028", "\n").replace("\u2029", "\n").replace("\t", TAB)
    return "".join(character if character == "\n" else _shown(character) for character in lines)


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
