"""Words of the project's own style: the actor of a sentence has a name, and a sentence has a subject."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.support import harness

pytestmark = pytest.mark.quick

TEXTS = {".md", ".jinja", ".py", ".yml", ".yaml", ".bicep", ".tf", ".hcl", ".toml", ".ipynb", ".json"}
UNNAMED = re.compile(r"\b(nobody|somebody|anew)\b", re.IGNORECASE)
# A clause as the subject, `What is found is ...`; a heading or a question may begin with `What`.
CLAUSE = re.compile(r"(?:^|[.:!] )What (?:is|was|has|could|may|must|does|costs|remains|comes)\b[^?|\n]*$", re.MULTILINE)


def _files() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=harness.ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    found = [harness.ROOT / name for name in listed.split("\0") if Path(name).suffix in TEXTS]
    return [path for path in found if path.exists() and path != Path(__file__)]


def test_actors_are_named() -> None:
    found = [f"{path}: {word}" for path in _files() for word in UNNAMED.findall(path.read_text(encoding="utf-8"))]
    assert found == []


def test_no_clause_is_a_subject() -> None:
    documents = [path for path in _files() if ".md" in path.suffixes or path.suffix == ".md"]
    found = [f"{path}: {match[0]}" for path in documents for match in CLAUSE.finditer(path.read_text(encoding="utf-8"))]
    assert found == []
