"""Data files in, typed frames out: the one reader that training, batch scoring and monitoring share.

`content` knows the columns of this project's kind of data; `dataset` names the dtypes of a frame.
"""

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from . import content, data_folder, dataset
from .config.file_format import Files
from .config.project import ProjectConfig
from .dataset import Dataset
from .figures import shortened
from .records import Contract
from .values import Kind

if TYPE_CHECKING:
    import pandas as pd

log = logging.getLogger(__name__)


def read(path: Path, config: ProjectConfig, *, require_target: bool = True) -> "pd.DataFrame":
    """Read the columns that `config` names from a file, or from all files of a folder; what is left out is logged.

    Raises:
        UserError: see `dataset.read_columns`.
    """
    found = read_dataset(path, config, require_target=require_target)
    for sentence in shortened(found.left_out):
        log.warning("left out: %s", sentence)
    return found.frame


def read_dataset(path: Path, config: ProjectConfig, *, require_target: bool = True) -> Dataset:
    """Do the same, and tell where each row is from and what was left out (see `dataset.read`)."""
    return content.read(path, config, require_target=require_target)


def read_inputs(path: Path, contract: Contract) -> "pd.DataFrame":
    """Read the columns that a model needs from a file, and the id where the file has it.

    The contract says how files are written: where files are scored there is the model's folder and nothing else.

    Raises:
        UserError: see `dataset.read_columns`.
    """
    return content.read_inputs(path, contract, Files.model_validate(contract.files))


def read_columns(
    path: Path, columns: Mapping[str, Kind], options: Files | None = None, *, optional: Sequence[str] = ()
) -> "pd.DataFrame":
    """Read `columns` from a data file, or from all data files of a folder in the order of their names.

    Args:
        path: the file or folder.
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
    """Write a part of the rows, <name>.parquet and what belongs to it, for the steps that follow."""
    content.packed(frame, folder, name, config).to_parquet(folder / f"{name}.parquet", index=False)


def read_part(folder: Path, name: str, config: ProjectConfig, columns: Sequence[str] | None = None) -> "pd.DataFrame":
    """Return a part of the rows as `write_part` wrote it, or some of its columns."""
    import pandas as pd

    path = folder / f"{name}.parquet"
    frame = pd.read_parquet(path, columns=None if columns is None else list(columns))
    return content.unpacked(frame, folder, config)


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
        features=content.features(frame, config),
        classes=None if classes is None else tuple(classes),
        max_rows=config.serving.max_rows,
        trained_until=frame[columns.time].max().isoformat() if columns.time else None,
        package_version=package_version,
        files=config.files.model_dump(),
    )
