"""Rules that texts must keep to learn from, each broken one a sentence that names a first row."""

import re
from typing import TYPE_CHECKING

from . import annotate, data_rules, texts
from .config.inputs import MASKED
from .config.project import ProjectConfig
from .figures import plural
from .preparation import Prepared

if TYPE_CHECKING:
    import pandas as pd

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
        broken.append(
            f"column {columns.text!r}: {count} only white space or invisible characters, first {first}; remove these"
        )
    return broken


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
