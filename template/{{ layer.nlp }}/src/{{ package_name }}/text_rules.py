"""Rules that texts and their labels must keep to learn from, each broken one a sentence that names a first row."""

import re
from typing import TYPE_CHECKING, Any

from . import annotate, data_rules, duplicates, split, texts
from .config.inputs import MASKED
from .config.project import ProjectConfig
from .config.yaml_file import suggest
from .dataset import Dataset
from .figures import plural
from .preparation import Prepared

if TYPE_CHECKING:
    import numpy.typing as npt
    import pandas as pd

SHOWN_LABELS, SHOWN_IDS = 5, 8
LANGUAGE_SHARE = 0.01  # of the rows, for a language to be named
LOOKED_AT = 2000
# UTF-8 that was read as Windows' Latin: Ã©, Â£, â€™, Ð¿.
_MISREAD = re.compile(
    "[\u00c2\u00c3\u00d0\u00d1][\u0080-\u00bf\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u02c6\u02dc\u2013-\u203a"
    "\u20ac\u2122]|\u00e2\u20ac"
)


def gaps(prepared: Prepared, config: ProjectConfig) -> list[str]:
    """Return a sentence for each column that lacks values it needs, and for texts of which nothing is left."""
    found, columns, place = prepared.found, config.columns, prepared.found.place
    needed = dict.fromkeys(
        name for name in (columns.text, columns.target, columns.time, columns.id, columns.group) if name
    )
    broken = []
    for name in needed:
        missing = found.frame[name].isna().to_numpy()
        if missing.any():
            first = place(int(missing.argmax()))
            broken.append(data_rules.without_value(int(missing.sum()), name, first, config))
    empty = (prepared.texts == "").to_numpy()
    if empty.any():
        count = plural(int(empty.sum()), "text has", "texts have")
        first = place(int(empty.argmax()))
        broken.append(f"column {columns.text!r}: {count} only white space or invisible characters, first {first}")
    return broken


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
                " would be a class of its own, as a text gets one class here"
            ]
    return []


def damage(prepared: Prepared) -> list[str]:
    """Return a sentence for each trace of a wrong encoding."""
    rules = {
        "hold the character U+FFFD, which stands for one that was lost": "\ufffd",
        "look like UTF-8 that was read as Windows' Latin": _MISREAD.pattern,
    }
    found = []
    for what, pattern in rules.items():
        rows = prepared.texts.str.contains(pattern, na=False).to_numpy(bool)
        if rows.any():
            first = prepared.found.place(int(rows.argmax()))
            found.append(
                f"{plural(int(rows.sum()), 'text')} {what}, first {first}; export the data again as UTF-8, or set"
                " files.encoding"
            )
    return found


def copies(prepared: Prepared) -> list[str]:
    """Return a sentence if near duplicates were left out."""
    if not prepared.copies:
        return []
    rows = plural(prepared.copies, "row is a near duplicate", "rows are near duplicates")
    return [f"{rows} of an earlier one and left out (texts.duplicates: drop)"]


def personal_data(prepared: Prepared, config: ProjectConfig) -> list[str]:
    """Return a sentence about personal data: what is masked, and what is not since texts.mask does not list it."""
    found = []
    open_kinds = [kind for kind in MASKED if kind not in config.texts.mask]
    left = texts.findings(prepared.texts, open_kinds) if open_kinds else None
    for findings, what in (
        (prepared.findings, "masked; names and addresses of people have no form and stay"),
        (left, "not masked: texts.mask does not list it"),
    ):
        if findings and findings.texts:
            counts = ", ".join(f"{kind} {count:,}" for kind, count in findings.counts.items())
            found.append(f"personal data in {plural(findings.texts, 'text')} ({counts}): {what}")
    return found


def languages(normal: "pd.Series") -> list[str]:
    """Return a sentence if the texts are in more than one language; 2,000 to 4,000 of many are looked at."""
    every = max(len(normal) // LOOKED_AT, 1)
    shares = annotate.derived(normal.iloc[::every], "language").value_counts(normalize=True)
    named = shares[(shares >= LANGUAGE_SHARE) & (shares.index != annotate.UNDETERMINED)]
    if len(named) < 2:
        return []
    mix = ", ".join(f"{name} {share:.0%}" for name, share in named.items())
    return [f"texts of {len(named)} languages: {mix}; list `language` in slices to compare them"]


def alike(prepared: Prepared, config: ProjectConfig) -> tuple[list[str], list[str]]:
    """Return a sentence if near duplicates stand on both sides of the split, and those about alike texts elsewhere.

    The split is the one that prep makes: by the same column, whose values no step changes.
    """
    import numpy as np
    import pandas as pd

    found, columns = prepared.found, config.columns
    first = duplicates.first_alike(prepared.texts.tolist(), config.texts.similar)
    held = np.asarray(split.holdout(found.frame[config.split_column], config.split.by, config.split.holdout))
    rows = pd.DataFrame({"group": first, "held": held, "label": found.frame[columns.target]})
    groups = rows.groupby("group")
    leaked = (rows["held"] & ~groups["held"].transform("all")).to_numpy()
    errors, warnings = [], []
    if leaked.any():
        one = int(leaked.argmax())
        other = int(((first == first[one]) & ~held).argmax())
        errors.append(
            f"column {columns.text!r}: {plural(int(leaked.sum()), 'held-out text is', 'held-out texts are')} equal or"
            f" nearly equal to one of the training part (texts.similar: {config.texts.similar:g}), first in"
            f" {_both(found, one, other)}: the model would be judged by what it learned; remove them, or set"
            " texts.duplicates: drop, which leaves the later ones out"
        )
    copies = first != np.arange(len(first))
    if copies.any() and not leaked.any():
        warnings.append(
            f"{plural(int(copies.sum()), 'text is a near duplicate', 'texts are near duplicates')} of another"
        )
    contradictory = (groups["label"].transform("nunique") > 1).to_numpy() & copies
    contradictory &= (rows["label"] != rows["label"].iloc[first].to_numpy()).to_numpy()
    if contradictory.any():
        one = int(contradictory.argmax())
        count = plural(int(contradictory.sum()), "text has", "texts have")
        warnings.append(f"{count} another label than a near duplicate, first in {_both(found, one, int(first[one]))}")
    return errors, warnings


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


def _both(found: Dataset, one: int, other: int) -> str:
    earlier, later = sorted((one, other))
    return f"{found.place(earlier)} and {found.place(later)}"


def _shown(names: list[Any]) -> str:
    left = len(names) - SHOWN_LABELS
    return ", ".join(map(repr, names[:SHOWN_LABELS])) + (f" and {left:,} more" if left > 0 else "")
