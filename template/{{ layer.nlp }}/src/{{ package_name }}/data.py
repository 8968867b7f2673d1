"""Files of texts in, typed frames out: the one reader that training, batch scoring and monitoring share.

`dataset` names the dtypes of a frame; `values` says how a file's values become these.
"""

from collections.abc import Mapping, Sequence
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


def kinds(config: ProjectConfig) -> dict[str, Kind]:
    """Return the kind of every column that `config` names, the text first."""
    columns = config.columns
    found: dict[str, Kind] = {columns.text: TEXT, **dict.fromkeys(columns.categorical, "categorical")}
    if columns.id:
        found[columns.id] = "text"
    if columns.group and columns.group not in found:
        found[columns.group] = "text"
    if columns.time:
        found[columns.time] = "time"
    found[columns.target] = "categorical"
    return found


def read(path: Path, config: ProjectConfig, *, require_target: bool = True) -> "pd.DataFrame":
    """Read the columns that `config` names from a file, or from all files of a folder.

    Raises:
        UserError: see `dataset.read_columns`.
    """
    return read_dataset(path, config, require_target=require_target).frame


def read_dataset(path: Path, config: ProjectConfig, *, require_target: bool = True) -> Dataset:
    """Do the same, and tell where each row is from and what was left out (see `dataset.read`).

    Of the files that this project prepared the derived columns are read too. A row without an id has the same hash
    before and after its text is normalised.
    """
    found = data_folder.files(path)
    columns = kinds(config)
    if [file.name for file in found] == [PREPARED]:
        from pyarrow import parquet

        there = parquet.read_schema(found[0]).names
        columns |= {name: "categorical" for name in DERIVED if name in there}

    def own_form(frame: "pd.DataFrame") -> "pd.DataFrame":
        named = frame.drop(columns=list(DERIVED), errors="ignore")
        return named.assign(**{config.columns.text: texts.normalised(frame[config.columns.text], config.texts.mask)})

    return dataset.read(found, columns, config, require_target=require_target, hashed=own_form)


def read_inputs(path: Path, contract: Contract) -> "pd.DataFrame":
    """Read the text from a file, and the id where the file has it.

    The contract says how files are written: where files are scored there is the model's folder and nothing else.

    Raises:
        UserError: see `dataset.read_columns`.
    """
    columns = dict.fromkeys(contract.names, TEXT)
    options = Files.model_validate(contract.files)
    ids: Mapping[str, Kind] = {contract.id: "text"} if contract.id else {}
    return dataset.read_columns(data_folder.files(path), columns | dict(ids), options, optional=list(ids)).frame


def write_part(frame: "pd.DataFrame", folder: Path, name: str, config: ProjectConfig) -> None:
    """Write a part of the rows for the steps that follow."""
    frame.to_parquet(folder / f"{name}.parquet", index=False)


def read_part(folder: Path, name: str, columns: Sequence[str] | None = None) -> "pd.DataFrame":
    """Return a part of the rows as `write_part` wrote it, or some of its columns."""
    import pandas as pd

    return pd.read_parquet(folder / f"{name}.parquet", columns=None if columns is None else list(columns))


def derive(frame: "pd.DataFrame", config: ProjectConfig, names: Sequence[str] = DERIVED) -> "pd.DataFrame":
    """Return a frame read from files with the columns that are derived from its texts: language and length."""
    found = texts.normalised(frame[config.columns.text], config.texts.mask)
    return frame.assign(**{name: annotate.derived(found, name) for name in names})


def describe(
    frame: "pd.DataFrame", config: ProjectConfig, classes: Sequence[str] | None, package_version: str | None = None
) -> Contract:
    """Return the contract of a model that learned from the rows of `frame`.

    Args:
        frame: the training rows.
        config: names the columns.
        classes: class labels in the order of the model's probabilities.
        package_version: version of the library that fitted the model.
    """
    columns = config.columns
    return Contract(
        task=config.task,
        target=columns.target,
        id=columns.id,
        features=(Feature(columns.text, "text"),),
        classes=None if classes is None else tuple(classes),
        max_rows=config.serving.max_rows,
        trained_until=frame[columns.time].max().isoformat() if columns.time else None,
        package_version=package_version,
        files=config.files.model_dump(),
        max_size=config.texts.max_characters,
    )
