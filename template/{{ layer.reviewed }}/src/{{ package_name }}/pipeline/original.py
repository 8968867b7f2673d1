"""The labelled data that the pipeline reads, before people have reviewed any of it."""

from .. import data
from ..config.project import ProjectConfig
from ..content import FIELD
from ..dataset import Dataset
from ..errors import UserError
from ..paths import Project
from ..review import items
from ..review.contract import Merged
from . import load


def rows(project: Project, config: ProjectConfig) -> list[Merged]:
    """Return the labelled data that the pipeline reads, as rows of a version; none if the folder holds no data.

    Raises:
        UserError: a file cannot be used, a row has no label or no content, or an id is there twice.
    """
    dataset = _dataset(project, config)
    if dataset is None:
        return []
    found, target = items.identified(dataset.frame, config), dataset.frame[config.columns.target]
    made = []
    for position, (sample_id, content, digest, label, columns) in enumerate(
        zip(*(found[name] for name in found), target, items.others(dataset.frame, config), strict=True)
    ):
        if content is None or label is None or label != label:
            what = "no content" if content is None else f"no {config.columns.target}"
            place = dataset.place(position, project.relative)
            raise UserError(f"{place} has {what}; `mlops check` lists all such rows")
        row = {"sample_id": sample_id, "content_sha256": digest, FIELD: content, "columns": columns}
        made.append(Merged.model_validate(row | {"label": str(label), "source": "original"}))
    return made


def contents(project: Project, config: ProjectConfig) -> dict[str, str]:
    """Return id -> hash of the content of each row, without asking for labels."""
    dataset = _dataset(project, config)
    if dataset is None:
        return {}
    found = items.identified(dataset.frame, config)
    return dict(zip(found["sample_id"], found["content_sha256"], strict=True))


def _dataset(project: Project, config: ProjectConfig) -> Dataset | None:
    path = project.root / str(load.load(project, project.pipeline).inputs["data"].default)
    if not path.exists() or (path.is_dir() and all(entry.name.startswith(".") for entry in path.iterdir())):
        return None
    return data.read_dataset(path, config)
