"""Documents name only files, commands and choices that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support import harness

LINK = re.compile(r"\]\(([^)#\s]+)[^)]*\)")
DOCUMENTS = [
    *sorted(harness.ROOT.glob("*.md")),
    *sorted((harness.ROOT / "docs").rglob("*.md")),
]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(harness.ROOT)))
def test_every_link_of_the_template_leads_to_a_file(document: Path) -> None:
    _assert_links_exist(document)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(harness.ROOT)))
def test_every_make_target_that_a_document_names_exists(document: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (harness.ROOT / "Makefile").read_text(), re.MULTILINE))
    for command in re.findall(r"(?:^|`)make ([a-z -]+?)(?:`|$|  )", document.read_text(), re.MULTILINE):
        assert set(command.split()) <= targets, command


def test_every_link_of_a_rendered_project_leads_to_a_file(render: harness.Render) -> None:
    for answers in harness.VARIANTS.values():
        project = render(answers)
        for document in project.rglob("*.md"):
            _assert_links_exist(document)


def test_how_to_choose_speaks_of_every_choice() -> None:
    text = (harness.ROOT / "docs" / "choosing.md").read_text()
    for question in (*harness.AXES, "network", "serving"):
        for value in harness.choices(question):
            assert f"`{value}`" in text, value


def test_every_decision_says_situation_decision_and_consequences() -> None:
    records = sorted((harness.ROOT / "docs" / "decisions").glob("*.md"))
    assert [int(record.name[:4]) for record in records] == list(range(1, len(records) + 1))
    for record in records:
        for part in ("**Situation.**", "**Decision.**", "**Consequences.**"):
            assert part in record.read_text(), record


def _assert_links_exist(document: Path) -> None:
    for link in LINK.findall(document.read_text()):
        if not re.match(r"[a-z]+:", link):
            assert (document.parent / link).exists(), f"{document} links to {link}"
