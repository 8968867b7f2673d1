"""Files of images in, typed frames out: the one reader that training, batch scoring and monitoring share.

A frame holds references to images, never pixels (see `images`), and what reading an image found: its figures and its
fingerprint. `dataset` names the dtypes; `values` says how a file's values become these.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from . import listing, measuring, parts
from .config.file_format import Files
from .config.inputs import DERIVED, FIGURES
from .config.project import ProjectConfig
from .dataset import Dataset, MissingColumnError
from .errors import UserError
from .figures import plural
from .images import Rules
from .records import Contract, Feature
from .values import Kind

if TYPE_CHECKING:
    import pandas as pd

log = logging.getLogger(__name__)
IMAGE: Kind = "verbatim"
SHOWN = 8
BANDS: Mapping[str, tuple[str, tuple[tuple[float, str], ...], str]] = {  # figure, upper limits, name above them
    "light": ("brightness", ((1 / 3, "dark"), (2 / 3, "medium")), "bright"),
    "size": ("pixels", ((32**2, "tiny"), (256**2, "small"), (1024**2, "medium")), "large"),
}


@dataclass(frozen=True)
class Found:
    """What reading has found.

    Args:
        found: the rows whose images can be read, with the columns of `measuring`.
        unreadable: a sentence for each image that was left out since it cannot be read.
        unlisted: images beside a table that it does not list.
    """

    found: Dataset
    unreadable: tuple[str, ...] = ()
    unlisted: tuple[str, ...] = ()


def kinds(config: ProjectConfig) -> dict[str, Kind]:
    """Return the kind of every column that `config` names, the image first."""
    columns = config.columns
    found: dict[str, Kind] = {columns.image: IMAGE, **dict.fromkeys(columns.categorical, "categorical")}
    found[columns.id] = "text"
    if columns.time:
        found[columns.time] = "time"
    if columns.group:
        found[columns.group] = "text"
    found[columns.target] = "categorical"
    return found


def read(path: Path, config: ProjectConfig, *, require_target: bool = True) -> "pd.DataFrame":
    """Read the columns that `config` names from a source of images, or from all sources of a folder, and the images.

    Raises:
        UserError: see `read_dataset`.
    """
    return read_dataset(path, config, require_target=require_target).frame


def read_dataset(path: Path, config: ProjectConfig, *, require_target: bool = True) -> Dataset:
    """Do the same, and tell where each row is from; images that cannot be read are left out and named in the log.

    Raises:
        UserError: nothing can be read, a column is missing, or an image cannot be read under images.unreadable: refuse.
    """
    everything = read_all(path, config, require_target=require_target)
    for sentence in everything.unreadable[:SHOWN]:
        log.warning("left out: %s", sentence)
    if len(everything.unreadable) > SHOWN:
        log.warning("left out: %s more", f"{len(everything.unreadable) - SHOWN:,}")
    return everything.found


def read_all(path: Path, config: ProjectConfig, *, require_target: bool = True) -> Found:
    """Do the same, and return what was left out.

    Raises:
        UserError: see `read_dataset`.
    """
    import pandas as pd

    columns, target = config.columns, config.columns.target
    optional = [columns.id] if require_target else [columns.id, target]
    if columns.group and config.images.group_pattern:
        optional.append(columns.group)
    try:
        wanted = listing.Wanted(
            kinds(config), optional, columns.image, columns.id, target, columns.group, config.images.group_pattern
        )
        found, unlisted = listing.read(path, wanted, config.files)
    except MissingColumnError as error:
        raise UserError(f"config/project.yml names a column that is not there: {error}") from None
    if require_target and config.files.without_target == "drop":
        unwanted = found.frame[target].isna().to_numpy()
        found = replace(found.without(unwanted), dropped=int(unwanted.sum()))
    measured, problems = measuring.measure(found.frame[columns.image].tolist(), Rules.of(config.images))
    sentences = tuple(str(problem) for problem in problems.values())
    if sentences and config.images.unreadable == "refuse":
        more = f"; so can {len(sentences) - 1:,} more not be read" if len(sentences) > 1 else ""
        raise UserError(f"{sentences[0]}{more}; images.unreadable: leave_out leaves such images out")
    if len(problems) == len(found.frame) and problems:
        raise UserError(f"{path}: none of its {plural(len(problems), 'image')} can be read, first {sentences[0]}")
    found = replace(found, frame=pd.concat([found.frame, measured], axis="columns"))
    broken = measured[FIGURES[0]].isna().to_numpy()
    return Found(found.without(broken), sentences, unlisted)


def read_inputs(path: Path, contract: Contract) -> "pd.DataFrame":
    """Return reference and id of each image of a source; none is read.

    The contract says how tables are written: where files are scored there is the model's folder and nothing else.

    Raises:
        UserError: nothing can be read, or a table lacks the column of paths.
    """
    image, identity = contract.names[0], contract.id or "id"
    wanted = listing.Wanted({image: IMAGE, identity: "text"}, [identity], image, identity)
    return listing.read(path, wanted, Files.model_validate(contract.files))[0].frame


def write_part(frame: "pd.DataFrame", folder: Path, name: str, config: ProjectConfig) -> None:
    """Write rows that `read` returned, with their derived columns and their images; see `parts.write`."""
    parts.write(derive(frame, config), config.columns.image, Rules.of(config.images), folder, name)


def read_part(folder: Path, name: str) -> "pd.DataFrame":
    """Return the rows that `write_part` wrote; their images are those that it stored."""
    return parts.read(folder, name)


def derive(frame: "pd.DataFrame", config: ProjectConfig, names: Sequence[str] = DERIVED) -> "pd.DataFrame":
    """Return a frame with the columns that are derived from its images: bands of brightness and of pixels.

    Images are read only where the frame has no figures of them.
    """
    if not set(FIGURES) <= set(frame):
        measured, _ = measuring.measure(frame[config.columns.image].tolist(), Rules.of(config.images))
        frame = frame.join(measured.set_index(frame.index))
    return frame.assign(**{name: banded(frame, name) for name in names})


def banded(frame: "pd.DataFrame", name: str) -> "pd.Series":
    """Return a band of `DERIVED` for each row of a frame with figures: object (rows,), str."""
    import numpy as np

    figure, limits, above = BANDS[name]
    values = frame["width"] * frame["height"] if figure == "pixels" else frame[figure]
    bands = np.full(len(frame), above, dtype=object)
    for limit, band in reversed(limits):
        bands[(values < limit).to_numpy()] = band
    return values.astype(object).where(values.isna(), bands)


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
        features=(Feature(columns.image, "image"),),
        classes=None if classes is None else tuple(classes),
        max_rows=config.serving.max_rows,
        trained_until=frame[columns.time].max().isoformat() if columns.time else None,
        package_version=package_version,
        files=config.files.model_dump(),
        max_size=config.images.request_bytes,
        preparation=Rules.of(config.images).save(),
    )
