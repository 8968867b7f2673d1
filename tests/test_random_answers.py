"""Random answers are refused by name and rule, or rendered as the text that they are."""

from __future__ import annotations

import html
import re
import tempfile
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from copier import run_copy
from copier.errors import UserMessageError
from hypothesis import Phase, event, example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from extensions.azure_regions import REGIONS
from tests.support import harness
from tests.support.texts import anything, one_line
from tests.test_render import assert_names_no_place, assert_parses

# The places where free text would be read as code by GitHub, Azure Pipelines or Azure ML.
COMMAND_FOLDERS = (".github/", ".azuredevops/", "azureml/components/", "azureml/pipelines/")

# Texts that are accepted, and that would be code in most of the files that show them.
HOSTILE = {
    "project_name": "Say \"hi\" & 'bye' <b> {{ 7*7 }}",
    "description": "$(touch owned) `id` ${{ secrets.X }} $[[ x ]] %{ if true } ${var.secret} | a: b # c \\",
    "owner": "@at *anchor !tag {% raw %}",
}

# Names and contents that were found in order; only few of them differ from one set of answers to the next.
checked: set[tuple[str, str]] = set()

slugs = st.one_of(st.from_regex(r"[a-z][a-z0-9]{1,9}(-[a-z0-9]{1,4}){0,2}", fullmatch=True), anything)
packages = st.one_of(st.from_regex(r"[a-z][a-z0-9_]{2,29}", fullmatch=True), anything)
texts = st.one_of(one_line, one_line, anything)
# Made once: to make a strategy takes longer than to draw from it.
typed: dict[str, st.SearchStrategy[str]] = {
    "project_name": texts,
    "description": texts,
    "owner": texts,
    "project_slug": slugs,
    "package_name": packages,
    "location": st.one_of(
        st.sampled_from(sorted(REGIONS)), st.from_regex(r"[a-z]{6,12}[23]?", fullmatch=True), anything
    ),
    "repository": st.one_of(st.none(), anything),  # none: that of the other answers
    "alert_email": st.one_of(st.emails(), anything),
    "name_suffix": st.one_of(st.from_regex(r"[a-z][a-z0-9]{3}", fullmatch=True), anything),
}


@st.composite
def answer_sets(draw: st.DrawFn) -> dict[str, Any]:
    """Draw any choices, with up to three of the typed answers replaced by any text."""
    answers: dict[str, Any] = draw(st.sampled_from(list(harness.VARIANTS.values())))
    replaced = draw(st.lists(st.sampled_from(sorted(typed)), min_size=1, max_size=3, unique=True))
    drawn = {question: draw(typed[question]) for question in replaced}
    return answers | {question: value for question, value in drawn.items() if value is not None}


# Half of the profile's number in `make test`: each one renders a project, and two are told. Shrinking would render for
# minutes; at most three answers are unusual anyway.
@pytest.mark.first
@settings(
    max_examples=1000 if settings.get_current_profile_name() == "exhaustive" else 30,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
)
@example({**harness.answers_for(), **HOSTILE})
@example({**harness.answers_for("nlp", iac="bicep", ci="azure_devops"), **HOSTILE})
@given(answer_sets())
def test_random_answers_are_refused_or_shown(template: Path, answers: dict[str, Any]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder) / "project"
        refusal = _refusal(template, project, answers)
        event("refused" if refusal else "rendered")
        if refusal:
            assert re.search(r"Validation error for question '\w+': .*\.$|^'\w+' is not on the list .*\.$", refusal), (
                refusal
            )
            assert not project.exists()
        else:
            found = harness.texts(project)
            for path, text in found.items():
                if (path.name, text) not in checked:
                    checked.add((path.name, text))
                    assert_parses(path, text)
                    assert_names_no_place(path, text)
            _assert_shown(project, answers, found)


def _refusal(template: Path, project: Path, answers: dict[str, Any]) -> str:
    try:
        run_copy(str(template), project, answers, defaults=True, unsafe=True, quiet=True)
    except (ValueError, UserMessageError) as error:
        return str(error)
    return ""


def _assert_shown(project: Path, answers: dict[str, Any], found: dict[Path, str]) -> None:
    kept = yaml.safe_load((project / ".copier-answers.yml").read_text())
    assert {name: kept[name] for name in answers} == answers

    readme = html.unescape(re.sub("<[^>]+>", "", MarkdownIt("commonmark").render((project / "README.md").read_text())))
    assert answers["project_name"] in readme
    assert answers["description"] in readme

    metadata = tomllib.loads((project / "pyproject.toml").read_text())["project"]
    assert metadata["name"] == answers["project_slug"]
    assert metadata["description"] == answers["description"]
    assert (project / "src" / answers["package_name"] / "cli" / "__init__.py").is_file()

    config = yaml.safe_load((project / "config" / "common.yml").read_text())
    assert config["environment"]["location"] == answers["location"]
    assert config["alerts"]["email"] == answers["alert_email"]
    assert config["tags"]["project"] == answers["project_slug"]
    assert config["tags"]["owner"] == answers["owner"]

    for path, text in found.items():
        if path.as_posix().startswith(COMMAND_FOLDERS):
            for question in ("description", "owner", "project_name"):
                assert len(answers[question]) < 6 or answers[question] not in text, (path, question)
