"""Files of images in, typed frames out: the one reader that training, batch scoring and monitoring share.

A frame holds references to images, never pixels (see `images`), and what reading an image found: its figures and its
fingerprint. `dataset` names the dtypes; `values` says how a file's values become these.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from . import duplicates, listing, measuring, parts
from .config.file_format import Files
from .config.inputs import DERIVED, FIGURES, FINGERPRINT
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
BANDS: Mapping[str, tuple[str, tuple[tuple[float, str], ...], str]] = {  # figure, upper limits, name above them
    "light": ("brightness", ((1 / 3, "dark"), (2 / 3, "medium")), "bright"),
    "size": ("pixels", ((32**2, "tiny"), (256**2, "small"), (1024**2, "medium")), "large"),
}


def kinds(config: ProjectConfig) -> dict[str, Kind]:
    """Return the kind of every column that `config` names, the image first."""
    columns = config.columns
    found: dict[str, Kind] = {columns.image: IMAGE, **dict.fromkeys(columns.categorical, "categorical")}
    found[columns.id] = "text"
    if columns.time:
        found[columns.time] = "time"
    if columns.group and columns.group not in found:
        found[columns.group] = "text"
    found[columns.target] = "categorical"
    return found


def read(path: Path, config: ProjectConfig, *, require_target: bool = True) -> "pd.DataFrame":
    """Read the columns that `config` names from a source of images, or from all sources of a folder, and the images.

    What is left out is named in the log.

    Raises:
        UserError: see `read_dataset`.
    """
    found = read_dataset(path, config, require_target=require_target)
    for sentence in shortened(found.left_out):
        log.warning("left out: %s", sentence)
    return found.frame


def read_dataset(path: Path, config: ProjectConfig, *, require_target: bool = True) -> Dataset:
    """Do the same, and tell where each row is from and what was left out.

    Left out are images that cannot be read, images that a table beside them does not list, and, where training reads
    under images.duplicates: drop, the later ones of near duplicates.

    Raises:
        UserError: nothing can be read, a column is missing, or an image cannot be read under images.unreadable: refuse.
    """
    import pandas as pd

    columns, target = config.columns, config.columns.target
    found, unlisted = _listed(path, config, require_target=require_target)
    if require_target and config.files.without_target == "drop":
        unwanted = found.frame[target].isna().to_numpy()
        found = replace(found.without(unwanted), dropped=int(unwanted.sum()))
    measured, problems = measuring.measure(found.frame[columns.image].tolist(), Rules.of(config.images))
    unreadable = [str(problem) for problem in problems.values()]
    if unreadable and config.images.unreadable == "refuse":
        more = f"; nor can {len(unreadable) - 1:,} more" if len(unreadable) > 1 else ""
        raise UserError(f"{unreadable[0]}{more}; images.unreadable: leave_out leaves such images out")
    if unreadable and len(unreadable) == len(found.frame):
        raise UserError(f"{path}: none of its {plural(len(unreadable), 'image')} can be read, first {unreadable[0]}")
    found = replace(found, frame=pd.concat([found.frame, measured], axis="columns"))
    found = found.without(measured[FINGERPRINT].isna().to_numpy())
    left_out = [*unreadable, *(f"{member}: no table lists this image" for member in unlisted)]
    if require_target and config.images.duplicates == "drop":
        first = duplicates.first_alike(found.frame[FINGERPRINT].tolist(), config.images.similar)
        later = first != np.arange(len(first))
        left_out += [
            f"{found.frame[columns.id].iloc[row]}: near duplicate of {found.frame[columns.id].iloc[first[row]]}"
            for row in later.nonzero()[0]
        ]
        found = found.without(later)
    return replace(found, left_out=tuple(left_out))


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


def read_part(folder: Path, name: str, columns: Sequence[str] | None = None) -> "pd.DataFrame":
    """Return the rows that `write_part` wrote, or some of their columns; their images are those that it stored."""
    return parts.read(folder, name, columns)


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
    figure, limits, above = BANDS[name]
    values = frame["width"] * frame["height"] if figure == "pixels" else frame[figure]
    bands = np.full(len(frame), above, dtype=object)
    for limit, band in reversed(limits):
        bands[(values < limit).to_numpy()] = band
    return values.astype(object).where(values.isna(), bands)


def _listed(path: Path, config: ProjectConfig, *, require_target: bool) -> tuple[Dataset, tuple[str, ...]]:
    columns = config.columns
    optional = [columns.id] if require_target else [columns.id, columns.target]
    if columns.group and config.images.group_pattern:
        optional.append(columns.group)
    wanted = listing.Wanted(
        kinds(config),
        optional,
        columns.image,
        columns.id,
        columns.target,
        [*(config.labels.names or ()), *config.labels.renamed],
        columns.group,
        config.images.group_pattern,
    )
    try:
        return listing.read(path, wanted, config.files)
    except MissingColumnError as error:
        raise UserError(f"config/project.yml names a column that is not there: {error}") from None


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
