"""The journal of bootstrap: which objects this command made, so that `--undo` removes no others."""

from pathlib import Path

from ..files import read_json, write_json
from ..paths import Project

BEGUN, MADE = "begun", "made"


class Journal:
    """A JSON file outside of version control, `.mlops/bootstrap.json`: keys of steps; no secret is in it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._entries: dict[str, str] = dict(read_json(path)["made"]) if path.exists() else {}

    @classmethod
    def of(cls, project: Project) -> "Journal":
        """Return the project's journal."""
        return cls(project.root / ".mlops" / "bootstrap.json")

    def keys(self) -> list[str]:
        """Return the objects that were begun or made, first ones first."""
        return list(self._entries)

    def begin(self, key: str) -> None:
        """Note that an absent object is about to be made."""
        self._set(key, BEGUN)

    def finish(self, key: str) -> None:
        """Note that an object stands, if this command began it."""
        if self._entries.get(key) == BEGUN:
            self._set(key, MADE)

    def drop(self, key: str) -> None:
        """Forget an object."""
        if self._entries.pop(key, None):
            self._write()

    def _set(self, key: str, status: str) -> None:
        self._entries[key] = status
        self._write()

    def _write(self) -> None:
        write_json(self._path, {"made": self._entries})
