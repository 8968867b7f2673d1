"""The folders and files of this project."""

import os
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from .errors import UserError

CONFIG = Path("config", "project.yml")
LONGEST_DATABASE = 504  # bytes: SQLite opens paths of 512, and its journal's name is 8 bytes longer


@dataclass(frozen=True)
class Project:
    """One checkout of this project; everything made by a run lies under `outputs`."""

    root: Path

    @classmethod
    def find(cls, start: Path | None = None) -> "Project":
        """Walk up from `start` (default: the current folder) to the folder that holds config/project.yml.

        Raises:
            UserError: no folder above `start` holds that file, or SQLite could not open a database in it.
        """
        here = (start or Path.cwd()).resolve()
        for folder in (here, *here.parents):
            if (folder / CONFIG).is_file():
                found = cls(folder)
                found.refuse_unusable_path()
                return found
        raise UserError(f"{here}: neither it nor a folder above holds {CONFIG.as_posix()}; change into the project")

    def refuse_unusable_path(self) -> None:
        """Raise a UserError if this folder's path cannot be written in UTF-8 or is too long for SQLite."""
        try:
            size = len(str(self.database).encode())
        except UnicodeEncodeError:
            raise UserError(f"{str(self.root)!r}: the path is not UTF-8; rename the folder") from None
        if size > LONGEST_DATABASE:
            raise UserError(
                f"{self.root}: the path is {size - LONGEST_DATABASE} bytes too long, SQLite opens {LONGEST_DATABASE}"
                f" for {self.relative(self.database)}; move the project to a shorter path"
            )

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
    def database(self) -> Path:
        """MLflow's database of runs and model versions; its artifacts are beside it."""
        return self.outputs / "mlflow" / "mlflow.db"

    @property
    def mlflow_uri(self) -> str:
        # For a URI that begins with "sqlite:///", MLflow makes the folders of the quoted path: they are others.
        return "sqlite+pysqlite:///" + quote(self.database.as_posix())

    def relative(self, path: Path) -> str:
        """Return `path` for a message or a record: relative to the project where possible."""
        here = Path(os.path.normpath(path.absolute()))  # a link within the project is named as such
        if not here.is_relative_to(self.root):
            here = path.resolve()
        return here.relative_to(self.root).as_posix() if here.is_relative_to(self.root) else str(path)
