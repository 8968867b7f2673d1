"""The folders and files of this project."""

from dataclasses import dataclass
from pathlib import Path

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
        """Return `path` for a message: relative to the project where possible."""
        try:
            return path.resolve().relative_to(self.root).as_posix()
        except ValueError:
            return str(path)
