"""Spelling of names of any language in the letters a-z."""

from __future__ import annotations

import re
import unicodedata

from jinja2 import Environment
from jinja2.ext import Extension

# Letters that are more than a-z with an accent, as passports spell them: ICAO Doc 9303, part 3, section 6. Swedish,
# German and Danish spell their own letters so too.
_SPELLED = str.maketrans(
    {
        "ä": "ae",
        "å": "aa",
        "æ": "ae",
        "ð": "d",
        "đ": "d",
        "ħ": "h",
        "\N{LATIN SMALL LETTER DOTLESS I}": "i",
        "ŀ": "l",
        "ł": "l",
        "ŋ": "n",
        "ö": "oe",
        "ø": "oe",
        "œ": "oe",
        "ß": "ss",
        "ŧ": "t",
        "þ": "th",
        "ü": "ue",
    }
)


def in_letters(text: str) -> str:
    """Return a text in lower case with a-z and 0-9 as its only letters and digits; empty if one has no spelling.

    >>> in_letters("Größe der Smørrebrød-Łódź")
    'groesse der smoerrebroed-lodz'
    >>> in_letters("予測 2")
    ''
    """
    letters = unicodedata.normalize("NFC", text).lower().translate(_SPELLED)
    plain = "".join(c for c in unicodedata.normalize("NFKD", letters) if not unicodedata.combining(c))
    return "" if any(c.isalnum() and not c.isascii() for c in plain) else plain


def short_name(text: str, longest: int) -> str:
    """Return a text as words of a-z and 0-9 with '-' between them, starting with a letter; empty if it has no spelling.

    >>> short_name("2nd flight time: New York", 15)
    'nd-flight-time'
    """
    words = re.sub(r"[^a-z0-9]+", "-", in_letters(text))
    return re.sub(r"^[^a-z]+", "", words)[:longest].strip("-")


class Spelling(Extension):
    """Adds the filter `short_name`."""

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        environment.filters["short_name"] = short_name
