"""The parts of a proposal for config/project.yml that every kind of labelled content shares."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from . import drafts, metrics
from .config.commented_yaml import Noted
from .config.limits import Limits
from .config.project import ProjectConfig
from .config.proposal import ColumnFinding
from .figures import plural
from .roles import Roles
from .survey import Column, Survey

if TYPE_CHECKING:
    import numpy.typing as npt
    import pandas as pd

NO_WORSE = Noted(-0.01, "may be less than this worse: what people reviewed helps later data more than the holdout")
FEW_VALUES = 20  # more different values make no slices
SLICES = 3
SHOWN = 5


@dataclass(frozen=True)
class Content:
    """The column that the model sees.

    Args:
        column: the column.
        kind: its role, text or image.
        note: the reason for it.
    """

    column: Column
    kind: str
    note: str


def findings(survey: Survey, roles: Roles, content: Content, added: Collection[str]) -> tuple[ColumnFinding, ...]:
    """Return what is known of each column; `added` are names of columns that this project adds."""
    return tuple(
        drafts.finding(
            column,
            roles,
            "categorical",
            _useless(column, content, added),
            (content.kind, content.note) if column is content.column else None,
        )
        for column in survey.columns.values()
    )


def compose(
    survey: Survey,
    roles: Roles,
    findings: Sequence[ColumnFinding],
    content: Content,
    limits: Limits,
    slices: list[str],
    *,
    inputs: Mapping[str, Any],
    kind: Noted,
) -> dict[str, Any]:
    """Return the sections of config/project.yml (see `drafts.compose`); `kind` is that of the model."""
    own = drafts.columns_of(roles)
    columns: dict[str, Any] = {
        "target": own.pop("target"),
        content.kind: Noted(content.column.name, content.note),
        **own,
    }
    if categorical := [finding.name for finding in findings if finding.role == "categorical"]:
        columns["categorical"] = Noted(categorical, "not for the model: they may be slices")
    alike = "rare labels count as much as frequent ones"
    balanced = roles.metric == "f1_macro"
    sections = drafts.compose(
        survey,
        roles,
        findings,
        columns,
        limits,
        slices,
        inputs=inputs,
        learner={
            "model": {
                "kind": kind,
                "class_weights": Noted("balanced", alike) if balanced else Noted("none", f"or balanced: {alike}"),
            },
            "review": {"budget": Noted(60, f"{content.kind}s that people look at after a breach")},
        },
        gain=NO_WORSE,
    )
    monitoring = sections["monitoring"].value
    monitoring["unsure"] = Noted(0.1, f"rise in the share of {content.kind}s predicted with a probability below")
    monitoring["confident"] = 0.6 if roles.target.distinct == 2 else 0.5
    return sections


def duplicates(found: str) -> Noted:
    """Return the setting for near duplicates; `found` says how many there are, and is empty if there are none."""
    if found:
        return Noted("drop", f"{found}: the later ones are left out; or refuse")
    return Noted("refuse", "near duplicates on both sides of the split; or drop: leave the later ones out")


def slices(sample: "pd.DataFrame", config: ProjectConfig, share: float) -> list[str]:
    """Return the first columns of which two values at least have enough rows in the holdout.

    Args:
        sample: rows with the columns that may be slices.
        config: a draft.
        share: of all rows that the sample was taken from.
    """
    needed = config.gate.slice_rows / config.split.holdout * share
    return [name for name in config.columns.sliceable if (sample[name].value_counts() >= needed).sum() > 1][:SLICES]


def scores(
    classes: Sequence[str], probability: "npt.NDArray[Any]", known: "pd.Series", truth: "pd.Series"
) -> "tuple[drafts.Score, drafts.Score]":
    """Return the metrics of a model, and of a guess by the shares of the labels, by positions of the rows.

    Args:
        classes: in the order of the probabilities.
        probability: answers of the model, float64 (rows, classes).
        known: labels that it learned from.
        truth: labels of the rows, (rows,).
    """
    import numpy as np

    names, right = np.array(classes, dtype=object), truth.to_numpy()
    shares = known.value_counts(normalize=True).reindex(names).to_numpy()

    def score(answers: "npt.NDArray[Any]") -> "drafts.Score":
        return lambda rows: metrics.score(
            "classification", right[rows], names[answers[rows].argmax(axis=1)], answers[rows], names
        )

    return score(probability), score(np.tile(shares, (len(right), 1)))


def notes(survey: Survey, roles: Roles, content: Content, sections: Mapping[str, Any]) -> list[str]:
    """Return sentences about content, labels and metric, labels of a single row, and others that may hold as well."""
    target, counts = roles.target, roles.target.filled.value_counts()
    found = [
        f"{content.kind.capitalize()} {content.column.name!r}; labels {target.name!r}: {_shown(counts)}. Metric"
        f" {drafts.pass_mark(roles, sections)}"
    ]
    single = counts[counts == 1]
    if len(single):
        found.append(
            f"{plural(len(single), 'label has', 'labels have')} one row only, such as {str(single.index[0])!r}:"
            " `mlops check` refuses it; add rows, or give these another label."
        )
    own = (target.name, content.column.name)
    flags = [column.name for column in survey.columns.values() if column.kind == "boolean" and column.name not in own]
    if target.kind == "boolean" and flags:
        found.append(
            f"{', '.join(flags[:5])} {'is' if len(flags) == 1 else 'are'} yes or no as well: if several may hold for"
            f" one row, this project learns {target.name!r} alone, and each other one needs a project of its own."
        )
    return found


def _shown(counts: "pd.Series") -> str:
    """Return the most frequent labels with their numbers of rows."""
    names = ", ".join(f"{label} {count:,}" for label, count in counts.head(SHOWN).items())
    return names + (f", and {len(counts) - SHOWN:,} more" if len(counts) > SHOWN else "")


def _useless(column: Column, content: Content, added: Collection[str]) -> str:
    """Return why a column makes no slices; a colon ends the kind of reason."""
    if column.name in added:
        return drafts.ADDED
    if column.unusable or column.distinct < 2:
        return column.unusable or "constant: one value"
    if column.kind in ("text", "time") or column.distinct > FEW_VALUES:
        return f"not read: the model sees the {content.kind} alone, and slices need few values"
    return ""
