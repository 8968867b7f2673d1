"""The journal of bootstrap: which objects this command made, so that `--undo` removes no others."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..errors import UserError
from ..files import read_json, write_json
from ..paths import Project

BEGUN, MADE = "begun", "made"


class Journal:
    """A JSON file outside of version control, `.mlops/bootstrap.json`: keys of steps, and facts; no secret is in it."""

    def __init__(self, path: Path) -> None:
        """Read the file, if there is one.

        Raises:
            UserError: it is damaged.
        """
        self._path = path
        content = read_json(path) if path.exists() else {}
        self._entries: dict[str, str] = _texts(path, content, "made")
        self._facts: dict[str, str] = _texts(path, content, "facts")

    @classmethod
    def of(cls, project: Project) -> "Journal":
        """Return the project's journal."""
        return cls(project.root / ".mlops" / "bootstrap.json")

    def entries(self) -> list[str]:
        """Return the objects that were begun or made, first ones first."""
        return list(self._entries)

    def is_open(self, key: str) -> bool:
        """Return whether an object was begun and not finished, by a run that ended in between."""
        return self._entries.get(key) == BEGUN

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

    def fact(self, name: str) -> str | None:
        """Return a fact of an earlier moment, None without one."""
        return self._facts.get(name)

    def note(self, name: str, value: str | None) -> None:
        """Keep a fact that a later process needs; None forgets it."""
        if self._facts.get(name) == value:
            return
        if value is None:
            del self._facts[name]
        else:
            self._facts[name] = value
        self._write()

    def _set(self, key: str, status: str) -> None:
        self._entries[key] = status
        self._write()

    def _write(self) -> None:
        write_json(self._path, {"made": self._entries, **({"facts": self._facts} if self._facts else {})})


def _texts(path: Path, content: Mapping[str, Any], name: str) -> dict[str, str]:
    found = content.get(name, {})
    if not isinstance(found, dict) or not all(isinstance(each, str) for each in found.values()):
        raise UserError(f"{path}: {name}: is refused: it must map names to texts; it says what 'mlops bootstrap' made")
    return dict(found)
