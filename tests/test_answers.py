from __future__ import annotations

import keyword
import re
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extensions import answers
from tests.support import harness
from tests.support.texts import BREAKS, INJECTIONS, anything


@pytest.mark.parametrize("value", INJECTIONS)
def test_any_line_of_printable_text_is_a_good_description(value: str) -> None:
    assert answers.text_fault(value, 200) == ""


@pytest.mark.parametrize("value", BREAKS)
def test_line_breaks_and_invisible_characters_are_refused_by_their_code(value: str) -> None:
    fault = answers.text_fault(value, 200)
    assert " has U+" in fault
    assert fault.isprintable()


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        ("", "'' is empty: write 1 to 5 characters."),
        ("  ", "'  ' is empty: write 1 to 5 characters."),
        (" ab", "' ab' starts or ends with a space: leave it out."),
        ("abcdef", "'abcdef' has 6 characters: use at most 5."),
    ],
)
def test_text_faults_quote_the_value_and_say_the_rule(value: str, fault: str) -> None:
    assert answers.text_fault(value, 5) == fault


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        ("Flight_Time", "'Flight_Time' has 'F': use a-z, 0-9 and '-', starting with a letter."),
        ("flight_time", "'flight_time' has '_': use a-z, 0-9 and '-', starting with a letter."),
        (
            "9flights",
            "'9flights' does not start with a letter: use a-z, 0-9 and '-', starting with a letter.",
        ),
        (
            "a--b",
            "'a--b' has a '-' at its end or two in a row: put single ones between letters.",
        ),
        (
            "flight-",
            "'flight-' has a '-' at its end or two in a row: put single ones between letters.",
        ),
        ("ab", "'ab' has 2 characters: use 3 to 20."),
        ("a" * 21, f"'{'a' * 21}' has 21 characters: use 3 to 20."),
        ("scikit-learn", "'scikit-learn' is a package that the project depends on: choose another name."),
        ("flight\n", "'flight\\n' has '\\n': use a-z, 0-9 and '-', starting with a letter."),
    ],
)
def test_slug_faults_quote_the_value_and_say_the_rule(value: str, fault: str) -> None:
    assert answers.slug_fault(value) == fault


@pytest.mark.parametrize("value", ["flight_time", "f2", "x" * 30])
def test_good_package_names_pass(value: str) -> None:
    assert answers.package_fault(value) == ""


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("class", "is a word of the Python language"),
        ("match", "is a word of the Python language"),
        ("json", "is a module of Python's standard library"),
        ("imp", "is a module of Python's standard library"),
        ("pandas", "is a package that the project depends on"),
        ("azure", "is a package that the project depends on"),
        ("batch_score", "is another module or folder of the project"),
        ("Flight", "is no package name"),
        ("flight-time", "is no package name"),
        ("_flight", "is no package name"),
        ("flügel", "is no package name"),
        ("flight\n", "is no package name"),
        ("", "is no package name"),
        ("x" * 31, "has 31 characters: use at most 30."),
    ],
)
def test_package_names_that_python_would_confuse_are_refused(value: str, reason: str) -> None:
    assert reason in answers.package_fault(value)


def test_every_locked_package_is_refused_as_a_name() -> None:
    locks = list((harness.ROOT / "template").rglob("*.lock.txt"))
    assert locks
    for lock in locks:
        for package in re.findall(r"^([A-Za-z0-9._-]+)==", lock.read_text(), re.MULTILINE):
            assert answers.package_fault(re.sub(r"[-_.]+", "_", package.lower())), (lock, package)


@given(st.sampled_from(sorted({*keyword.kwlist, *sys.stdlib_module_names})))
def test_no_word_or_module_of_python_is_a_package_name(value: str) -> None:
    assert answers.package_fault(value)


@pytest.mark.parametrize("value", ["westeurope", "eastus2", "somewherenew"])
def test_well_formed_regions_pass_listed_or_not(value: str) -> None:
    assert answers.location_fault(value) == ""


def test_a_region_written_as_the_portal_shows_it_is_corrected() -> None:
    assert answers.location_fault("West Europe") == (
        "'West Europe' is no region's short name: use a-z and 0-9, as in 'westeurope'. Did you mean 'westeurope'?"
    )


@pytest.mark.parametrize(
    ("ci", "value"),
    [
        ("github", "example-org/flight-time"),
        ("github", "o/r.x_y"),
        ("azure_devops", "example-org/Flight time/flight-time"),
        ("azure_devops", "org/p/r"),
    ],
)
def test_repositories_of_either_host_pass(ci: str, value: str) -> None:
    assert answers.repository_fault(value, ci) == ""


@pytest.mark.parametrize(
    ("ci", "value"),
    [
        ("github", "flight-time"),
        ("github", "org/project/repository"),
        ("github", "-org/name"),
        ("github", "or--g/name"),
        ("github", "org/.."),
        ("github", "org/name with space"),
        ("github", "https://github.com/org/name"),
        ("github", "org/name\n"),
        ("azure_devops", "org/name"),
        ("azure_devops", "org/_project/repository"),
        ("azure_devops", "org/project /repository"),
        ("azure_devops", "org/project/repository."),
        ("azure_devops", "org/project/rep|ository"),
    ],
)
def test_a_repository_in_the_other_hosts_form_is_refused(ci: str, value: str) -> None:
    fault = answers.repository_fault(value, ci)
    assert fault.endswith(("write 'owner/name'.", "write 'organisation/project/repository'."))


@pytest.mark.parametrize("value", ["team@example.com", "ml.ops+alerts@mail.example.co.uk"])
def test_mail_addresses_pass(value: str) -> None:
    assert answers.email_fault(value) == ""


@pytest.mark.parametrize(
    "value",
    [
        "team",
        "team@",
        "@example.com",
        "a b@example.com",
        "a@example",
        "a..b@example.com",
        "a@b.com\n",
        '"x"@b.com',
    ],
)
def test_other_texts_are_no_mail_addresses(value: str) -> None:
    assert "is no e-mail address" in answers.email_fault(value)


@pytest.mark.parametrize("value", ["", "7abc", "abc", "abcde", "ABCD", "ab-c", "abc\n"])
def test_a_suffix_is_a_letter_and_three_letters_or_digits(value: str) -> None:
    assert answers.suffix_fault(value)
    assert answers.suffix_fault("x7k2") == ""


@given(anything)
def test_every_fault_is_one_printable_sentence(value: str) -> None:
    faults = [
        answers.text_fault(value, 20),
        answers.slug_fault(value),
        answers.package_fault(value),
        answers.location_fault(value),
        answers.repository_fault(value, "github"),
        answers.repository_fault(value, "azure_devops"),
        answers.email_fault(value),
        answers.suffix_fault(value),
    ]
    for fault in filter(None, faults):
        assert "\n" not in fault
        assert fault.endswith((".", "?"))
