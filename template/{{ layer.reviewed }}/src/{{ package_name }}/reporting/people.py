"""Sections of the report about the loop with people: what was queued and why, how far they agree, what it brought."""

import math
from collections.abc import Mapping, Sequence
from itertools import groupby

from markupsafe import Markup

from ..figures import plural
from ..review.contract import Agreement, Manifest
from ..review.estimate import Estimate, Interval
from ..review.status import Progress
from . import charts, examples
from .html import NOTHING, badge, bar, card, facts, figure, findings, grid, join, name, note, number, percent, table

WHY = {
    "drifted": "most unlike the training data",
    "uncertain": "where the model is least sure",
    "diverse": "stand for a cluster of all items",
    "random": "drawn by chance: these alone measure the accuracy",
    "disputed": "people disagreed before",
}
WIDE, LINE, LEFT = 360, 46, 12
SIMULATED = "Simulated: no person has looked at these items. The answers come from labels that the data brought along."


def queues(states: Sequence[Progress], reasons: Mapping[str, int], version: Manifest | None, simulated: bool) -> Markup:
    """Return what was queued and why, and how far the work is.

    Args:
        states: of each queue, oldest first.
        reasons: reason -> items of all queues.
        version: the newest version of the training data.
        simulated: whether the answers are a demo's.
    """
    most = max(reasons.values(), default=0)
    why = table(
        "Why items were chosen",
        ["reason", "items", "", "meaning"],
        [
            (reason, f"{count:,}", bar(count, most), WHY[reason])
            for reason, count in sorted(reasons.items(), key=lambda pair: -pair[1])
        ],
        ["items"],
    )
    columns = ["queue", "items", "done", "half done", "skipped", "disputed", "waiting"]
    rows = []
    for each in states:
        counts = (each.items, each.done, each.partly, each.skipped, each.disputed, each.waiting)
        rows.append((f"{each.queued_at:%Y-%m-%d %H:%M}", *(f"{count:,}" for count in counts)))
    progress = table("How far each queue is", columns, rows, columns[1:], fold=True, dense=True)
    made = NOTHING
    if version:
        made = facts(
            [
                ("Training data", f"version {version.version}, {plural(version.rows, 'row')}"),
                ("Changes", f"{version.added:,} new, {version.changed:,} changed, {version.removed:,} removed"),
                ("Renamed", ", ".join(f"{old} -> {new}" for old, new in version.renamed.items()) or None),
            ]
        )
    return join([note(SIMULATED) if simulated else NOTHING, why, progress, made])


def queued(shown: Sequence[tuple[str, str, str | None, str]]) -> Markup:
    """Return items as cards; `shown` are reason, content, prediction or None, and answer of each, sorted by reason."""
    cards = [
        (
            f"{reason.capitalize()}: {WHY[reason]}",
            card(
                f"people: {answer}",
                badge("neutral", f"model: {predicted}") if predicted else NOTHING,
                examples.picture(content),
            ),
        )
        for reason, content, predicted, answer in shown
    ]
    return _grouped(cards)


def changed(shown: Sequence[tuple[str, str, str, str, str]]) -> Markup:
    """Return rows as cards; `shown` are group, content, truth, and answer before and after of each, sorted by group."""
    cards = [
        (
            group,
            card(
                f"{before} → {after}" if before != after else before,
                badge("good" if after == truth else "bad", f"truly {truth}"),
                examples.picture(content),
            ),
        )
        for group, content, truth, before, after in shown
    ]
    return _grouped(cards)


def _grouped(cards: Sequence[tuple[str, Markup]]) -> Markup:
    blocks = []
    for title, members in groupby(cards, key=lambda pair: pair[0]):
        blocks += [Markup("<h3>{}</h3>").format(title), examples.cards(each for _, each in members)]
    return join(blocks, "\n")


def agreement(found: Agreement, least: float) -> Markup:
    """Return how far people agree, and which labels they take for each other; `least` is the limit of a merge."""
    if found.percent is None:
        return note("Not measured: no item was labelled by two people without a prediction on the screen.")
    coefficient = "Cohen's kappa" if found.kind == "kappa" else "Krippendorff's alpha"
    low = found.value is not None and found.value < least
    value = "not defined: all answers are one label" if found.value is None else f"{found.value:.2f}"
    shown = facts(
        [
            (coefficient, Markup("{} {}").format(value, badge("warn", f"below {least:g}") if low else NOTHING)),
            ("Equal answers", f"{percent(found.percent)} of the pairs"),
            ("Measured on", f"{plural(found.items, 'item')} that {found.annotators} people answered blind"),
        ]
    )
    pairs = [(one, other, count) for one, row in found.confusion.items() for other, count in row.items()]
    total, most = sum(count for *_, count in pairs), max(count for *_, count in pairs)
    rows = [
        (
            Markup("both {}").format(name(one)) if one == other else Markup("{} and {}").format(name(one), name(other)),
            f"{count:,}",
            bar(count, most, "muted" if one == other else "over"),
            percent(count / total),
        )
        for one, other, count in sorted(pairs, key=lambda pair: (pair[0] == pair[1], -pair[2]))
    ]
    confusion = table("Pairs of answers", ["labels", "pairs", "", "share"], rows, ["pairs", "share"], fold=True)
    return join([shown, confusion])


def accuracy(found: Estimate, compared: tuple[str, Interval, Interval, int, int, str] | None) -> Markup:
    """Return the accuracy in production, and before and after a retraining where all labels are known.

    Args:
        found: from the random items alone.
        compared: window, accuracy before and after, rows gained and lost, and the verdict of the gate.
    """
    parts = []
    if compared:
        window, before, after, gained, lost, why = compared
        parts.append(
            figure(
                intervals([("before", before), ("after retraining", after)], f"accuracy on {window}"),
                f"Accuracy on {plural(after.rows, 'row')} of {window} that were not reviewed, with 95 % intervals:"
                f" {gained:,} answers became right and {lost:,} wrong. The gate: {why}.",
            )
        )
    if found.accuracy:
        limit = "" if found.limit is None else f" At least {number(found.limit)} is asked."
        parts.append(
            figure(
                intervals([(str(found.model), found.accuracy)], "accuracy in production, estimated"),
                f"Accuracy as people see it: from {plural(found.accuracy.rows, 'random item')} answered without the"
                f" prediction, with its 95 % interval. Items chosen for their difficulty do not count.{limit}",
            )
        )
    groups = [
        (
            f"{column}: {value}",
            f"{each.rows:,}",
            number(each.value, 3),
            f"{number(each.low, 3)} to {number(each.high, 3)}",
        )
        for column, measured in found.slices.items()
        for value, each in measured.groups.items()
    ]
    columns = ["slice", "items", "accuracy", "95 % interval"]
    slices = table("Accuracy by slice, on random items", columns, groups, columns[1:], fold=True)
    return join([grid(parts, "pair"), slices, findings((*found.breaches, *found.notes))])


def intervals(rows: Sequence[tuple[str, Interval]], label: str) -> Markup:
    """Draw shares with their intervals, one below the other, on a scale that they share."""
    low = max(math.floor(min(each.low for _, each in rows) * 20 - 0.5) / 20, 0.0)
    high = min(math.ceil(max(each.high for _, each in rows) * 20 + 0.5) / 20, 1.0)
    room, bottom = WIDE - 2 * LEFT, len(rows) * LINE

    def x(value: float) -> float:
        return round(LEFT + (value - low) / (high - low) * room, 1)

    values = charts.ticks(low, high, 4)
    texts, _ = charts.tick_texts(values)
    lines = "".join(f"M{{0}} {place * LINE + 22}v20" for place in range(len(rows)))  # beside the marks, not the texts
    parts = [
        Markup(f'<path class="axis" d="{lines}"/>').format(x(value))
        + charts.write(min(max(x(value), LEFT), WIDE - LEFT), bottom + 18, text, "middle")
        for value, text in zip(values, texts, strict=True)
    ]
    for place, (title, each) in enumerate(rows):
        y = place * LINE + 32
        text = f"{title}: {number(each.value, 3)} ({number(each.low, 3)} to {number(each.high, 3)})"
        parts.append(charts.write(LEFT, y - 14, text, "start", room))
        parts.append(Markup('<path class="line" d="M{} {}H{}"/>').format(x(each.low), y, x(each.high)))
        parts.append(Markup('<circle class="mark" cx="{}" cy="{}" r="4.5"/>').format(x(each.value), y))
    spoken = "; ".join(f"{title} {number(each.value, 3)}" for title, each in rows)
    return charts.drawing(f"{label}: {spoken}", join(parts), WIDE, bottom + 24)
