"""The rows of sources of images: a reference and an id for each image, and what a table or a folder says about it."""

import re
import tempfile
import zipfile
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from . import dataset, sources, values
from .config.file_format import Files
from .dataset import Dataset, MissingColumnError
from .errors import UserError
from .sources import Source
from .values import Kind

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Wanted:
    """The columns to return.

    Args:
        kinds: name -> kind of each column.
        optional: names in it that a table may lack.
        image: the column of paths in a table, and of references in what is returned.
        id: the column of ids; where a source has none, an id is the image's path.
        target: the column of labels, which the folders of images fill; None if they do not matter.
        labels: names of labels, for folders within folders.
        group, group_pattern: column of groups, and the expression that finds them in ids where no column has them.
    """

    kinds: Mapping[str, Kind]
    optional: Collection[str]
    image: str
    id: str
    target: str | None = None
    labels: Collection[str] = ()
    group: str | None = None
    group_pattern: str | None = None


def read(path: Path, wanted: Wanted, options: Files) -> tuple[Dataset, tuple[str, ...]]:
    """Return a row for each image of all sources at `path`; no image is opened.

    Returns:
        The rows, and the ids of images that stand beside a table which does not list them.

    Raises:
        UserError: see `sources.find` and `dataset.read_columns`; or a path in a table leads out of its folder.
    """
    import pandas as pd

    frames: list[pd.DataFrame] = []
    counts: list[tuple[Path, int]] = []
    unlisted: list[str] = []
    words: dict[str, dict[str, int]] = {}
    for source in sources.find(path):
        if source.table is None:
            frame = _folders(source, wanted, options)
        else:
            read = _table(source, wanted, options)
            frame = read.frame
            beside = set(source.members) - set(frame[wanted.image].dropna().str.removeprefix(source.base))
            unlisted += [source.prefix + member for member in sorted(beside)]
            for name, counted in read.words.items():
                into = words.setdefault(name, {})
                into.update({word: into.get(word, 0) + count for word, count in counted.items()})
        if wanted.group_pattern and wanted.group and wanted.group not in frame:
            frame[wanted.group] = _groups(frame[wanted.image].str.removeprefix(source.base), wanted.group_pattern)
        frames.append(frame)
        counts.append((source.path, len(frame)))
    frame = frames[0] if len(frames) == 1 else pd.concat(frames, ignore_index=True)
    return Dataset(frame, tuple(counts), words), tuple(unlisted)


def _groups(paths: "pd.Series", pattern: str) -> list[str | None]:
    found = (re.search(pattern, path) if isinstance(path, str) else None for path in paths)
    return [match[1] if match else None for match in found]


def _folders(source: Source, wanted: Wanted, options: Files) -> "pd.DataFrame":
    import pandas as pd

    filled = {wanted.image, wanted.id, wanted.target}
    for name in wanted.kinds:
        if name not in filled and name not in wanted.optional:
            raise MissingColumnError(
                f"{source.path}: label folders have no column {name!r}; list the images in a table, metadata.csv"
            )
    columns: dict[str, Any] = {
        wanted.image: [source.base + member for member in source.members],
        wanted.id: list(map(source.id, source.members)),
    }
    if wanted.target:
        labels = source.labels(wanted.labels)
        if wanted.target not in wanted.optional or any(labels):
            columns[wanted.target] = [label and values.category(label, options.missing) for label in labels]
    return pd.DataFrame(columns, dtype=object)


def _table(source: Source, wanted: Wanted, options: Files) -> Dataset:
    if source.path.name.endswith(source.table or ""):
        found = dataset.read_columns([source.path], wanted.kinds, options, wanted.optional)
    else:
        found = _packed(source, wanted, options)
    frame = found.frame
    paths = [_inside(source, path, row) for row, path in enumerate(frame[wanted.image], start=1)]
    if wanted.id not in frame:
        frame[wanted.id] = [None if path is None else source.id(path) for path in paths]
    frame[wanted.image] = [None if path is None else source.base + path for path in paths]
    return found


def _packed(source: Source, wanted: Wanted, options: Files) -> Dataset:
    """Read the table of an archive from a copy; messages name it as a member."""
    assert source.table
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / PurePosixPath(source.table).name
        try:
            with zipfile.ZipFile(source.path) as archive:
                copy.write_bytes(archive.read(source.table))
            return dataset.read_columns([copy], wanted.kinds, options, wanted.optional)
        except UserError as error:
            raise type(error)(str(error).replace(str(copy), f"{source.path}: {source.table}")) from None
        except (OSError, zipfile.BadZipFile, RuntimeError, EOFError) as error:
            raise UserError(f"{source.path}: {source.table}: cannot be read: {error}") from None


def _inside(source: Source, path: str | None, row: int) -> str | None:
    """Return a path of a table, written with '/', without a '.' in it."""
    if path is None:
        return None
    written = re.sub(r"^(\./)+", "", path.replace("\\", "/"))
    parts = PurePosixPath(written).parts
    if written.startswith("/") or re.match(r"[A-Za-z][A-Za-z0-9+.-]*:", written) or ".." in parts:
        raise UserError(
            f"{source.path}: data row {row}: {path!r} leads out of the folder of the table; paths are relative to it,"
            " without '..'"
        )
    return PurePosixPath(written).as_posix()
