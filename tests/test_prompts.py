"""The questions as a person meets them: Copier's own prompts, typed into through a pipe."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from copier import run_copy
from copier.errors import UserMessageError
from prompt_toolkit.application import create_app_session
from prompt_toolkit.data_structures import Size
from prompt_toolkit.input import PipeInput, create_pipe_input
from prompt_toolkit.output.vt100 import Vt100_Output

from tests.support import harness

ENTER, CLEAR = "\r", "\x15"
EMPTY = "'' is empty: type an answer; grey text is an example."
NAMES = ("project_name", "project_slug", "package_name")


class Person:
    """A terminal, and a person in front of it: types the next keys as soon as the words that call for them appear."""

    encoding = "utf-8"

    def __init__(self, dialogue: tuple[tuple[str, str], ...], keyboard: PipeInput) -> None:
        self.screen = ""
        self._dialogue = list(dialogue)
        self._keyboard = keyboard
        self._unread = ""

    def write(self, text: str) -> None:
        shown = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text)
        self.screen += shown
        self._unread += shown

    def flush(self) -> None:
        while self._dialogue and self._dialogue[0][0] in self._unread:
            self._unread = ""
            self._keyboard.send_text(self._dialogue.pop(0)[1])

    def fileno(self) -> int:
        raise OSError("no file")

    def isatty(self) -> bool:
        return True


class Answered(Exception):
    """Raised where the questions end."""


@pytest.fixture
def asked(template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Ask some questions, of which `dialogue` has words and the keys typed then; return all answers and the screen."""

    def end(worker: Any) -> Iterator[None]:
        raise Answered(dict(worker.answers.combined))

    def ask(questions: tuple[str, ...], *dialogue: tuple[str, str]) -> tuple[dict[str, Any], str]:
        monkeypatch.setattr("copier._main.Worker._render_template", end)
        given = {name: value for name, value in harness.answers_for().items() if name not in questions}
        with create_pipe_input() as keyboard:
            person = Person(dialogue, keyboard)
            terminal = Vt100_Output(person, lambda: Size(rows=40, columns=100), term="dumb")  # type: ignore[arg-type]
            with create_app_session(keyboard, terminal), pytest.raises(Answered) as answered:
                run_copy(str(template), tmp_path / "project", given, unsafe=True, quiet=True)
        return answered.value.args[0], person.screen

    return ask


def test_unlisted_region_is_refused_by_default(asked: Any) -> None:
    with pytest.raises(UserMessageError, match=r"'westeuropenarnia' is not on the list .* nearest are 'westeurope'"):
        asked(("location",), ("Azure region", f"{CLEAR}westeuropenarnia{ENTER}"), ("(y/N)", ENTER))


def test_unlisted_region_is_taken_after_a_yes(asked: Any) -> None:
    found, screen = asked(("location",), ("Azure region", f"{CLEAR}westeuropenarnia{ENTER}"), ("(y/N)", "y"))
    assert (found["location"], found["unlisted_location"]) == ("westeuropenarnia", True)
    assert "Does Azure have 'westeuropenarnia' all the same?" in screen


def test_listed_region_asks_nothing_more(asked: Any) -> None:
    found, screen = asked(("location",), ("Azure region", ENTER))
    assert found["location"] == "westeurope"
    assert "(y/N)" not in screen


def test_grey_example_is_no_default(asked: Any) -> None:
    found, _ = asked(("owner",), ("for example Flight operations", ENTER), (EMPTY, f"Rail{ENTER}"))
    assert found["owner"] == "Rail"


def test_suggested_names_are_spelled(asked: Any) -> None:
    found, _ = asked(NAMES, ("called?", f"Größe{ENTER}"), ("short name", ENTER), ("Python", ENTER))
    assert (found["project_slug"], found["package_name"]) == ("groesse", "groesse")


def test_name_without_spelling_has_no_suggestion(asked: Any) -> None:
    found, _ = asked(
        NAMES,
        ("called?", f"予測{ENTER}"),
        ("No name is suggested: '予測' has no usual spelling in a-z.", ENTER),
        (EMPTY, f"forecast{ENTER}"),
        ("Python", ENTER),
    )
    assert (found["project_slug"], found["package_name"]) == ("forecast", "forecast")


def test_reason_against_a_long_name_is_whole(asked: Any) -> None:
    reason = "Validation error for question 'project_slug': 'xxxxxx...yyyyy' has '_': use a-z, 0-9, '-'."
    long = f"{'x' * 40}_{'y' * 40}"
    asked(("project_slug",), ("short name", f"{CLEAR}{long}{ENTER}"), (reason, f"{CLEAR}flights{ENTER}"))


def test_refused_argument_ends_with_the_rule(template: Path, tmp_path: Path) -> None:
    """Copier shows a traceback; README.md describes its last line, and that nothing has been written."""
    command = [
        sys.executable,
        "-m",
        "copier",
        "copy",
        "--trust",
        "--defaults",
        "--quiet",
        "--data=project_slug=Flights",
    ]
    answers = [f"--data={name}={value}" for name, value in harness.answers_for().items() if isinstance(value, str)]
    ended = subprocess.run(
        [*command, *(one for one in answers if "project_slug" not in one), str(template), str(tmp_path / "project")],
        capture_output=True,
        text=True,
    )
    sentence = "ValueError: Validation error for question 'project_slug': 'Flights' has 'F': use a-z, 0-9, '-'."
    assert ended.returncode != 0
    assert ended.stderr.splitlines()[-1] == sentence
    assert sentence in " ".join((harness.ROOT / "README.md").read_text(encoding="utf-8").split())
    assert not (tmp_path / "project").exists()
