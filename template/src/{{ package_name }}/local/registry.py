"""The local model registry: MLflow's on SQLite, and a pointer to the champion that is read without MLflow."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse

from ..errors import UserError
from ..files import read_json, write_json
from ..paths import Project
from ..variables import applied, stated

ALIAS = "champion"


@dataclass(frozen=True)
class Champion:
    """The model in service; `artifacts` holds its folders model, evaluation, responsible_ai and gate."""

    name: str
    version: str
    digest: str
    artifacts: Path

    @property
    def model(self) -> Path:
        return self.artifacts / "model"

    @property
    def evaluation(self) -> Path:
        return self.artifacts / "evaluation"


def champion(project: Project) -> Champion | None:
    """Return the version that carries the alias `champion`, or None if no model has been registered yet.

    MLflow (seconds to import) is asked only if its database has changed since it was last asked.

    Raises:
        UserError: the store does not answer, or the champion's files are gone.
    """
    stamp = _stamp(project)
    if stamp is None:
        return None
    try:
        pointer = read_json(_pointer(project))
    except UserError:
        pointer = {}
    found = _known(project, pointer["champion"]) if pointer.get("store") == stamp else refresh(project)
    if found is None:
        return None
    if not found.model.is_dir():
        raise UserError(
            f"{project.relative(found.model)}: the champion's files ({found.name} version {found.version}) are gone;"
            " remove outputs/mlflow and outputs/registry to start again"
        )
    return found


def _known(project: Project, content: dict[str, str] | None) -> Champion | None:
    if content is None:
        return None
    return Champion(content["name"], content["version"], content["digest"], project.root / content["artifacts"])


def refresh(project: Project) -> Champion | None:
    """Ask MLflow for the champion and remember the answer for as long as its database stays as it is."""
    stamp = _stamp(project)  # before the question: what another process writes meanwhile is asked for again
    found = _ask(project)
    content = None
    if found:
        content = asdict(found) | {"artifacts": project.relative(found.artifacts)}
    write_json(_pointer(project), {"store": stamp, "champion": content})
    return found


def _ask(project: Project) -> Champion | None:
    from .. import tracking

    tracking.settle(project.database)
    with applied(stated(project)):
        from mlflow import MlflowClient
        from mlflow.exceptions import MlflowException

        try:
            client = MlflowClient()
            named = [model for model in client.search_registered_models() if ALIAS in model.aliases]
            if not named:
                return None
            name = named[0].name
            version = client.get_model_version_by_alias(name, ALIAS)
            uri = client.get_run(str(version.run_id)).info.artifact_uri
        except MlflowException as error:
            raise tracking.store_error(error) from error
    folder = Path(unquote(urlparse(uri).path))
    return Champion(name, str(version.version), version.tags.get("model_digest", ""), folder)


def _pointer(project: Project) -> Path:
    return project.outputs / "registry" / "champion.json"


def _stamp(project: Project) -> dict[str, Any] | None:
    """Return the state of MLflow's database, which changes with every write; None without one."""
    try:
        state = project.database.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    return {"size": state.st_size, "modified": state.st_mtime_ns}
