"""`make release` in a repository of its own: what it refuses, and what it pushes."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from tests.support import harness

CHANGELOG = """# Changes

## 1.2.0 (2026-12-01)

- New: a thing.

### What to do

Nothing.

## 1.1.0 (2026-11-01)

- Old.
"""
NOTES = "- New: a thing.\n\n### What to do\n\nNothing."

Release = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A checkout of main, pushed, with one release."""
    root = tmp_path / "template"
    (root / "scripts").mkdir(parents=True)
    shutil.copy(harness.ROOT / "scripts" / "release.py", root / "scripts")
    (root / "CHANGELOG.md").write_text(CHANGELOG)
    harness.commit(root, "Everything", "v1.1.0")
    harness.git("branch", "--quiet", "--move", "main", cwd=root)
    harness.git("clone", "--quiet", "--bare", str(root), str(tmp_path / "origin.git"), cwd=tmp_path)
    harness.git("remote", "add", "origin", str(tmp_path / "origin.git"), cwd=root)
    return root


@pytest.fixture
def release(repository: Path) -> Release:
    def call(command: str, version: str, **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "scripts/release.py", command, version],
            cwd=repository,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", **variables},
            capture_output=True,
            text=True,
            check=False,
        )

    return call


def references(repository: Path) -> set[str]:
    """Return what the server has."""
    listed = harness.git("ls-remote", "--refs", "origin", cwd=repository)
    return {line.split("\t")[1] for line in listed.splitlines()}


def test_start_pushes_the_branch_of_the_workflow(release: Release, repository: Path) -> None:
    done = release("start", "1.2.0")
    assert done.returncode == 0, done.stderr
    assert references(repository) == {"refs/heads/main", "refs/tags/v1.1.0", "refs/heads/release/1.2.0"}
    workflow = yaml.load((harness.ROOT / ".github/workflows/release.yml").read_text(), Loader=yaml.BaseLoader)
    assert workflow["on"] == {"push": {"branches": ["release/*"]}}
    assert workflow["jobs"]["publish"]["needs"] == "check"


def test_here_makes_the_tag_that_copier_takes(release: Release, repository: Path) -> None:
    assert release("here", "1.2.0").returncode == 0
    assert "refs/tags/v1.2.0" in references(repository)
    assert harness.git("describe", "--tags", cwd=repository).strip() == "v1.2.0"
    assert "1.2.0 is released, and only a newer one can follow" in release("here", "1.2.0").stderr


def test_publish_tags_the_checked_commit_with_its_notes(release: Release, repository: Path, tmp_path: Path) -> None:
    tools = tmp_path / "bin"
    tools.mkdir()
    script = (
        f'#!/bin/sh\necho "$@" >> {tmp_path}/calls\ncase "$*" in *notes-file*) cat "${{9}}" > {tmp_path}/notes;; esac\n'
    )
    (tools / "gh").write_text(script)
    (tools / "gh").chmod(0o755)
    head = harness.git("rev-parse", "HEAD", cwd=repository).strip()
    path = f"{tools}{os.pathsep}{os.environ['PATH']}"
    done = release("publish", "1.2.0", PATH=path, GITHUB_REPOSITORY="example-org/template")
    assert done.returncode == 0, done.stderr
    create, delete = (tmp_path / "calls").read_text().splitlines()
    assert create.startswith(f"release create v1.2.0 --target {head} --title 1.2.0 --notes-file ")
    assert delete == "api --method DELETE repos/example-org/template/git/refs/heads/release/1.2.0"
    assert (tmp_path / "notes").read_text() == f"{NOTES}\n"


@pytest.mark.parametrize("version", ["1.2", "v1.2.0", "1.2.0rc1", "01.2.0", "1.2.0;id", ""])
def test_refuses_what_is_no_version(version: str, release: Release, repository: Path) -> None:
    done = release("start", version)
    assert done.returncode == 1
    assert f"version {version!r} is refused: write MAJOR.MINOR.PATCH" in done.stderr
    assert len(references(repository)) == 2


@pytest.mark.parametrize("version", ["1.1.0", "1.0.9", "0.9.0"])
def test_refuses_what_is_not_newer(version: str, release: Release) -> None:
    assert f"version {version} is refused: 1.1.0 is released" in release("start", version).stderr


def test_compares_versions_as_numbers(release: Release, repository: Path) -> None:
    harness.git("tag", "v1.10.0", cwd=repository)
    assert "1.10.0 is released" in release("start", "1.9.0").stderr


def test_refuses_uncommitted_changes(release: Release, repository: Path) -> None:
    (repository / "new.txt").write_text("not committed\n")
    assert (
        "uncommitted changes are refused: commit or stash them first:\n?? new.txt" in release("start", "1.2.0").stderr
    )
    assert len(references(repository)) == 2


def test_refuses_what_main_does_not_have(release: Release, repository: Path) -> None:
    harness.commit(repository, "Not pushed")
    assert "a release is the newest commit of origin/main" in release("start", "1.2.0").stderr
    harness.git("push", "--quiet", "origin", "main", cwd=repository)
    assert release("start", "1.2.0").returncode == 0


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("## 1.2.0 (2026-12-01)", "## Unreleased", "no heading '## 1.2.0 (YYYY-MM-DD)'"),
        ("(2026-12-01)", "(not released yet)", "'## 1.2.0 (not released yet)' has no day"),
        (" (2026-12-01)", "", "'## 1.2.0' has no day"),
        ("## 1.2.0", "## Unreleased\n\n- Later.\n\n## 1.2.0", "another entry stands above '## 1.2.0'"),
        (NOTES, "", "'## 1.2.0' is empty"),
    ],
)
def test_refuses_an_unfinished_changelog(old: str, new: str, said: str, release: Release, repository: Path) -> None:
    text = CHANGELOG.replace(old, new)
    assert text != CHANGELOG
    (repository / "CHANGELOG.md").write_text(text)
    harness.commit(repository, "Edit the CHANGELOG")
    harness.git("push", "--quiet", "origin", "main", cwd=repository)
    done = release("start", "1.2.0")
    assert said in done.stderr
    assert len(references(repository)) == 2


def test_this_changelog_leads_with_the_version_that_comes_next() -> None:
    headings = [line for line in (harness.ROOT / "CHANGELOG.md").read_text().splitlines() if line.startswith("## ")]
    assert re.fullmatch(r"## \d+\.\d+\.\d+ \((not released yet|\d{4}-\d\d-\d\d)\)", headings[0])
    assert len(headings) == 1 or "(not released yet)" not in "".join(headings[1:])
