"""Spelling of names in a-z."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extensions.spelling import in_letters, short_name
from tests.support.texts import anything

pytestmark = pytest.mark.quick


@pytest.mark.parametrize(
    ("name", "spelled"),
    [
        # As passports spell letters: ICAO Doc 9303, part 3, section 6.
        *(("Ä", "ae"), ("Ö", "oe"), ("Ü", "ue"), ("ß", "ss"), ("ẞ", "ss"), ("Å", "aa"), ("Æ", "ae"), ("Ø", "oe")),
        *(
            ("Ł", "l"),
            ("\N{LATIN SMALL LETTER DOTLESS I}", "i"),
            ("İ", "i"),
            ("Đ", "d"),
            ("Ð", "d"),
            ("Þ", "th"),
            ("Œ", "oe"),
            ("Ħ", "h"),
            ("Ŧ", "t"),
        ),
        *(("Ç", "c"), ("É", "e"), ("Ğ", "g"), ("Ñ", "n"), ("Ő", "o"), ("Ř", "r"), ("Ş", "s"), ("Ž", "z"), ("Ŋ", "n")),
        ("Größe", "groesse"),
        ("Rødgrød på Ærø", "roedgroed paa aeroe"),
        ("Zażółć gęślą jaźń", "zazolc gesla jazn"),
        ("K\N{LATIN SMALL LETTER DOTLESS I}rşehir", "kirsehir"),
        ("Nguyễn Đình", "nguyen dinh"),
        ("Crème brûlée à 5 €", "creme brulee a 5 €"),
        ("ﬂight", "flight"),
    ],
)
def test_letters_of_latin_script_are_spelled(name: str, spelled: str) -> None:
    assert in_letters(name) == spelled
    assert in_letters(unicodedata.normalize("NFD", name)) == spelled


@pytest.mark.parametrize("name", ["予測モデル", "توقع", "модель", "πρόβλεψη", "한국", "नमूना", "Flight 予測", "٣"])
def test_name_of_another_script_is_not_mangled(name: str) -> None:
    assert in_letters(name) == short_name(name, 20) == ""


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("7 Flüge — to New York & back again", "fluege-to-new-york-b"),
        ("2nd flight time", "nd-flight-time"),
        ("  flight 🛫 time!", "flight-time"),
        ("flight time of the day", "flight-time-of-the-d"),
        ("prediction of times (a)", "prediction-of-times"),
        ("2024", ""),
    ],
)
def test_short_name_has_words_and_single_hyphens(name: str, slug: str) -> None:
    assert short_name(name, 20) == slug


@given(st.one_of(anything, st.text(st.characters(categories=["L", "M", "N", "P"]))))
def test_short_name_is_empty_or_in_form(name: str) -> None:
    slug = short_name(name, 20)
    assert len(slug) <= 20
    assert re.fullmatch("([a-z][a-z0-9]*(-[a-z0-9]+)*)?", slug)
    assert in_letters(name) == "" or not any(c.isalnum() for c in in_letters(name) if not c.isascii())
