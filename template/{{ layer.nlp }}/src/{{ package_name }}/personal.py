"""Personal data in texts, found by its form: addresses, account and card numbers, telephone numbers, handles.

Numbers with a check sum are checked: IBAN by ISO 7064 (mod 97-10), cards by Luhn's formula (ISO/IEC 7812). Names and
addresses of people have no form, and are not found.
"""

import ipaddress
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from .config.inputs import MASKED

MASK = re.compile(rf"\[(?:{'|'.join(MASKED).upper()})\]")

# In the patterns \x00 stands for what is found already: nothing is found across it or right beside it. Quantifiers
# are bounded or possessive, so that the time is linear in the length of a text, whatever it holds.
_OCTET = r"(?:25[0-5]|2[0-4]\d|1?\d?\d)"
_NAME = r"A-Za-z0-9\u00c0-\u052f_"  # in the local part of an e-mail address: Latin, Greek, Cyrillic
_PATTERNS = {
    # Ends at a space, a quotation mark, or a Chinese, Japanese or full-width character, which often follows directly.
    "url": re.compile(
        r"(?<![A-Za-z0-9\x00])(?:(?:https?|ftp)://|www\.)[^\s<>\"\x00\u3000-\u30ff\u3400-\u9fff\uff00-\uffef]++", re.I
    ),
    "email": re.compile(
        rf"(?<![{_NAME}.%+\x00-])[{_NAME}.%+-]{{1,64}}@(?:[\w-]{{1,63}}\.){{1,8}}[A-Za-z]{{2,24}}(?![A-Za-z0-9\x00-])"
    ),
    "iban": re.compile(
        r"(?<![A-Za-z0-9\x00])[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?(?![A-Za-z0-9\x00])", re.I
    ),
    "card": re.compile(
        r"(?<![\d\x00])"
        r"(?:[2-6]\d{3}([ -])\d{4}\1\d{4}\1\d{4}(?:\1\d{3})?|3\d{3}([ -])\d{6}\2\d{4,5}|[2-6]\d{12,18})"
        r"(?![\d\x00])"
    ),
    "ip": re.compile(
        rf"(?<![\w.\x00])(?:{_OCTET}\.){{3}}{_OCTET}(?![\w\x00]|\.\d)"
        r"|(?<![\w:.\x00])[0-9A-Fa-f:]{2,39}(?:(?:\.\d{1,3}){3})?(?![\w:\x00])"
    ),
    "ssn": re.compile(r"(?<![\w\x00-])(?!000|666|9)\d{3}([- ])(?!00)\d{2}\1(?!0000)\d{4}(?![\w\x00-])"),
    "phone": re.compile(
        r"(?<![\w.,+\x00-])(?:"
        r"(?:\+|00)[1-9](?:[ ./()-]{0,3}\d){7,14}"  # international
        r"|\(?0[1-9](?:[ ./()-]{0,3}\d){6,11}"  # national with a trunk prefix
        r"|(?:1[ .-])?(?:\(\d{3}\) ?|\d{3}[ .-])\d{3}[ .-]\d{4}"  # North American
        r")(?![\w\x00]|[.,]\d)"
    ),
    "handle": re.compile(
        r"(?<![\w@./\x00-])@[^\W\d]\w{0,29}(?:[.-]\w{1,30}){0,3}(?:@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4})?(?![\w\x00])"
    ),
}
_DIGIT = re.compile(r"\d")
# Fewest digits of a kind: most texts with a number have too few for an account or a telephone.
_DIGITS = {"iban": 2, "card": 13, "ip": 1, "ssn": 9, "phone": 8}
_DATE = re.compile(r"\d{1,2}([./-])\d{1,2}\1(?:\d{4}|\d{2})\b")


@dataclass(frozen=True)
class Span:
    """Characters of a text: what they are, the place of the first one, their number."""

    kind: str
    start: int
    length: int


def spans(text: str, kinds: Sequence[str]) -> list[Span]:
    """Return where a text holds personal data of these kinds, in the order of places; masks are none.

    Args:
        text: in the form that `texts.normalise` gives it.
        kinds: of those that config/project.yml may list in texts.mask.
    """
    digits = len(_DIGIT.findall(text))
    wanted = [kind for kind in MASKED if kind in kinds and _possible(kind, text, digits)]
    hidden = MASK.sub(lambda mask: "\x00" * len(mask[0]), text) if wanted and "[" in text else text
    found: list[Span] = []
    again = True
    while again:  # what is hidden can leave a number whose check digits are right
        again = False
        for kind in wanted:
            new = _of_kind(kind, hidden)
            hidden = _replaced(hidden, new, lambda span: "\x00" * span.length)
            found += new
            again = again or bool(new and len(wanted) > 1)
    return sorted(found, key=lambda span: span.start)


def masked(text: str, found: Sequence[Span]) -> str:
    """Return a text with a word in brackets, such as [EMAIL], for each of the spans.

    >>> masked("mail to ann@example.org", spans("mail to ann@example.org", ["email"]))
    'mail to [EMAIL]'
    """
    return _replaced(text, found, lambda span: f"[{span.kind.upper()}]")


def _replaced(text: str, found: Sequence[Span], by: Callable[[Span], str]) -> str:
    parts, end = [], 0
    for span in found:
        parts += [text[end : span.start], by(span)]
        end = span.start + span.length
    return "".join([*parts, text[end:]])


def _possible(kind: str, text: str, digits: int) -> bool:
    """Whether a text, with this number of digits, has the characters that this kind needs."""
    if kind == "url":
        return "://" in text or "www." in text.lower()
    if kind in ("email", "handle"):
        return "@" in text
    if kind == "ip" and "." not in text and ":" not in text:
        return False
    return digits >= _DIGITS[kind]


def _of_kind(kind: str, text: str) -> list[Span]:
    valid = _VALID.get(kind, len)
    found = ((match.start(), valid(match[0])) for match in _PATTERNS[kind].finditer(text))
    return [Span(kind, start, length) for start, length in found if length]


# Each returns how many of the found characters belong to the kind, 0 if it is none.


def _url(found: str) -> int:
    return len(found.rstrip(".,;:!?'()[]{}*_"))


def _iban(found: str) -> int:
    end = len(found)
    while end >= 15:  # words that follow are tried without
        letters = found[:end].replace(" ", "")
        digits = "".join(str(int(letter, 36)) for letter in letters[4:] + letters[:4])
        if len(letters) <= 34 and int(digits) % 97 == 1:
            return end
        end = found.rfind(" ", 0, end)
    return 0


def _card(found: str) -> int:
    if _luhn(found):
        return len(found)
    beginning, _, code = found.rpartition(found[4])  # perhaps the code on the back follows
    return len(beginning) if len(code) == 3 and _luhn(beginning) else 0


def _luhn(found: str) -> bool:
    digits = [int(each) for each in found if each.isdigit()]
    doubled = [2 * each - 9 * (each > 4) for each in digits[-2::-2]]
    return len(digits) > 12 and (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


def _ip(found: str) -> int:
    try:
        return len(found) if _DIGIT.search(found) and ipaddress.ip_address(found) else 0
    except ValueError:
        return 0


def _phone(found: str) -> int:
    return 0 if _DATE.match(found) else len(found)


_VALID: Mapping[str, Callable[[str], int]] = {"url": _url, "iban": _iban, "card": _card, "ip": _ip, "phone": _phone}
