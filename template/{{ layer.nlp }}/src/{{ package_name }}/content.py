"""The columns of texts: their kinds, those that are derived from a text, and what the model sees.

`dataset` names the dtypes of a frame; `values` says how a file's values become these.
"""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from . import annotate, data_folder, dataset, texts
from .config.file_format import Files
from .config.inputs import DERIVED
from .config.project import ProjectConfig
from .dataset import Dataset
from .records import Contract, Feature
from .values import Kind

if TYPE_CHECKING:
    import pandas as pd

PREPARED = "texts.parquet"  # what the steps normalise and annotate write
TEXT: Kind = "verbatim"
FIELD = "text"  # field of a queue that holds the content


def kinds(config: ProjectConfig) -> dict[str, Kind]:
    """Return the kind of every column that `config` names, the text first."""
    columns = config.columns
    return dataset.with_roles({columns.text: TEXT, **dict.fromkeys(columns.categorical, "categorical")}, config)


def read(path: Path, config: ProjectConfig, *, require_target: bool) -> Dataset:
    """Read the columns that `config` names (see `dataset.read`).

    Of the files that this project prepared the derived columns are read too. A row without an id has the same hash
    before and after its text is normalised.
    """
    columns, files = kinds(config), data_folder.files(path)
    if [file.name for file in files] == [PREPARED]:
        from pyarrow import parquet

        there = parquet.read_schema(files[0]).names
        columns |= {name: "categorical" for name in DERIVED if name in there}

    def own_form(frame: "pd.DataFrame") -> "pd.DataFrame":
        named = frame.drop(columns=list(DERIVED), errors="ignore")
        return named.assign(**{config.columns.text: texts.normalised(frame[config.columns.text], config.texts.mask)})

    return dataset.read(files, columns, config, require_target=require_target, hashed=own_form)


def read_inputs(path: Path, contract: Contract, options: Files) -> "pd.DataFrame":
    """Read the text that a model needs, and the id where the files have it."""
    columns: dict[str, Kind] = dict.fromkeys(contract.names, TEXT)
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


def derive(frame: "pd.DataFrame", config: ProjectConfig, names: Sequence[str] = DERIVED) -> "pd.DataFrame":
    """Return a frame read from files with the columns that are derived from its texts: language and length."""
    found = texts.normalised(frame[config.columns.text], config.texts.mask)
    return frame.assign(**{name: annotate.derived(found, name) for name in names})


def features(frame: "pd.DataFrame", config: ProjectConfig) -> tuple[Feature, ...]:
    """Return what the model sees: the text alone."""
    return (Feature(config.columns.text, "text"),)


def contents(frame: "pd.DataFrame", config: ProjectConfig) -> "pd.Series":
    """Return what people and model see of each row, str (rows,); None where that is nothing."""
    found = texts.normalised(frame[config.columns.text], config.texts.mask)
    return found.where(found.notna() & (found != ""), None)


def sha256(content: str) -> str:
    """Return the SHA-256 of a content, in hexadecimal."""
    return hashlib.sha256(content.encode()).hexdigest()
