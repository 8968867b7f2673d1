"""The columns of a table: their kinds, and what the model sees of them.

`dataset` names the dtypes of a frame; `values` says how a file's values become these.
"""

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


def kinds(config: ProjectConfig) -> dict[str, Kind]:
    """Return the kind of every column that `config` names, features first."""
    columns = config.columns
    found: dict[str, Kind] = {name: columns.kind(name) for name in columns.features}
    return dataset.with_roles(found, config)


def read(path: Path, config: ProjectConfig, *, require_target: bool) -> Dataset:
    """Read the columns that `config` names (see `dataset.read`)."""
    return dataset.read(data_folder.files(path), kinds(config), config, require_target=require_target)


def read_inputs(path: Path, contract: Contract, options: Files) -> "pd.DataFrame":
    """Read the columns that a model needs, and the id where the files have it."""
    known: tuple[Kind, ...] = ("numeric", "categorical", "boolean", "time")
    columns = {feature.name: known[known.index(feature.kind)] for feature in contract.features}
    return dataset.read_inputs(data_folder.files(path), columns, contract.id, options)


def packed(frame: "pd.DataFrame", folder: Path, name: str, config: ProjectConfig) -> "pd.DataFrame":
    """Return what the file of a part holds: its rows as they are."""
    return frame


def packed_bytes(frame: "pd.DataFrame", config: ProjectConfig) -> int:
    """Return the bytes that `packed` stores beside the rows: none."""
    return 0


def unpacked(frame: "pd.DataFrame", folder: Path, config: ProjectConfig) -> "pd.DataFrame":
    """Return the rows of a part."""
    return frame


def derive(frame: "pd.DataFrame", config: ProjectConfig) -> "pd.DataFrame":
    """Return the frame as it is: the files of a table hold all slice columns."""
    return frame


def features(frame: "pd.DataFrame", config: ProjectConfig) -> tuple[Feature, ...]:
    """Return what the model sees, with the values that the rows of `frame` hold."""
    return tuple(_feature(name, config, frame[name]) for name in config.columns.features)


def _feature(name: str, config: ProjectConfig, column: "pd.Series") -> Feature:
    kind, filled = config.columns.kind(name), column.dropna()
    categories = tuple(sorted(filled.unique().tolist())) if kind == "categorical" else None
    if kind not in ("numeric", "time") or filled.empty:
        return Feature(name, kind, categories)
    low, high = filled.min(), filled.max()
    if kind == "time":  # in seconds since 1970
        low, high = low.timestamp(), high.timestamp()
    return Feature(name, kind, categories, float(low), float(high))
