"""Find edits of this project that an update from its template, or a changed answer, would lose.

`copier update` merges the template's changes with those made here, line by line. A file that the template drops or
moves is different: Copier deletes it, edited or not, without a conflict. So a second, unedited copy of the project is
rendered and updated by Copier itself; the files that disappear from it are compared with those of this project.
Nothing is written into the project.
"""

import difflib
import os
import re
import shutil
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any

import yaml

from ..errors import UserError
from ..paths import Project

ANSWERS = ".copier-answers.yml"
MARKS = re.compile(rb"^(<{7} before updating|>{7} after updating)$", re.MULTILINE)  # as Copier writes them
LARGEST = 2_000_000  # bytes of a file that people edit
MOVES = "local/moved.yml"  # in the package
EXTENSIONS = "copier-template-extensions"
SIMILAR = 0.5  # share of lines that two files have in common; git, too, calls such files renamed

# git sets these for hooks; with them, git in the temporary copy would act on the repository of this project.
_OF_A_HOOK = {"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_OBJECT_DIRECTORY", "GIT_COMMON_DIR"}


@dataclass(frozen=True)
class Edit:
    """An edit in a file that the update removes or moves.

    `path` is the file's path now and `target` its path after the update, or None if the template has no such file any
    more. `change` is "edited", "deleted" (the file was deleted here and comes back at its new path) or "own" (the file
    is not the template's, and stays alone in a folder that the template moves).
    """

    path: str
    target: str | None
    change: str
    added: int = 0
    removed: int = 0

    @property
    def sentence(self) -> str:
        """What becomes of it."""
        if self.change == "own":
            return f"{self.path}: your own file; its folder moves to {PurePosixPath(self.target or '').parent}"
        if self.change == "deleted":
            return f"{self.path}: deleted here; comes back as {self.target}"
        place = f"moves to {self.target}" if self.target else "the template drops it"
        return f"{self.path}: lines added {self.added}, removed {self.removed}; {place}"


@dataclass(frozen=True)
class Update:
    """The files of the template in this project, unedited, before and after the update."""

    before: Path
    after: Path

    @cached_property
    def old(self) -> frozenset[str]:
        """Paths before the update."""
        return frozenset(_files(self.before))

    @cached_property
    def new(self) -> frozenset[str]:
        """Paths after the update."""
        return frozenset(_files(self.after))

    @cached_property
    def places(self) -> dict[str, str | None]:
        """For each file that the update removes, its path afterwards; None if the template drops it.

        The added file with the most similar content is taken. Of several equal ones, the one whose path is most alike.
        Of a file that resembles none, the list of moves says where it is now.
        """
        added = {path: (self.after / path).read_bytes() for path in self.new - self.old}
        places: dict[str, str | None] = {}
        for path in self.old - self.new:
            content = (self.before / path).read_bytes()
            found = {new: 1.0 for new, text in added.items() if text == content}
            found = found or {new: _similarity(content, text) for new, text in added.items()}
            best = max(found, key=lambda new: (found[new], *_likeness(path, new), new), default=None)
            places[path] = best if best and found[best] >= SIMILAR else self.moves.get(path)
        return places

    @cached_property
    def moves(self) -> dict[str, str]:
        """Moves of modules that the version after the update lists, as paths of this project before and after it."""
        old = next((path.parent for path in sorted(self.before.glob("src/*/__init__.py"))), None)
        moves: dict[str, str] = {}
        for listed in self.after.glob(f"src/*/{MOVES}") if old else ():
            now = listed.parents[len(PurePosixPath(MOVES).parts) - 1]
            for path, target in yaml.safe_load(listed.read_text(encoding="utf-8")).items():
                place = (now / target).relative_to(self.after).as_posix()
                if place in self.new:
                    moves[(old / path).relative_to(self.before).as_posix()] = place
        return moves

    def folder(self, path: str) -> str | None:
        """Return the folder to which the template moves the folder of `path`; None if it stays or is dropped."""
        old, new = _folders(self.old), _folders(self.new)
        above = next(str(parent) for parent in PurePosixPath(path).parents if str(parent) in old)
        if above in new:
            return None
        moved: Counter[str] = Counter()
        for file, target in sorted(self.places.items()):
            inside = file.removeprefix(f"{above}/")
            if target and inside != file and target.endswith(f"/{inside}"):
                moved[target.removesuffix(f"/{inside}")] += 1
        if not moved:
            return None
        return str(PurePosixPath(moved.most_common(1)[0][0], PurePosixPath(path).parent.relative_to(above)))


@contextmanager
def simulated(project: Project, to: str | None, data: Sequence[str]) -> Iterator[Update]:
    """Have Copier render the unedited project and update it to the version `to` with the answers `data` (KEY=VALUE).

    Raises:
        UserError: the project does not know its template, Copier cannot be found, or it refuses the update.
    """
    answers = project.root / ANSWERS
    if not answers.is_file():
        raise UserError(f"{ANSWERS}: no such file: only it names the template; restore it from git")
    recorded = _answers(answers)
    for key in ("_src_path", "_commit"):
        if not recorded.get(key):
            raise UserError(
                f"{ANSWERS}: '{key}' is missing: Copier can only update a project made from a git repository"
            )
    for one in data:
        if "=" not in one:
            raise UserError(f"--data: {one!r} is no answer: write KEY=VALUE")
    copier = find_copier()
    version = [f"--vcs-ref={to}"] if to else []
    changed = [f"--data={one}" for one in data]
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        before, after = Path(folder, "before"), Path(folder, "after")
        before.mkdir()
        shutil.copy(answers, before)
        # From the project's root: a template given by a relative path is found from there.
        rendering = [*copier, "recopy", "--trust", "--defaults", "--overwrite", "--quiet", "--vcs-ref=:current:"]
        _run([*rendering, str(before)], project.root)
        shutil.copytree(before, after, symlinks=True)
        _commit(after)
        _run([*copier, "update", "--trust", "--defaults", "--quiet", *version, *changed, str(after)], project.root)
        known = _answers(after / ANSWERS)
        for one in data:
            if (key := one.partition("=")[0]) not in known:
                raise UserError(f"--data: {key!r} is refused: {ANSWERS} would not hold it after the update")
        yield Update(before, after)


def unsettled(root: Path) -> list[str]:
    """Return the files that still hold the marks of an update's conflicts; none outside of a git repository."""
    if not shutil.which("git") or not any((folder / ".git").exists() for folder in (root, *root.parents)):
        return []
    files = [root / path for path in sorted(_tracked(root))]
    texts = [path for path in files if path.is_file() and path.stat().st_size < LARGEST]
    return [path.relative_to(root).as_posix() for path in texts if MARKS.search(path.read_bytes())]


def find_copier() -> list[str]:
    """Return the command that starts Copier: installed on this machine, or fetched by uv.

    Raises:
        UserError: there is neither.
    """
    if path := shutil.which("copier"):
        return [path]
    if path := shutil.which("uvx"):
        return [path, "--with", EXTENSIONS, "copier"]
    raise UserError(
        f"neither 'copier' nor 'uvx' is on PATH: install uv, or Copier with the package {EXTENSIONS} beside it"
    )


def edits(project: Project, update: Update) -> list[Edit]:
    """Return the edits that `update` would lose, and the own files that it would leave behind, in order of paths."""
    found = []
    for path in sorted(update.old - update.new):
        ours, theirs = project.root / path, update.before / path
        if ours.is_file():
            if not _same(ours.read_bytes(), theirs.read_bytes()):
                added, removed = _lines(theirs, ours)
                found.append(Edit(path, update.places[path], "edited", added, removed))
        else:
            target = update.places[path]
            if target and not (project.root / target).exists():  # else it was moved before the update, as advised
                found.append(Edit(path, target, "deleted"))
    for path in _tracked(project.root) - update.old - update.new:
        folder = update.folder(path)
        if folder and (project.root / path).is_file():
            found.append(Edit(path, f"{folder}/{PurePosixPath(path).name}", "own"))
    return sorted(found, key=lambda edit: edit.path)


def patch(project: Project, update: Update, found: Iterable[Edit]) -> bytes:
    """Return the edits in files that move as one patch for the paths that these have after the update."""
    moved = [(edit.path, edit.target) for edit in found if edit.change == "edited" and edit.target]
    if not moved:
        return b""
    with tempfile.TemporaryDirectory() as folder:
        for path, target in moved:
            for side, source in (("a", update.before), ("b", project.root)):
                file = Path(folder, side, target)
                file.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(source / path, file)
        # With the full names of the blobs, by which `git apply --3way` finds the version before the edit.
        command = [
            "git",
            "diff",
            "--no-index",
            "--no-prefix",
            "--no-color",
            "--no-ext-diff",
            "--binary",
            "--full-index",
        ]
        return _run([*command, "a", "b"], Path(folder), accepted=(0, 1))


def _answers(path: Path) -> dict[str, Any]:
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UserError(f"{path.name}: is not valid YAML: {' '.join(str(error).split())}") from None
    if not isinstance(content, dict):
        raise UserError(f"{path.name}: must hold keys and values, not {type(content).__name__}; restore it from git")
    return content


def _files(root: Path) -> Iterator[str]:
    for path in root.rglob("*"):
        relative = path.relative_to(root)
        if relative.parts[0] != ".git" and (path.is_file() or path.is_symlink()):
            yield relative.as_posix()


def _folders(paths: Iterable[str]) -> set[str]:
    return {str(parent) for path in paths for parent in PurePosixPath(path).parents}


def _similarity(one: bytes, other: bytes) -> float:
    """Share of lines that two files have in common; 0 if it is below `SIMILAR`."""
    matcher = difflib.SequenceMatcher(None, one.splitlines(), other.splitlines(), autojunk=False)
    return matcher.ratio() if min(matcher.real_quick_ratio(), matcher.quick_ratio()) >= SIMILAR else 0.0


def _likeness(one: str, other: str) -> tuple[int, int]:
    """Number of parts that two paths have in common at their ends, and minus the difference of their lengths."""
    a, b = one.split("/"), other.split("/")
    common = 0
    for left, right in zip(reversed(a), reversed(b), strict=False):
        if left != right:
            break
        common += 1
    return common, -abs(len(a) - len(b))


def _same(one: bytes, other: bytes) -> bool:
    return one == other or one.replace(b"\r\n", b"\n") == other.replace(b"\r\n", b"\n")


def _lines(old: Path, new: Path) -> tuple[int, int]:
    """Number of lines that are only in `new`, and only in `old`."""
    matcher = difflib.SequenceMatcher(
        None, old.read_bytes().splitlines(), new.read_bytes().splitlines(), autojunk=False
    )
    changed = [operation[1:] for operation in matcher.get_opcodes() if operation[0] != "equal"]
    return sum(j2 - j1 for _, _, j1, j2 in changed), sum(i2 - i1 for i1, i2, _, _ in changed)


def _tracked(root: Path) -> set[str]:
    """Paths of the files that belong to the project: known to git, or new and not ignored."""
    listed = _run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], root)
    return {os.fsdecode(path) for path in listed.split(b"\0") if path}


def _commit(folder: Path) -> None:
    quiet = ["-c", "user.name=mlops", "-c", "user.email=mlops@localhost", "-c", f"core.hooksPath={os.devnull}"]
    _run(["git", "init", "--quiet"], folder)
    _run(["git", "add", "--all", "--force"], folder)
    _run(["git", *quiet, "commit", "--quiet", "--no-gpg-sign", "--message", "As rendered"], folder)


def _run(command: list[str], folder: Path, accepted: Sequence[int] = (0,)) -> bytes:
    """Run a tool in `folder` and return its output.

    Raises:
        UserError: it cannot be started, or it fails; with the reason in its own words.
    """
    name = Path(command[0]).stem
    variables = {key: value for key, value in os.environ.items() if key not in _OF_A_HOOK}
    try:
        done = subprocess.run(command, cwd=folder, env=variables, stdin=subprocess.DEVNULL, capture_output=True)
    except OSError as error:
        raise UserError(f"{name}: cannot be started: {error.strerror or error}") from None
    if done.returncode not in accepted:
        reason = done.stderr.decode(errors="replace").strip()
        if "Traceback (most recent call last)" in reason:  # the last line names the error
            reason = reason.splitlines()[-1].partition(": ")[2]
        raise UserError(f"{name}: {reason or f'ended with exit code {done.returncode}'}")
    return done.stdout
