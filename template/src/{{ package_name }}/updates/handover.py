"""What the job that updates hands to the job that may push: a patch, and a record of what a person should know."""

import json
import re
from dataclasses import asdict, dataclass, field
from pathlib import Path

from ..errors import UserError

RECORD, PATCH, SUMMARY = "update.json", "update.patch", "summary.md"
_VERSION = re.compile(r"\d[\w.+-]*")
_COMMIT = re.compile(r"[0-9a-f]{40,64}")


@dataclass(frozen=True)
class PullRequest:
    """A pull request as far as an update concerns it; `state` is open, closed or merged."""

    url: str
    state: str


@dataclass(frozen=True)
class Update:
    """One update of this project.

    Attributes:
        version: of the template, after the update.
        before: its version until now.
        base: commit that the patch is made for.
        news: part of the template's CHANGELOG, a line for each paragraph or item.
        conflicts: files that hold both versions of some lines.
        lost: sentences about edits in files that the template moves or drops.
        failed: command of each check that failed -> the end of what it printed.
    """

    version: str
    before: str
    base: str
    news: list[str] = field(default_factory=list)
    conflicts: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)

    @property
    def branch(self) -> str:
        """Name of the branch that holds the update."""
        return f"template-update/{self.version}"

    @property
    def needs_work(self) -> bool:
        """Whether a person must change something before it can be merged."""
        return bool(self.conflicts or self.lost or self.failed)


def write(folder: Path, update: Update | None) -> None:
    """Write the record; None: the project is up to date."""
    folder.mkdir(parents=True, exist_ok=True)
    content = {"version": None} if update is None else asdict(update)
    (folder / RECORD).write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def read(folder: Path) -> Update | None:
    """Return the record, None if the project is up to date.

    The job that wrote it ran code of the template: names that reach git are checked.

    Raises:
        UserError: there is none, or it is no record.
    """
    path = folder / RECORD
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        found = None if content["version"] is None else Update(**content)
    except FileNotFoundError:
        raise UserError(f"{path}: no such file: run 'mlops template update' first") from None
    except (ValueError, TypeError, KeyError) as error:
        raise UserError(f"{path}: is no record of an update: {error}") from None
    if found and (not _VERSION.fullmatch(found.version) or ".." in found.version or not _COMMIT.fullmatch(found.base)):
        raise UserError(f"{path}: version {found.version!r} at {found.base!r} is refused")
    return found
