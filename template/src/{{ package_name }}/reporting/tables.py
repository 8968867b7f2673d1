"""Findings and tables that the model card, the report and the page of a monitored window share."""

from collections.abc import Sequence
from dataclasses import dataclass

from ..records import Bias, BiasGroup, ClassFigures, Disparity, Estimate, Perturbation, Robustness
from .html import ABSENT, number, percent

RATES = 3  # classes whose rates a table shows


@dataclass(frozen=True)
class Grid:
    """A table; `columns` after the first hold figures, and stand closer on a narrow screen if it is `dense`."""

    caption: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    dense: bool = False


def class_grids(classes: Sequence[ClassFigures]) -> list[Grid]:
    """Return the figures of each class with their intervals, lowest F1 first; no table for a regression."""
    if not classes:
        return []
    ordered = sorted(classes, key=lambda each: (each.f1 is None, each.f1.value if each.f1 else 0.0))
    rows = [
        [each.label, f"{each.rows:,}", *(_with_interval(figure) for figure in (each.precision, each.recall, each.f1))]
        for each in ordered
    ]
    columns = ["class", "rows", "precision", "recall", "F1"]
    return [Grid("By class, with 95 % intervals (Wilson)", columns, rows, dense=True)]


def _with_interval(figure: Estimate | None) -> str:
    return f"{figure.value:.2f} ({figure.low:.2f}\N{EN DASH}{figure.high:.2f})" if figure else ABSENT


def bias_sentences(bias: Bias) -> list[str]:
    """Return the broken limits of data bias, or that there are none, and the largest differences of rates."""
    found = [f"{breach.sentence}." for breach in bias.breaches]
    differences = [
        f"{column} in {part}: {kind} {_disparity(pair)}."
        for part, columns in bias.parts.items()
        for column, content in columns.items()
        for kind, pair in content.disparities.items()
    ]
    return [*(found or ["No limit is broken."]), *differences]


def bias_grids(bias: Bias) -> list[Grid]:
    """Return share and rates of each slice, part beside part: one table for each slice column."""
    names = list(bias.parts)
    grids = []
    for column in next(iter(bias.parts.values()), {}):
        found = {name: bias.parts[name][column] for name in names}
        kinds = {
            (name, kind, rate): None
            for name in names
            for group in found[name].groups
            for kind, rates in group.rates.items()
            for rate in rates
        }
        # Part by part, share first; rates of many classes would not fit and are in the record.
        shown = {name: [key for key in kinds if key[0] == name] for name in names}
        heads, keys = [], []
        for name in names:
            heads.append(f"{name} rows")
            keys.append((name, "", ""))
            if len(shown[name]) <= RATES * len({kind for _, kind, _ in shown[name]}):
                heads += [f"{name} {kind}{'' if rate == 'mean' else f' {rate}'}" for _, kind, rate in shown[name]]
                keys += shown[name]
        groups = {name: {group.value: group for group in found[name].groups} for name in names}
        rows = [
            [value, *(_bias_cell(groups[name][value], kind, rate) for name, kind, rate in keys)]
            for value in groups[names[0]]
        ]
        grids.append(Grid(f"By {column}", [column, *heads], rows, dense=True))
    return grids


def _bias_cell(group: BiasGroup, kind: str, rate: str) -> str:
    if not kind:
        return f"{group.rows:,} ({percent(group.share)})"
    value = group.rates.get(kind, {}).get(rate)
    return number(value) if rate == "mean" or value is None else percent(value)


def _disparity(pair: Disparity) -> str:
    rate = "" if pair.rate == "mean" else f" for {pair.rate}"
    ratio = "" if pair.ratio is None else f", ratio {number(pair.ratio)}"
    return f"differs by up to {number(pair.difference)}{ratio}{rate} ({pair.low} and {pair.high})"


def robustness_sentences(found: Robustness) -> list[str]:
    """Return the broken limits of robustness, or that there are none, and what was not measured."""
    sentences = [
        f"{each.name}: {found.metric} worse by {number(each.loss)}, {number(each.limit)} is allowed."
        for each in found.broken
    ]
    if not found.broken and found.perturbations:
        limited = any(each.limit is not None for each in found.perturbations)
        sentences.append("No limit is broken." if limited else "No limit is set (robustness in config/project.yml).")
    return [*sentences, *(f"Not measured: {each}." for each in found.unmeasured)]


def robustness_grid(found: Robustness) -> Grid:
    """Return each perturbation with its cost, its standard error and its limit, the costliest first."""
    columns = ["change", "rows", found.metric, "worse by", "limit", "changed answers"]
    costly = sorted(found.perturbations, key=lambda each: -each.loss)
    rows = [_perturbation(each) for each in costly]
    return Grid("On the rows of the holdout that a change concerns", columns, rows, dense=True)


def _perturbation(each: Perturbation) -> list[str]:
    loss = f"{number(each.loss, 2)} ±\N{NO-BREAK SPACE}{number(each.error, 2)}"
    limit = number(each.limit) if each.limit is not None else ABSENT
    return [each.name, f"{each.rows:,}", number(each.value), loss, limit, percent(each.changed)]
