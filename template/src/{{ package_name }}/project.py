"""Where things are: the folders of this project and safe ways to write into them."""

import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .errors import UserError

CONFIG = Path("config", "project.yml")


@dataclass(frozen=True)
class Project:
    """One checkout of this project; everything made by a run lies under `outputs`."""

    root: Path

    @classmethod
    def find(cls, start: Path | None = None) -> "Project":
        """Walk up from `start` (default: the current folder) to the folder that holds config/project.yml.

        Raises:
            UserError: no folder above `start` holds that file.
        """
        here = (start or Path.cwd()).resolve()
        for folder in (here, *here.parents):
            if (folder / CONFIG).is_file():
                return cls(folder)
        raise UserError(f"{here}: neither it nor a folder above holds {CONFIG.as_posix()}; change into the project")

    @property
    def config_path(self) -> Path:
        return self.root / CONFIG

    @property
    def code(self) -> Path:
        """The folder that Azure ML uploads as the code of every step."""
        return self.root / "src"

    @property
    def pipeline(self) -> Path:
        return self.root / "azureml" / "pipelines" / "train.yml"

    @property
    def outputs(self) -> Path:
        return self.root / "outputs"

    @property
    def production(self) -> Path:
        """Labelled data that arrived after training, one file a period."""
        return self.root / "data" / "production"

    @property
    def mlflow_uri(self) -> str:
        return "sqlite:///" + (self.outputs / "mlflow" / "mlflow.db").as_posix()

    def relative(self, path: Path) -> str:
        """`path` as a reader of a message wants it: relative to the project where possible."""
        try:
            return path.resolve().relative_to(self.root).as_posix()
        except ValueError:
            return str(path)


def atomic_write(path: Path, text: str) -> None:
    """Write `text` to `path` so that a reader sees the old file or the new one, never a part.

    Raises:
        UserError: the folder cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Not `tempfile`: it would keep others from reading the file.
        partial = path.with_name(f".{path.name}.{os.getpid()}-{secrets.token_hex(4)}")
        try:
            with partial.open("x", encoding="utf-8", newline="\n") as stream:
                stream.write(text)
                stream.flush()
                os.fsync(stream.fileno())
            partial.replace(path)
        except BaseException:
            partial.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise UserError(f"{path}: cannot be written: {error.strerror or error}") from error


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write `content` as strict JSON (no NaN), atomically."""
    atomic_write(path, json.dumps(content, indent=2, allow_nan=False) + "\n")


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON object written by this project.

    Raises:
        UserError: the file is missing or is not a JSON object.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserError(f"{path}: no such file") from None
    except ValueError as error:
        raise UserError(f"{path}: is not JSON: {error}") from None
    if not isinstance(content, dict):
        raise UserError(f"{path}: must hold a JSON object, not {type(content).__name__}")
    return content
