"""How accurate the model is in production, from what people answered without knowing what the model says.

Only items that were drawn by chance count, and of these only answers given blind: items chosen for their difficulty
make a model look worse than it is, and a prediction on the screen makes it look better.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from .. import content, intervals, slices
from ..config.project import ProjectConfig
from ..figures import number, plural
from ..records import Record
from . import answers, items
from .answers import LabelRules, Reviewed
from .contract import QueueItem

if TYPE_CHECKING:
    import pandas as pd

ERRORS = 1.645  # one-sided 5 %


@dataclass(frozen=True)
class Interval:
    """A share of right answers with its 95 % interval."""

    rows: int
    right: int
    value: float
    low: float
    high: float


@dataclass(frozen=True)
class SliceAccuracy:
    """The accuracy of each value of a slice column, most rows first; `gap` is None where it is not measured."""

    groups: Mapping[str, Interval]
    gap: float | None


@dataclass(frozen=True)
class Estimate(Record):
    """The accuracy of one model in production.

    Args:
        model: name:version, None where no random item has been answered.
        accuracy: of the random items that were answered blind; None without any.
        waiting: random items without an answer, or only skipped.
        disputed: random items over which people disagree: left out until a further answer decides.
        seen: random items that were answered with the prediction on the screen: left out.
        minimum_rows: rows from which on a slice counts.
        slice_limit: largest gap of accuracy between two slices.
        slices: column -> accuracy of its values.
        limit: least accuracy, where the metric of config/project.yml is accuracy.
        breaches: a sentence for each limit that is broken by more than chance explains.
        notes: what was not measured, and why.
    """

    FILE: ClassVar[str] = "estimate.json"

    model: str | None
    accuracy: Interval | None
    waiting: int
    disputed: int
    seen: int
    minimum_rows: int
    slice_limit: float
    slices: Mapping[str, SliceAccuracy]
    limit: float | None
    breaches: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def summary(self) -> str:
        """The accuracy with its interval."""
        if self.accuracy is None:
            return "accuracy in production not measured: no random item was answered without the prediction"
        found = self.accuracy
        return (
            f"accuracy of {self.model} in production {number(found.value, 3)} (95 %: {number(found.low, 3)} to"
            f" {number(found.high, 3)}), from {plural(found.rows, 'random item')}"
        )


def interval(right: int, rows: int) -> Interval:
    """Return the share of right answers in one or more rows with its Wilson interval."""
    return Interval(rows, right, right / rows, *intervals.wilson(right, rows))


def estimate(reviewed: Reviewed, rules: LabelRules, config: ProjectConfig, model: str | None = None) -> Estimate:
    """Measure a model on the random items of all queues that it was asked about.

    Args:
        reviewed: queues and answers.
        rules: labels and their names.
        config: limits and slice columns.
        model: name:version; default: the one of the newest queue with random items.
    """
    drawn = [(sample, item) for sample, queued in reviewed.items.items() for item in queued if _measures(item)]
    if model is None and drawn:
        model = max(drawn, key=lambda pair: pair[1].queued_at)[1].model
    newest = reviewed.newest()
    rows: list[tuple[QueueItem, str]] = []
    waiting = disputed = seen = 0
    for sample, item in sorted(drawn, key=lambda pair: pair[0]):
        if item.model != model:
            continue
        given = newest.get(sample, [])
        blind = [answer for answer in given if not answer.annotation.saw_prediction]
        decision = answers.decide(blind, rules)
        if decision.label is not None:
            rows.append((item, decision.label))
        elif decision.disputed:
            disputed += 1
        elif any(answer.annotation.label is not None for answer in given):
            seen += 1
        else:
            waiting += 1
    right = sum(rules.current(item.pred_label or "") == label for item, label in rows)
    accuracy = interval(right, len(rows)) if rows else None
    gaps = _slices(rows, rules, config)
    breaches, notes = _judged(accuracy, gaps, config)
    left_out = ((waiting, "not answered"), (disputed, "disputed"), (seen, "answered with the prediction on the screen"))
    notes += [
        f"{plural(count, 'random item is', 'random items are')} left out: {why}" for count, why in left_out if count
    ]
    return Estimate(
        model=model,
        accuracy=accuracy,
        waiting=waiting,
        disputed=disputed,
        seen=seen,
        minimum_rows=config.gate.slice_rows,
        slice_limit=config.monitoring.slice_gap,
        slices=gaps,
        limit=config.monitoring.metric if config.metric.name == "accuracy" else None,
        breaches=tuple(breaches),
        notes=tuple(notes),
    )


def _measures(item: QueueItem) -> bool:
    return item.reason == "random" and item.pred_label is not None


def _slices(
    rows: Sequence[tuple[QueueItem, str]], rules: LabelRules, config: ProjectConfig
) -> dict[str, SliceAccuracy]:
    if not rows or not config.slices:
        return {}
    frame = content.derive(items.frame_of([item for item, _ in rows], config), config)
    right = [rules.current(item.pred_label or "") == label for item, label in rows]
    return {name: _slice(frame[name], right, config.gate.slice_rows) for name in config.slices}


def _slice(column: "pd.Series", right: Sequence[bool], minimum: int) -> SliceAccuracy:
    found = {value: interval(sum(right[row] for row in places), len(places)) for value, places in slices.groups(column)}
    counted = [each.value for each in found.values() if each.rows >= minimum]
    gap = max(counted) - min(counted) if len(counted) > 1 else None
    return SliceAccuracy(dict(sorted(found.items(), key=lambda pair: (-pair[1].rows, pair[0]))), gap)


def _judged(
    accuracy: Interval | None, gaps: Mapping[str, SliceAccuracy], config: ProjectConfig
) -> tuple[list[str], list[str]]:
    limits, breaches, notes = config.monitoring, [], []
    if accuracy is not None and config.metric.name != "accuracy":
        notes.append(f"no limit: monitoring.metric is one of {config.metric.name}, and random items measure accuracy")
    elif accuracy is not None and accuracy.value < limits.metric:
        text = f"accuracy: {number(accuracy.value, 3)} on {plural(accuracy.rows, 'random item')} is below"
        text += f" {number(limits.metric)}"
        if _error(accuracy) * ERRORS < limits.metric - accuracy.value:
            breaches.append(text)
        else:
            notes.append(f"{text}, but so few rows show that by chance")
    if not config.slices:
        notes.append("gap between slices not measured: config/project.yml names no slice columns")
    for name, found in gaps.items():
        if found.gap is None:
            rule = f"fewer than two values have {config.gate.slice_rows} reviewed random items (gate.slice_rows)"
            notes.append(f"gap between slices not measured by {name}: {rule}")
        elif found.gap > limits.slice_gap:
            text = f"accuracy by {name}: the gap between slices of {number(found.gap, 3)} is above"
            text += f" {number(limits.slice_gap)}"
            counted = [each for each in found.groups.values() if each.rows >= config.gate.slice_rows]
            ends = (min(counted, key=lambda each: each.value), max(counted, key=lambda each: each.value))
            if found.gap - limits.slice_gap > ERRORS * math.hypot(*map(_error, ends)):
                breaches.append(text)
            else:
                notes.append(f"{text}, but so few rows show that by chance")
    return breaches, notes


def _error(found: Interval) -> float:
    """Return the standard error of a share."""
    return math.sqrt(found.value * (1 - found.value) / found.rows)
