"""A monitored window as a page, and the parts of it that the report shows too."""

from typing import Literal

from markupsafe import Markup

from ..figures import plural
from ..records import Bias, Monitor, Signal, Slices
from . import charts, examples
from .html import (
    ABSENT,
    NOTHING,
    badge,
    bar,
    card,
    details,
    figure,
    findings,
    grid,
    join,
    name,
    note,
    number,
    page,
    percent,
    section,
    shorten,
    table,
    verdict,
    verdicts,
)
from .tables import bias_grids, bias_sentences

PICTURES = 24
TESTS = {"kolmogorov_smirnov": "KS", "chi_square": "chi-square"}
LEGEND = ("production", "training")
DRIFT_INTRO = (
    "PSI says how far a distribution moved: below 0.1 it is stable, above 0.2 it moved clearly. It counts as a breach"
    " only when a test, corrected for the number of tests in the window, says that chance does not explain it."
    f" {examples.INTROS.get('Drift', '')}".rstrip()
)


def monitor_page(result: Monitor) -> str:
    """Return the page of one window."""
    rows = result.rows
    subtitle = (
        f"{plural(rows['production'], 'production row')} beside {plural(rows['reference'], 'row')} of the training data"
    )
    body = [
        verdicts(headline(result), performance_headline(result)),
        section("Findings", findings(result.breaches), findings(result.notes)),
        section("Performance", performance_block(result)),
        section("Data bias", bias_block(result.bias)),
        section("Drift", drift_block(result), intro=DRIFT_INTRO),
    ]
    return page(f"Monitor: {result.window}", subtitle, body)


def moved(result: Monitor) -> list[Signal]:
    """Return the signals that broke a limit, those that moved most first."""
    return [signal for signal in result.worst_first if signal.breaches]


def headline(result: Monitor) -> Markup:
    """Return the verdict on the data: did they move?"""
    window = result.window
    if result.status == "too_few_rows":
        return verdict("neutral", f"{window}: too few rows to judge", "; ".join(result.notes) + ".")
    changed = moved(result)
    total = len(result.features)
    if not total:
        return verdict("neutral", f"{window}: no feature was compared", "; ".join(result.notes) or ABSENT)
    if not changed:
        worst = result.worst_first[0]
        text = f"None of {plural(total, 'feature')} broke a limit; the largest PSI is {number(worst.psi)}"
        return verdict("good", f"{window}: the data did not move", f"{text} ({shorten(worst.name)}).")
    text = f"{len(changed)} of {plural(total, 'feature')} broke a limit. {changed[0].breaches[0]}."
    return verdict("bad", f"{window}: the data moved", text)


def performance_headline(result: Monitor) -> Markup:
    """Return the verdict on the model: was it still right?"""
    window = result.window
    measured = result.performance
    if measured is None:
        if result.status == "too_few_rows":
            return NOTHING
        return verdict("neutral", f"{window}: not known whether the model was right", "; ".join(result.notes) + ".")
    metric = measured.metric
    before = measured.reference_value
    bound = "most" if result.thresholds["direction"] == "minimize" else "least"
    text = f"{metric} {number(measured.value)} on {plural(measured.rows, 'row')}"
    text += f"; at {bound} {number(measured.limit)} is asked."
    if before is not None:
        text += f" It was {number(before)} on the holdout."
    if measured.breach:
        return verdict("bad", f"{window}: the model missed its limit", text)
    return verdict("good", f"{window}: the model kept its limit", text)


def performance_block(result: Monitor) -> Markup:
    """Return the metric overall, and in each slice."""
    measured = result.performance
    if measured is None:
        return NOTHING
    metric = measured.metric
    values = [("this window", measured.value), ("holdout at training", measured.reference_value)]
    largest = max(abs(value) for _, value in values if value is not None)
    rows = [
        (label, number(value), bar(abs(value), largest, "over" if index == 0 and measured.breach else ""))
        for index, (label, value) in enumerate(values)
        if value is not None
    ]
    overall = table(f"{metric} (limit {number(measured.limit)})", ["rows", metric, " "], rows, [metric])
    return overall + grid(slice_tables(result.slices), "pair")


def slice_tables(slices: Slices | None) -> list[Markup]:
    """Return the metric by value of each slice column, worst first."""
    if slices is None:
        return []
    metric, sign = slices.metric, -1 if slices.direction == "minimize" else 1
    tables = []
    for column, content in slices.columns.items():
        known = [group for group in content.groups if metric in group.metrics]
        largest = max((abs(group.metrics[metric]) for group in known), default=0.0)
        rows = []
        for group in sorted(known, key=lambda item: (not item.counted, sign * item.metrics[metric])):
            value = group.metrics[metric]
            label = name(group.value) if group.counted else Markup("{} (few rows)").format(name(group.value))
            style: Literal["", "muted"] = "" if group.counted else "muted"
            rows.append((label, f"{group.rows:,}", number(value), bar(abs(value), largest, style)))
        gap = "not measured" if content.gap is None else number(content.gap)
        title = f"{metric} by {column}: gap {gap} (limit {number(slices.limit)})"
        tables.append(table(title, [column, "rows", metric, " "], rows, ["rows", metric], fold=True))
    return tables


def bias_block(bias: Bias | None) -> Markup:
    """Return the broken limits of data bias, and share and rates of each slice in each part of the data."""
    if bias is None or not any(bias.parts.values()):
        return NOTHING
    tables = [
        table(each.caption, each.columns, each.rows, each.columns[1:], dense=each.dense) for each in bias_grids(bias)
    ]
    return findings(bias_sentences(bias)) + join(tables)


def drift_block(result: Monitor) -> Markup:
    """Return distributions of the prediction and of each feature that broke a limit, worst first, and all figures."""
    if not result.features or result.prediction is None:
        return NOTHING
    limit = result.thresholds["psi"]
    ordered = result.worst_first
    changed = [signal for signal in ordered if signal.breaches]
    steady = [signal for signal in ordered if not signal.breaches]
    everything = [result.prediction, *ordered]
    rows = [
        (
            signal.name,
            badge("bad", "breach") if signal.breaches else badge("good", "ok"),
            number(signal.psi),
            TESTS[signal.test],
            number(signal.statistic),
            _p_value(signal.p_value),
            percent(signal.missing_reference),
            percent(signal.missing_production),
            percent(signal.unseen if signal.unseen is not None else signal.out_of_range),
        )
        for signal in everything
    ]
    columns = ["column", "", "PSI", "test", "statistic", "p", "missing before", "missing now", "new or out of range"]
    shown = [result.prediction, *changed][:PICTURES]
    left = len(changed) + 1 - len(shown)
    return join(
        [
            _legend(),
            grid(_drift_card(signal, limit) for signal in shown),
            note(f"{plural(left, 'more feature')} moved; the table below has all of them.") if left else NOTHING,
            details(
                f"{plural(len(steady), 'feature')} without a breach",
                grid(_drift_card(signal, limit) for signal in steady[:PICTURES]),
            )
            if steady
            else NOTHING,
            details(
                "All figures",
                table(
                    f"Quality and drift, {result.window} (KS: Kolmogorov-Smirnov test)",
                    columns,
                    rows,
                    columns[2:3] + columns[4:],
                ),
            ),
        ],
        "\n",
    )


def _legend() -> Markup:
    return figure(NOTHING, "The size of a bar is its share of rows; the outer ones also hold what lies beyond.", LEGEND)


def _drift_card(signal: Signal, limit: float) -> Markup:
    psi = signal.psi
    picture = charts.histogram_pair(
        signal.histogram, f"Distribution of {signal.name} in production and in training; PSI {number(psi)}"
    )
    sentences = [sentence.removeprefix(f"{signal.name}: ") for sentence in signal.breaches]
    others = [sentence for sentence in sentences if not sentence.startswith("PSI")]
    return card(signal.name, _drift_badge(psi, limit, broken=len(others) < len(sentences)), picture, others)


def _drift_badge(psi: float | None, limit: float, *, broken: bool) -> Markup:
    if psi is None:
        return badge("neutral", "no values")
    if psi > limit and not broken:  # by chance, or of a signal whose distribution has no limit
        return badge("neutral", f"PSI {number(psi)}, no breach")
    return badge("bad" if broken else "good", f"PSI {number(psi)}, limit {number(limit)}")


def _p_value(value: float | None) -> str:
    return "below 1e-16" if value is not None and value < 1e-16 else number(value)
