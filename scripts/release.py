"""Release a version of the template: `make release VERSION=1.2.0`.

Usage:
  python scripts/release.py start 1.2.0      refuse what is not ready, then have the workflow `release` check it
  python scripts/release.py here 1.2.0       the same without GitHub: tag this commit and push the tag
  python scripts/release.py publish 1.2.0    in the workflow: tag the commit, publish the notes, remove the branch

It needs Python and git alone; `publish` also needs `gh`. Copier takes the newest tag, so the tag is the release.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
MAIN = "main"
CHANGELOG = "CHANGELOG.md"
_VERSION = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)")
_TAG = re.compile(rf"v({_VERSION.pattern})")
_HEADING = re.compile(rf"^## ({_VERSION.pattern})(?: \((.*)\))?$", re.MULTILINE)
_DAY = re.compile(r"\d{4}-\d\d-\d\d")


class Refused(Exception):
    """Something is not ready: the message says what, by which rule, and what to do."""


def main(arguments: list[str]) -> None:
    """Run one command."""
    commands = {"start": start, "here": here, "publish": publish}
    if len(arguments) != 2 or arguments[0] not in commands:
        raise Refused(
            f"{' '.join(arguments) or 'nothing'!r} is refused: write one of {', '.join(commands)} and a version"
        )
    commands[arguments[0]](arguments[1])


def start(version: str) -> None:
    """Push the commit as the branch on which the workflow `release` checks, tags and publishes."""
    refuse_unready(version)
    refuse_unpushed()
    git("push", "--quiet", "origin", f"HEAD:refs/heads/release/{version}")
    print(
        f"The workflow 'release' now checks {version}; once it has passed, the tag v{version} and its notes are there."
    )


def here(version: str) -> None:
    """Tag this commit and push the tag; run `make lint test` before."""
    refuse_unready(version)
    refuse_unpushed()
    git("tag", "--annotate", f"v{version}", "--message", f"Version {version}")
    git("push", "--quiet", "origin", f"refs/tags/v{version}")
    print(f"v{version} is released: 'copier update' takes it from now on.")


def publish(version: str) -> None:
    """Make tag and release on GitHub for the commit that was checked; the branch has then served its purpose."""
    refuse_unready(version)
    commit = git("rev-parse", "HEAD")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "notes.md"
        file.write_text(notes(version) + "\n", encoding="utf-8")
        words = ("--target", commit, "--title", version, "--notes-file", str(file))
        run("gh", "release", "create", f"v{version}", *words)
    repository = os.environ["GITHUB_REPOSITORY"]
    run("gh", "api", "--method", "DELETE", f"repos/{repository}/git/refs/heads/release/{version}")


def refuse_unready(version: str) -> None:
    """Refuse a version that is none or not newer, uncommitted changes, and a CHANGELOG without its dated entry.

    Raises:
        Refused: one of these.
    """
    if not _VERSION.fullmatch(version):
        raise Refused(f"version {version!r} is refused: write MAJOR.MINOR.PATCH, such as 1.2.0")
    if changed := git("status", "--porcelain"):
        raise Refused(f"uncommitted changes are refused: commit or stash them first:\n{changed}")
    known = [found[1] for tag in git("tag", "--list", "v*").split() if (found := _TAG.fullmatch(tag))]
    newest = max(known, key=_numbers, default=None)
    if newest and _numbers(version) <= _numbers(newest):
        raise Refused(f"version {version} is refused: {newest} is released, and only a newer one can follow")
    notes(version)


def refuse_unpushed() -> None:
    """Refuse a commit that is not the newest of main on the server, where others can see it.

    Raises:
        Refused: it is another one.
    """
    git("fetch", "--quiet", "--tags", "origin", MAIN)
    ours, theirs = git("rev-parse", "HEAD"), git("rev-parse", "FETCH_HEAD")
    if ours != theirs:
        raise Refused(f"commit {ours[:9]} is refused: a release is the newest commit of origin/{MAIN}, {theirs[:9]}")


def notes(version: str) -> str:
    """Return the CHANGELOG's entry of a version, which must be the newest one and dated.

    Raises:
        Refused: it is missing, empty, not dated, or another version is above it.
    """
    text = (ROOT / CHANGELOG).read_text(encoding="utf-8")
    headings = list(_HEADING.finditer(text))
    ours = next((found for found in headings if found[1] == version), None)
    if ours is None:
        raise Refused(f"{CHANGELOG}: no heading '## {version} (YYYY-MM-DD)': write it above what this version brings")
    if not _DAY.fullmatch(ours[5] or ""):
        raise Refused(f"{CHANGELOG}: '{ours[0]}' has no day: write '## {version} (YYYY-MM-DD)'")
    above = text[: ours.start()]
    if re.search(r"^## ", above, re.MULTILINE):
        raise Refused(f"{CHANGELOG}: another entry stands above '## {version}': the newest version comes first")
    entry = re.split(r"^## ", text[ours.end() :], maxsplit=1, flags=re.MULTILINE)[0].strip()
    if not entry:
        raise Refused(f"{CHANGELOG}: '## {version}' is empty: say what users get and what they must do")
    return entry


def git(*arguments: str) -> str:
    return run("git", *arguments)


def run(*command: str) -> str:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Refused(f"{' '.join(command[:3])} failed: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout.strip()


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except Refused as error:
        sys.exit(f"release: {error}")
