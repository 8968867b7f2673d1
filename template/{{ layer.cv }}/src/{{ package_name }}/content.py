"""The columns of images: references to them, what reading an image adds, and what is derived from that.

A frame never holds pixels (see `images`), but what each image is like (see `measuring`). `dataset` names the dtypes of
a frame; `values` says how a table's values become these.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from . import dataset, duplicates, images, listing, measuring, parts
from .config.file_format import Files
from .config.inputs import DERIVED, FIGURES, FINGERPRINT
from .config.project import ProjectConfig
from .dataset import Dataset, MissingColumnError
from .errors import UserError
from .figures import plural
from .images import ImageError, Rules
from .records import Contract, Feature
from .values import Kind

if TYPE_CHECKING:
    import pandas as pd

IMAGE: Kind = "verbatim"
FIELD = "path"  # field of a queue that holds the content
BANDS: Mapping[str, tuple[str, tuple[tuple[float, str], ...], str]] = {  # figure, upper limits, name above them
    "light": ("brightness", ((1 / 3, "dark"), (2 / 3, "medium")), "bright"),
    "size": ("pixels", ((32**2, "tiny"), (256**2, "small"), (1024**2, "medium")), "large"),
}


def kinds(config: ProjectConfig) -> dict[str, Kind]:
    """Return the kind of every column that `config` names, the image first."""
    columns = config.columns
    return dataset.with_roles({columns.image: IMAGE, **dict.fromkeys(columns.categorical, "categorical")}, config)


def read(path: Path, config: ProjectConfig, *, require_target: bool) -> Dataset:
    """Read the columns that `config` names of all sources at `path` (see `sources`), and each image once.

    Left out, and named, are images that cannot be read, images that a table beside them does not list, and, where
    training reads under images.duplicates: drop, the later ones of near duplicates.

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
        ids, labels = found.frame[columns.id], found.frame[target].fillna("")
        digests = found.frame[FINGERPRINT].str[: measuring.DIGEST]
        other_label = (labels != labels[first].to_numpy()) & (digests == digests[first].to_numpy())  # which is refused
        later = (first != np.arange(len(first))) & ~other_label.to_numpy()
        left_out += [f"{ids[row]}: near duplicate of {ids[first[row]]}" for row in later.nonzero()[0]]
        found = found.without(later)
    return replace(found, left_out=tuple(left_out), named=columns.id)


def read_inputs(path: Path, contract: Contract, options: Files) -> "pd.DataFrame":
    """Return reference and id of each image of a source; no image is opened."""
    image, identity = contract.names[0], contract.id or "id"
    wanted = listing.Wanted({image: IMAGE, identity: "text"}, [identity], image, identity)
    return listing.read(path, wanted, options)[0].frame


def packed(frame: "pd.DataFrame", folder: Path, name: str, config: ProjectConfig) -> "pd.DataFrame":
    """Store the images of a part in `folder`; return its rows with references to these and with the derived columns.

    Raises:
        ImageError: an image cannot be read any more.
    """
    column = config.columns.image
    references = parts.store(frame[column].tolist(), Rules.of(config.images), folder, name)
    return derive(frame, config).assign(**{column: references})


def packed_bytes(frame: "pd.DataFrame", config: ProjectConfig) -> int:
    """Return the bytes that `packed` stores at most: three for each pixel of the images, made smaller as it does.

    Args:
        frame: rows with the figures of their images.
        config: names the size of stored images.
    """
    shorter = frame[["width", "height"]].min(axis="columns")
    scale = (config.images.stored / shorter).clip(upper=1)
    return int((3 * frame["width"] * frame["height"] * scale**2).sum())


def unpacked(frame: "pd.DataFrame", folder: Path, config: ProjectConfig) -> "pd.DataFrame":
    """Return the rows of a part, with absolute references to its images."""
    column = config.columns.image
    if column in frame:
        frame[column] = f"{folder.absolute().as_posix()}/" + frame[column]
    return frame


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


def features(frame: "pd.DataFrame", config: ProjectConfig) -> tuple[Feature, ...]:
    """Return what the model sees: the image alone."""
    return (Feature(config.columns.image, "image"),)


def contents(frame: "pd.DataFrame", config: ProjectConfig) -> "pd.Series":
    """Return what people and model see of each row, a reference to an image, str (rows,); None where there is none."""
    found = frame[config.columns.image]
    return found.where(found.notna(), None)


def sha256(reference: str) -> str | None:
    """Return the SHA-256 of the bytes of an image file, in hexadecimal; None if it cannot be read."""
    try:
        return hashlib.sha256(images.read(reference)).hexdigest()
    except ImageError:
        return None
