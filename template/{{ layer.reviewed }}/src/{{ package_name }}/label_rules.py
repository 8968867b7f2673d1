"""Rules that labels must keep to learn from, each broken one a sentence that names a first row."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from .config.project import ProjectConfig
from .config.yaml_file import suggest
from .dataset import Dataset
from .errors import UserError
from .figures import plural

if TYPE_CHECKING:
    import numpy.typing as npt

SHOWN_LABELS, SHOWN_IDS = 5, 8


def classes(labels: Sequence[str]) -> list[str]:
    """Return the classes of the training part, sorted.

    Raises:
        UserError: there is one only.
    """
    found = sorted(set(labels))
    if len(found) < 2:
        raise UserError(
            f"config/project.yml: columns.target has one class only in the training part ({found[0]!r});"
            " a classification needs two"
        )
    return found


def labels(found: Dataset, config: ProjectConfig) -> list[str]:
    """Return a sentence for each rule that the labels break: two classes, two rows of each, known names."""
    name = config.columns.target
    counts = found.frame[name].value_counts()
    if len(counts) < 2:
        only = f" ({counts.index[0]!r})" if len(counts) else ""
        return [f"column {name!r}: needs at least two classes, has {len(counts)}{only}"]
    broken = []
    single = counts.index[counts == 1].tolist()
    if single:
        broken.append(
            f"column {name!r}: {plural(len(single), 'class has', 'classes have')} one row only ({_shown(single)}):"
            " at least two are needed, to learn from and to judge by; add rows, or give these another label"
        )
    known = config.labels.names
    strange = [label for label in counts.index if known and label not in [*known, *config.labels.renamed]]
    if known and strange:
        rows = found.frame[name].isin(strange).to_numpy()
        broken.append(
            f"column {name!r}: {plural(int(rows.sum()), 'row has a label', 'rows have labels')} that labels.names does"
            f" not list ({_shown(strange)}), first {found.place(int(rows.argmax()))}{suggest(strange[0], known)}"
        )
    return broken


def renamed(found: Dataset, config: ProjectConfig) -> list[str]:
    """Return a sentence if rows have labels that are to be renamed."""
    old = found.frame[config.columns.target].isin(list(config.labels.renamed))
    if not old.any():
        return []
    return [
        f"column {config.columns.target!r}: {plural(int(old.sum()), 'row has a label', 'rows have labels')} that"
        " labels.renamed renames; `mlops review merge` makes a version with the new names"
    ]


def several_labels(found: Dataset, config: ProjectConfig) -> list[str]:
    """Return a sentence if most labels look like several in one."""
    name = config.columns.target
    written = found.frame[name].dropna().astype(str)
    for mark in ("|", ";", ","):
        parts = written[written.str.contains(mark, regex=False)]
        if len(written) and len(parts) > len(written) / 2:
            return [
                f"column {name!r}: most labels look like several in one, such as {parts.iloc[0]!r}: each combination"
                " would be a class of its own, as a row gets one class here"
            ]
    return []


def doubtful(rows: "npt.NDArray[Any]", found: Dataset, config: ProjectConfig) -> list[str]:
    """Return a sentence if labels are probably wrong, with the rows, in order, in which they most probably are."""
    columns = config.columns
    shown = [
        str(found.frame[columns.id].iloc[row]) if columns.id else found.place(int(row)) for row in rows[:SHOWN_IDS]
    ]
    if not shown:
        return []
    return [
        f"column {columns.target!r}: {len(rows):,} labels look doubtful to a quick model; look at these rows first:"
        f" {', '.join(shown)}"
    ]


def _shown(names: list[Any]) -> str:
    left = len(names) - SHOWN_LABELS
    return ", ".join(map(repr, names[:SHOWN_LABELS])) + (f" and {left:,} more" if left > 0 else "")
