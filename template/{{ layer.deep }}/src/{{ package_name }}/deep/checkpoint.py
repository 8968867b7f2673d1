"""Checkpoints of a training run that may break off: whole files, of which the newest is kept.

checkpoint.json names the file with the state, its SHA-256 and the run that it belongs to. It is replaced in one step
after the state is written whole, so whenever a run is killed, it names a whole file.
"""

import hashlib
import json
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import UserError
from ..files import read_json, write_json

MANIFEST = "checkpoint.json"


@dataclass(frozen=True)
class Checkpoints:
    """The checkpoints of one run in a folder.

    Args:
        folder: they alone are in it.
        run: what makes the run what it is, such as digests of its data and settings: a state of another run is refused.
        seconds: least time between two checkpoints within an epoch.
    """

    folder: Path
    run: Mapping[str, str | int]
    seconds: float = 300.0

    def save(self, update: int, state: Mapping[str, Any]) -> None:
        """Write the state after an update; the earlier one is removed.

        Raises:
            UserError: the folder cannot be written.
        """
        import torch

        path = self.folder / f"state-{update:08d}.pt"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with path.open("wb") as stream:
                torch.save(dict(state), stream)
                stream.flush()
                os.fsync(stream.fileno())
            content = {"file": path.name, "sha256": _digest(path), "run": dict(self.run)}
            write_json(self.folder / MANIFEST, content)
            for old in self.folder.glob("state-*.pt"):
                if old != path:
                    old.unlink()
        except (OSError, RuntimeError) as error:  # torch reports a full disk as a RuntimeError
            raise UserError(f"{path}: cannot be written: {error}") from error

    def load(self, device: Any) -> dict[str, Any] | None:
        """Return the newest state, its tensors on `device`; None if there is none.

        Raises:
            UserError: it belongs to another run, or its file is not as it was written.
        """
        import torch

        manifest = self.folder / MANIFEST
        if not manifest.is_file():
            return None
        content = read_json(manifest)
        begin = f"remove {self.folder} to begin from the start"
        known = content.get("run")
        if not isinstance(known, dict) or not isinstance(content.get("file"), str):
            raise UserError(f"{manifest}: is not a manifest of checkpoints; {begin}")
        for name in sorted({*known, *self.run}):
            old, new = known.get(name), self.run.get(name)
            if old != new:
                raise UserError(
                    f"{manifest}: belongs to another run: its {name} is {json.dumps(old)}, here it is"
                    f" {json.dumps(new)}; {begin}, or name another folder"
                )
        path = self.folder / content["file"]
        if not path.is_file() or _digest(path) != content.get("sha256"):
            raise UserError(f"{path}: is torn or changed: its digest is not the one in {MANIFEST}; {begin}")
        state: dict[str, Any] = torch.load(path, map_location=device, weights_only=True)
        return state

    def clear(self) -> None:
        """Remove the checkpoints of a run that is complete."""
        for path in (self.folder / MANIFEST, *self.folder.glob("state-*.pt")):
            path.unlink(missing_ok=True)
        with suppress(OSError):  # it was never made, or other files are kept there
            self.folder.rmdir()


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
