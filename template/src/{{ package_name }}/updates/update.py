"""The job without any token: update the project on a branch of its own, commit, check, and hand on the result.

`copier update` runs code of the template, so this job must hold nothing worth stealing. It ends well with conflicts
too: they are committed with their marks, for a person to settle in the pull request.
"""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from ..errors import UserError
from ..infra import tools
from ..local import template_edits
from ..paths import Project
from . import handover, news, words
from .handover import Update
from .repository import author, git

CHECKS = (("ruff", "check"), ("mypy",), ("pytest",), ("mlops", "check"))
_END = 40  # lines of a failed check that are kept
_RELOCK = ("uv", "run", "--no-project", "python", "requirements/lock.py")


def update(project: Project, folder: Path, show: Callable[[str], None]) -> Update | None:
    """Update the project to the newest version of its template; return what a person should know.

    Returns:
        None if the project is up to date; else the update, which is committed on the branch that is checked out now.

    Raises:
        UserError: the project has uncommitted changes, does not know its template, or Copier refuses the update.
    """
    root = project.root
    if git(root, "status", "--porcelain").strip():
        raise UserError("the project has uncommitted changes: commit or stash them, then run the command again")
    handover.write(folder, None)
    copier = template_edits.find_copier()
    found: dict[str, Any] = json.loads(_copier(root, [*copier, "check-update", "--output-format", "json"]))
    if not found["update_available"]:
        return None
    version, base = str(found["latest_version"]), git(root, "rev-parse", "HEAD").strip()
    show(f"{found['current_version']} -> {version}: looking for edits in files that move ...")
    with template_edits.simulated(project, None, []) as simulated:
        lost = [edit.sentence for edit in template_edits.edits(project, simulated)]
    made = Update(version, str(found["current_version"]), base, lost=lost)
    git(root, "switch", "--quiet", "--create", made.branch)
    show("updating ...")
    _copier(root, [*copier, *words.UPDATE.split()[1:], "--quiet"])
    # Not `git diff --quiet`: it sees no new file, and a release can consist of new files alone.
    if not git(root, "status", "--porcelain").strip():
        return None
    conflicts = git(root, "diff", "--name-only", "--diff-filter=U", "-z").split("\0")[:-1]  # before they are added
    failed = {} if conflicts else _relocked(root, show)
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--no-verify", "--message", words.title(made), variables=author(root))
    if not conflicts:
        failed |= _checked(root, show)
    recorded = (root / template_edits.ANSWERS).read_text(encoding="utf-8")
    tag, source = (_answer(recorded, key) for key in ("_commit", "_src_path"))
    told = news.read(root, source, tag, made.before)
    made = Update(version, made.before, base, told, conflicts, lost, failed)
    difference = ("diff", "--binary", "--full-index", "--no-color", "--no-ext-diff", "--no-textconv")
    git(root, *difference, f"--output={folder.resolve() / handover.PATCH}", base, "HEAD")
    (folder / handover.SUMMARY).write_text(words.summary(made), encoding="utf-8")
    handover.write(folder, made)
    return made


def _answer(recorded: str, key: str) -> str:
    found = re.search(rf"^{key}: (.+)$", recorded, re.MULTILINE)
    return str(yaml.safe_load(found[1])) if found else ""


def _relocked(root: Path, show: Callable[[str], None]) -> dict[str, str]:
    """Bring the locks in line where the template changed what the project needs; return the failure."""
    changed = git(root, "diff", "--name-only", "HEAD", "--", "pyproject.toml", "requirements/*.in")
    return _run(root, _RELOCK, show) if changed.strip() else {}


def _checked(root: Path, show: Callable[[str], None]) -> dict[str, str]:
    failed: dict[str, str] = {}
    for check in CHECKS:
        failed |= _run(root, ("uv", "run", *check), show)
    return failed


def _run(root: Path, command: tuple[str, ...], show: Callable[[str], None]) -> dict[str, str]:
    """Run a command of uv in the updated project; return the end of its output by its name if it fails."""
    path = tools.find("uv", "install uv")
    # `uv run` shall install what the updated locks name, also where a pipeline installs before.
    ended = tools.run([path, *command[1:]], folder=root, variables={"UV_NO_SYNC": "0"})
    name = " ".join(command)
    show(f"{'passed' if ended.code == 0 else 'failed'}  {name}")
    if ended.code == 0:
        return {}
    text = tools.without_secrets(f"{ended.out.rstrip()}\n{ended.err.rstrip()}".strip())
    return {name: "\n".join(text.splitlines()[-_END:])}


def _copier(root: Path, command: list[str]) -> str:
    ended = tools.run(command, folder=root)
    if ended.code:
        reason = ended.reason
        if "Traceback (most recent call last)" in reason:  # the last line names the error
            reason = reason.splitlines()[-1].partition(": ")[2]
        raise UserError(f"copier: {reason}")
    return ended.out
