"""What can be counted in a text: sentences, tokens, characters, capitals; its language and the band of its length."""

import re
from collections.abc import Sequence
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from .personal import MASK
from .texts import MARKS

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ("sentences", "tokens", "characters", "capitals", "language", "length")
BANDS = {  # tokens, at most -> name
    5: "1 to 5 tokens",
    10: "6 to 10 tokens",
    20: "11 to 20 tokens",
    50: "21 to 50 tokens",
    200: "51 to 200 tokens",
}
BEYOND = "over 200 tokens"
UNDETERMINED = "und"  # ISO 639-2 for a language that cannot be told

# Written without spaces: Thai, Lao, Burmese, Khmer, kana, Chinese characters.
_ALONE = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    "\uff66-\uff9d\U00020000-\U0003134f"
)
_PICTURES = "\u2600-\u27bf\U0001f000-\U0001faff"
_TOKEN = re.compile(
    rf"{MASK.pattern}"
    rf"|[{_ALONE}][{MARKS}]*"
    rf"|[^\W{_ALONE}](?:[^\W{_ALONE}]|[{MARKS}\u200c\u200d]|['\u2019](?=[^\W\d_]))*"
    rf"|[\U0001f1e6-\U0001f1ff]{{2}}"  # the flag of a country
    rf"|[{_PICTURES}](?:[{MARKS}\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f]|\u200d[{_PICTURES}])*"
)
# Ends of sentences in Latin, Chinese and Japanese, Hindi, Arabic and Urdu, Armenian, Ethiopic, Burmese, Khmer.
_SENTENCE_END = re.compile(
    r"(?:[.!?\u2026\u061f\u06d4\u0589\u1362]+[\"'\u2019\u201d\u00bb)\]]*\s"
    r"|[\u3002\uff01\uff1f\uff61\u0964\u0965\u104b\u17d4]|\n)+"
)
_LETTERS_FOR_LANGUAGE, _LETTERS_ALONE = 20, 6
_SURE = 0.5
_READ = 2000  # characters that the language is told from
_KNOWN = 10_000  # texts whose language is kept: each step of a run asks for that of the same ones
_VARIETIES = {"wuu": "zh", "yue": "zh", "arz": "ar", "ary": "ar"}  # ISO 639-3 -> the language they are written in


def tokens(text: str) -> list[str]:
    """Return the tokens of a text: words, numbers, masks such as [URL], pictures; of any script, single letters too.

    In scripts without spaces each character is a token, with the marks that belong to it.

    >>> tokens("Don't mail [EMAIL]: 2 \\u732b!")
    ["Don't", 'mail', '[EMAIL]', '2', '\u732b']
    """
    return _TOKEN.findall(text)


def words(text: str) -> list[str]:
    """Return the tokens of a text in lower case; a mask stays as it is, so that it is never taken for a word.

    >>> words("Mail [EMAIL], not Email")
    ['mail', '[EMAIL]', 'not', 'email']
    """
    return [token if MASK.fullmatch(token) else token.lower() for token in tokens(text)]


def sentences(text: str) -> int:
    """Return the number of sentences that hold a token; an abbreviation with a point counts as an end."""
    return sum(1 for part in _SENTENCE_END.split(text) if _TOKEN.search(part))


def capitals(text: str) -> float:
    """Return the share of upper-case letters among letters that have two cases; 0 if there are none."""
    upper, lower = sum(map(str.isupper, text)), sum(map(str.islower, text))
    return upper / (upper + lower) if upper + lower else 0.0


def band(count: int) -> str:
    """Return the band of a length in tokens."""
    return next((name for limit, name in BANDS.items() if count <= limit), BEYOND)


def language(text: str) -> str:
    """Return the language of a text, ISO 639-1; `und` if the text is too short or the answer unsure."""
    return _language(text[:_READ])


@lru_cache(maxsize=_KNOWN)
def _language(text: str) -> str:
    text = MASK.sub("", text)
    alone = len(re.findall(f"[{_ALONE}]", text))
    if sum(map(str.isalpha, text)) < _LETTERS_FOR_LANGUAGE and alone < _LETTERS_ALONE:
        return UNDETERMINED
    found, probability = _identifier().classify(text)
    name = _VARIETIES.get(found, found)
    return name if probability >= _SURE and len(name) == 2 else UNDETERMINED


@cache
def _identifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)


def length(text: str) -> str:
    """Return the band of the length of a text."""
    return band(len(tokens(text)))


def derived(texts: "pd.Series", name: str) -> "pd.Series":
    """Return the language or the length of each normalised text, str (rows,); None where a text is missing or empty."""
    import pandas as pd

    of = {"language": language, "length": length}[name]
    found = [of(text) if isinstance(text, str) and text else None for text in texts]
    return pd.Series(found, index=texts.index, dtype=object)


def annotate(texts: "pd.Series") -> "pd.DataFrame":
    """Return the annotations of normalised texts.

    Args:
        texts: str (rows,); None where a text is missing.

    Returns:
        A frame (rows, 6) with the index of `texts`: sentences, tokens, characters (int64; 0 for a missing text),
        capitals (float64, share of the letters), language and length (str; None for a missing or empty text).
    """
    import pandas as pd

    rows = [_row(text) if isinstance(text, str) and text else (0, 0, 0, 0.0, None, None) for text in texts]
    frame = pd.DataFrame(rows, columns=list(COLUMNS), index=texts.index)
    whole = dict.fromkeys(("sentences", "tokens", "characters"), "int64")
    return frame.astype({**whole, "capitals": "float64", "language": object, "length": object})


def _row(text: str) -> Sequence[Any]:
    count = len(tokens(text))
    return sentences(text), count, len(text), capitals(text), language(text), band(count)
