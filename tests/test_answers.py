from __future__ import annotations

import keyword
import re
import sys
from collections.abc import Callable

import jinja2
import pytest
from hypothesis import example, given
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
        ("", "'' is empty: type an answer; grey text is an example."),
        ("  ", "'  ' is blank: type an answer."),
        (" ab", "' ab' has a space at one end: remove it."),
        ("abcdefghijklmnop", "'abcdef...lmnop' has 16 characters: use at most 5."),
        ("abcdef", "'abcdef' has 6 characters: use at most 5."),
    ],
)
def test_text_fault_names_value_and_rule(value: str, fault: str) -> None:
    assert answers.text_fault(value, 5) == fault


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        ("", "'' is empty: type an answer; grey text is an example."),
        ("Flight_Time", "'Flight_Time' has 'F': use a-z, 0-9, '-'."),
        ("flight_time", "'flight_time' has '_': use a-z, 0-9, '-'."),
        ("9flights", "'9flights' starts with '9': start with a letter."),
        ("a--b", "'a--b' has '--': use single ones."),
        ("flight-", "'flight-' ends with '-': end with a letter."),
        ("ab", "'ab' has 2 characters: use 3 to 20."),
        ("a" * 21, "'aaaaaa...aaaaa' has 21 characters: use 3 to 20."),
        ("scikit-learn", "'scikit-learn' is a dependency: use another name."),
        ("flight\n", "'flight\\n' has '\\n': use a-z, 0-9, '-'."),
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
        ("class", "is a word of Python"),
        ("match", "is a word of Python"),
        ("json", "is a Python module"),
        ("imp", "is a Python module"),
        ("pandas", "is a dependency"),
        ("azure", "is a dependency"),
        ("batch_score", "is in the project"),
        ("Flight", "has 'F': use a-z, 0-9, '_'."),
        ("flight-time", "has '-'"),
        ("_flight", "starts with '_': start with a letter."),
        ("flügel", "has 'ü'"),
        ("flight\n", "has '\\n'"),
        ("", "is empty"),
        ("x" * 31, "has 31 characters: use at most 30."),
    ],
)
def test_confusing_package_name_is_refused(value: str, reason: str) -> None:
    assert reason in answers.package_fault(value)


def test_locked_package_is_refused_as_a_name() -> None:
    # A lock that renders only with some answers has its name inside an expression. Those of Copier and checkov are
    # installed apart from the project, so that their packages clash with none of the project's.
    locks = [
        path
        for path in (harness.ROOT / "template").rglob("*")
        if re.search(r"\.lock\.txt|^uv\.lock", path.name) and not path.name.startswith(("checkov.", "copier."))
    ]
    assert len({re.sub(r".*?(\w+)\.lock.*", r"\1", path.name) for path in locks}) > 4
    for lock in locks:
        for package in re.findall(
            r"^(?: *\{ name = \")?([A-Za-z0-9._-]+)(?:==|\", version)", lock.read_text(), re.MULTILINE
        ):
            assert answers.package_fault(re.sub(r"[-_.]+", "_", package.lower())), (lock, package)


@given(st.sampled_from(sorted({*keyword.kwlist, *sys.stdlib_module_names})))
def test_word_of_python_is_no_package_name(value: str) -> None:
    assert answers.package_fault(value)


@pytest.mark.parametrize("value", ["westeurope", "eastus2", "somewherenew"])
def test_region_in_its_short_form_passes(value: str) -> None:
    assert answers.location_fault(value) == ""


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        ("West Europe", "'West Europe' has 'W': write 'westeurope'."),
        ("Köln", "'Köln' has 'K': use a-z, 0-9."),
        ("eu", "'eu' has 2 characters: use 6 to 40."),
        ("2europe", "'2europe' starts with '2': start with a letter."),
        ("", "'' is empty: type an answer; grey text is an example."),
    ],
)
def test_other_form_of_a_region_is_refused(value: str, fault: str) -> None:
    assert answers.location_fault(value) == fault


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
    assert re.search(r"is not (of the form )?'o\S+/name'\.$|: use A-Z, 0-9, .*$", fault)


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
    assert "is not of the form 'team@example.com'." in answers.email_fault(value)


@pytest.mark.parametrize("value", ["", "7abc", "abc", "abcde", "ABCD", "ab-c", "abc\n"])
def test_malformed_suffix_is_refused(value: str) -> None:
    assert answers.suffix_fault(value)
    assert answers.suffix_fault("x7k2") == ""


@pytest.mark.parametrize(
    ("suggested", "source", "fault", "gap"),
    [
        ("flight-time", "Flight time", "", ""),
        (
            "ai",
            "AI",
            "'ai' has 2 characters: use 3 to 20.",
            "No name is suggested: 'ai' has 2 characters: use 3 to 20.",
        ),
        ("", "予測", "'' is empty.", "No name is suggested: '予測' has no usual spelling in a-z."),
    ],
)
def test_missing_suggestion_has_a_reason(suggested: str, source: str, fault: str, gap: str) -> None:
    assert answers.suggestion_gap(suggested, source, fault) == gap


# By question, as copier.yml calls them.
FAULTS: dict[str, Callable[[str], str]] = {
    "project_name": lambda value: answers.text_fault(value, 60),
    "project_slug": answers.slug_fault,
    "package_name": answers.package_fault,
    "description": lambda value: answers.text_fault(value, 200),
    "owner": lambda value: answers.text_fault(value, 60),
    "location": answers.location_fault,
    "repository": lambda value: (
        answers.repository_fault(value, "github") or answers.repository_fault(value, "azure_devops")
    ),
    "alert_email": answers.email_fault,
    "name_suffix": answers.suffix_fault,
}


def test_every_typed_answer_has_a_rule() -> None:
    typed = {name for name, asked in harness.ASKED.items() if "choices" not in asked and asked["type"] != "bool"}
    assert FAULTS.keys() == typed


@pytest.mark.parametrize("ci", ["github", "azure_devops"])
@pytest.mark.parametrize("question", FAULTS)
def test_grey_example_keeps_its_own_rule(question: str, ci: str) -> None:
    shown = jinja2.Template(harness.ASKED[question]["placeholder"]).render(
        ci=ci, project_name="Größe (kg)", project_slug="groesse-kg"
    )
    assert shown.startswith("for example ")
    example = shown.removeprefix("for example ")
    fault = answers.repository_fault(example, ci) if question == "repository" else FAULTS[question](example)
    assert fault == ""


def _assert_fits_one_line(question: str, fault: str) -> None:
    """Check what a terminal shows of a reason: Copier's words before it, and one line without a break."""
    assert fault == "" or fault.endswith(".")
    assert fault == "" or fault.isprintable()
    assert len(f"Validation error for question '{question}': {fault}") <= 100, fault


@given(st.one_of(anything, st.text(min_size=1, max_size=1).map(lambda text: text * 9000)))
@example("")
@example(" " * 300)
@example("x" * 300)
@example("X" * 300)
@example("9" * 300)
@example("x-" * 100)
@example("x" * 300 + "/" + "y" * 300)
@example("\U000e0001" * 300)
@example("x" + "\U000e0001" * 300)
@example("Organisation/" * 2 + "\U000e0001" * 300)
@example("Germany West Central Beyond")
@example('a000000\U0001342f"; rm -rf /; echo "')
@example("multiprocessing")
@example("opentelemetry_exporter_otlp")
@example("a" * 300 + "@example")
def test_reason_fits_one_line(value: str) -> None:
    for question, fault_of in FAULTS.items():
        _assert_fits_one_line(question, fault_of(value))


@pytest.mark.parametrize("value", sorted({*answers.DEPENDENCIES, *sys.stdlib_module_names, *keyword.kwlist}))
def test_reason_against_a_taken_name_fits_one_line(value: str) -> None:
    _assert_fits_one_line("package_name", answers.package_fault(value))
    _assert_fits_one_line("project_slug", answers.slug_fault(value.replace("_", "-")))


def test_reason_beside_a_choice_fits_one_line() -> None:
    for question, asked in harness.ASKED.items():
        for label, choice in asked["choices"].items() if isinstance(asked.get("choices"), dict) else []:
            if isinstance(choice, dict):
                shown = jinja2.Template(f"   - {label} ({choice['validator']})").render(
                    ci="azure_devops", network="isolated"
                )
                assert len(shown) <= 100, (question, shown)
