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

pytestmark = pytest.mark.quick


@pytest.mark.parametrize("value", INJECTIONS)
def test_printable_line_is_a_description(value: str) -> None:
    assert answers.text_fault(value, 200) == ""


@pytest.mark.parametrize("value", BREAKS)
def test_invisible_characters_are_refused(value: str) -> None:
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
def test_text_fault_names_value_and_rule(value: str, fault: str) -> None:
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
def test_slug_fault_names_value_and_rule(value: str, fault: str) -> None:
    assert answers.slug_fault(value) == fault


@pytest.mark.parametrize("value", ["flight_time", "f2", "x" * 30])
def test_good_package_name_passes(value: str) -> None:
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
def test_confusing_package_name_is_refused(value: str, reason: str) -> None:
    assert reason in answers.package_fault(value)


def test_locked_package_is_refused_as_a_name() -> None:
    locks = [*(harness.ROOT / "template").rglob("*.lock.txt"), *(harness.ROOT / "template").rglob("uv.lock")]
    assert locks
    for lock in locks:
        for package in re.findall(
            r"^(?: *\{ name = \")?([A-Za-z0-9._-]+)(?:==|\", version)", lock.read_text(), re.MULTILINE
        ):
            assert answers.package_fault(re.sub(r"[-_.]+", "_", package.lower())), (lock, package)


@given(st.sampled_from(sorted({*keyword.kwlist, *sys.stdlib_module_names})))
def test_word_of_python_is_no_package_name(value: str) -> None:
    assert answers.package_fault(value)


@pytest.mark.parametrize("value", ["westeurope", "eastus2", "somewherenew"])
def test_unlisted_region_passes(value: str) -> None:
    assert answers.location_fault(value) == ""


def test_region_of_the_portal_is_corrected() -> None:
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
def test_repository_of_either_host_passes(ci: str, value: str) -> None:
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
def test_malformed_repository_is_refused(ci: str, value: str) -> None:
    fault = answers.repository_fault(value, ci)
    assert fault.endswith(("write 'owner/name'.", "write 'organisation/project/repository'."))


@pytest.mark.parametrize("value", ["team@example.com", "ml.ops+alerts@mail.example.co.uk"])
def test_mail_address_passes(value: str) -> None:
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
def test_other_text_is_no_mail_address(value: str) -> None:
    assert "is no e-mail address" in answers.email_fault(value)


@pytest.mark.parametrize("value", ["", "7abc", "abc", "abcde", "ABCD", "ab-c", "abc\n"])
def test_malformed_suffix_is_refused(value: str) -> None:
    assert answers.suffix_fault(value)
    assert answers.suffix_fault("x7k2") == ""


@given(anything)
def test_fault_is_one_printable_sentence(value: str) -> None:
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
