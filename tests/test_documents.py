"""Documents name only files, commands and choices that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support import harness

LINK = re.compile(r"\]\(([^)#\s]*)(?:#([^)\s]+))?\)")
DOCUMENTS = [
    *sorted(harness.ROOT.glob("*.md")),
    *sorted((harness.ROOT / "docs").rglob("*.md")),
]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(harness.ROOT)))
def test_template_links_lead_to_files(document: Path) -> None:
    _assert_links_exist(document)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(harness.ROOT)))
def test_named_make_targets_exist(document: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (harness.ROOT / "Makefile").read_text(), re.MULTILINE))
    for command in re.findall(r"(?:^|`)make ([a-z -]+?)(?:`|$|  )", document.read_text(), re.MULTILINE):
        assert set(command.split()) <= targets, command


def test_rendered_links_lead_to_files(render: harness.Render) -> None:
    for answers in harness.VARIANTS.values():
        project = render(answers)
        for document in project.rglob("*.md"):
            _assert_links_exist(document)


def test_choosing_covers_every_choice() -> None:
    text = (harness.ROOT / "docs" / "choosing.md").read_text()
    for question in (*harness.AXES, "network", "serving"):
        for value in harness.choices(question):
            assert f"`{value}`" in text, value


def test_decisions_have_all_three_parts() -> None:
    records = sorted((harness.ROOT / "docs" / "decisions").glob("*.md"))
    assert [int(record.name[:4]) for record in records] == list(range(1, len(records) + 1))
    for record in records:
        for part in ("**Situation.**", "**Decision.**", "**Consequences.**"):
            assert part in record.read_text(), record


def _assert_links_exist(document: Path) -> None:
    for link, heading in LINK.findall(document.read_text()):
        if not re.match(r"[a-z]+:", link):
            target = document.parent / link if link else document
            assert target.exists(), f"{document} links to {link}"
            assert not heading or heading in _anchors(target), f"{document} links to {link}#{heading}"


def _anchors(document: Path) -> set[str]:
    """Return the names by which GitHub and Azure DevOps link to a document's headings."""
    headings = re.findall(r"^#+ (.+)$", document.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}
