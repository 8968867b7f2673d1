"""Tables in, typed frames out: the one reader that training, batch scoring and monitoring share.

`dataset` names the dtypes of a frame; `values` says how a file's values become these.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from . import data_folder, dataset
from .config.file_format import Files
from .config.project import ProjectConfig
from .dataset import Dataset
from .records import Contract, Feature
from .values import Kind

if TYPE_CHECKING:
    import pandas as pd

OF_FEATURES: Mapping[str, Kind] = {
    "numeric": "numeric",
    "categorical": "categorical",
    "boolean": "boolean",
    "time": "time",
}


def kinds(config: ProjectConfig) -> dict[str, Kind]:
    """Return the kind of every column that `config` names, features first."""
    columns = config.columns
    found: dict[str, Kind] = {name: columns.kind(name) for name in columns.features}
    if columns.id and columns.id not in found:
        found[columns.id] = "text"
    if columns.group and columns.group not in found:
        found[columns.group] = "text"
    if columns.time:
        found[columns.time] = "time"
    found[columns.target] = "numeric" if config.task == "regression" else "categorical"
    return found


def read(path: Path, config: ProjectConfig, *, require_target: bool = True) -> "pd.DataFrame":
    """Read the columns that `config` names from a file, or from all files of a folder.

    Raises:
        UserError: see `read_columns`.
    """
    return read_dataset(path, config, require_target=require_target).frame


def read_dataset(path: Path, config: ProjectConfig, *, require_target: bool = True) -> Dataset:
    """Do the same, and tell where each row is from and what was left out (see `dataset.read`)."""
    return dataset.read(data_folder.files(path), kinds(config), config, require_target=require_target)


def read_inputs(path: Path, contract: Contract) -> "pd.DataFrame":
    """Read the columns that a model needs from a file, and the id where the file has it.

    The contract says how files are written: where files are scored there is the model's folder and nothing else.

    Raises:
        UserError: see `read_columns`.
    """
    columns = {feature.name: OF_FEATURES[feature.kind] for feature in contract.features}
    options = Files.model_validate(contract.files)
    if contract.id is None or contract.id in columns:
        return read_columns(path, columns, options)
    return read_columns(path, columns | {contract.id: "text"}, options, optional=[contract.id])


def read_columns(
    path: Path, columns: Mapping[str, Kind], options: Files | None = None, *, optional: Sequence[str] = ()
) -> "pd.DataFrame":
    """Read `columns` from a .csv, .csv.gz or .parquet file, or from all such files of a folder.

    Args:
        path: the file or folder; the files of a folder are read in the order of their names.
        columns: name -> kind of each column to read; other columns of the file are ignored.
        options: how the files are written, None for the defaults.
        optional: names in `columns` that a file may lack; they are then absent from the result.

    Returns:
        A frame (rows, columns) in canonical dtypes with a fresh RangeIndex.

    Raises:
        UserError: no such file, a column is missing, or a value does not fit its column's kind.
    """
    return dataset.read_columns(data_folder.files(path), columns, options or Files(), optional).frame


def write_part(frame: "pd.DataFrame", folder: Path, name: str, config: ProjectConfig) -> None:
    """Write a part of the rows for the steps that follow."""
    frame.to_parquet(folder / f"{name}.parquet", index=False)


def read_part(folder: Path, name: str, columns: Sequence[str] | None = None) -> "pd.DataFrame":
    """Return a part of the rows as `write_part` wrote it, or some of its columns."""
    import pandas as pd

    return pd.read_parquet(folder / f"{name}.parquet", columns=None if columns is None else list(columns))


def derive(frame: "pd.DataFrame", config: ProjectConfig) -> "pd.DataFrame":
    """Return the frame as it is: the files of a table hold all slice columns."""
    return frame


def describe(
    frame: "pd.DataFrame", config: ProjectConfig, classes: Sequence[str] | None, package_version: str | None = None
) -> Contract:
    """Return the contract of a model that learned from the rows of `frame`.

    Args:
        frame: the training rows.
        config: names the columns.
        classes: class labels in the order of the model's probabilities, None for a regression.
        package_version: version of the library that fitted the model.
    """
    columns = config.columns
    return Contract(
        task=config.task,
        target=columns.target,
        id=columns.id,
        features=tuple(_describe_feature(name, config, frame[name]) for name in columns.features),
        classes=None if classes is None else tuple(classes),
        max_rows=config.serving.max_rows,
        trained_until=frame[columns.time].max().isoformat() if columns.time else None,
        package_version=package_version,
        files=config.files.model_dump(),
    )


def _describe_feature(name: str, config: ProjectConfig, column: "pd.Series") -> Feature:
    kind, filled = config.columns.kind(name), column.dropna()
    categories = tuple(sorted(filled.unique().tolist())) if kind == "categorical" else None
    if kind not in ("numeric", "time") or filled.empty:
        return Feature(name, kind, categories)
    low, high = filled.min(), filled.max()
    if kind == "time":  # in seconds since 1970
        low, high = low.timestamp(), high.timestamp()
    return Feature(name, kind, categories, float(low), float(high))
