"""A monitor's result as something to look at: the page beside monitor.json, and parts of the report."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from markupsafe import Markup

from . import charts
from .html import (
    NOTHING,
    State,
    badge,
    bar,
    card,
    details,
    figure,
    findings,
    grid,
    join,
    note,
    number,
    page,
    percent,
    plural,
    section,
    table,
    verdict,
    verdicts,
)

PICTURES = 24
TESTS = {"kolmogorov_smirnov": "KS", "chi_square": "chi-square"}
LEGEND = ("production", "training")
DRIFT_INTRO = (
    "PSI says how far a distribution moved: below 0.1 it is stable, above 0.2 it moved clearly. It counts as a breach"
    " only when the test agrees that chance does not explain it."
)


def monitor_page(result: Mapping[str, Any]) -> str:
    """The page of one window, from the content of monitor.json."""
    rows = result["rows"]
    subtitle = f"{rows['production']:,} production rows beside {rows['reference']:,} rows of the training data"
    body = [
        verdicts(headline(result), performance_headline(result)),
        section("Findings", findings(result["breaches"]), findings(result["notes"])),
        section("Performance", performance_block(result)),
        section("Drift", drift_block(result), intro=DRIFT_INTRO),
    ]
    return page(f"Monitor: {result['window']}", subtitle, body)


def moved(result: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Features that broke a limit, those that moved most first."""
    return [feature for feature in _worst_first(result["features"]) if feature["breaches"]]


def headline(result: Mapping[str, Any]) -> Markup:
    """Did the data move?"""
    window = result["window"]
    if result["status"] == "too_few_rows":
        return verdict("neutral", f"{window}: too few rows to judge", "; ".join(result["notes"]) + ".")
    changed = moved(result)
    total = len(result["features"])
    if not changed:
        worst = _worst_first(result["features"])[0]
        text = f"None of {plural(total, 'feature')} broke a limit; the largest PSI is {number(worst['psi'])}"
        return verdict("good", f"{window}: the data did not move", f"{text} ({worst['name']}).")
    text = f"{len(changed)} of {plural(total, 'feature')} broke a limit. {changed[0]['breaches'][0]}."
    return verdict("bad", f"{window}: the data moved", text)


def performance_headline(result: Mapping[str, Any]) -> Markup:
    """Was the model still right?"""
    window = result["window"]
    measured = result["performance"]
    if measured is None:
        if result["status"] == "too_few_rows":
            return NOTHING
        return verdict("neutral", f"{window}: not known whether the model was right", "; ".join(result["notes"]) + ".")
    metric = measured["metric"]
    before = measured["reference_value"]
    bound = "most" if result["thresholds"]["direction"] == "minimize" else "least"
    text = f"{metric} {number(measured['value'])} on {plural(measured['rows'], 'row')}"
    text += f"; at {bound} {number(measured['limit'])} is asked."
    if before is not None:
        text += f" It was {number(before)} on the holdout."
    if measured["breach"]:
        return verdict("bad", f"{window}: the model missed its limit", text)
    return verdict("good", f"{window}: the model kept its limit", text)


def performance_block(result: Mapping[str, Any]) -> Markup:
    """The metric overall, and in each slice."""
    measured = result["performance"]
    if measured is None:
        return NOTHING
    metric = measured["metric"]
    values = [("this window", measured["value"]), ("holdout at training", measured["reference_value"])]
    largest = max(abs(value) for _, value in values if value is not None)
    rows = [
        (name, number(value), bar(abs(value), largest, "over" if index == 0 and measured["breach"] else ""))
        for index, (name, value) in enumerate(values)
        if value is not None
    ]
    overall = table(f"{metric} (limit {number(measured['limit'])})", ["rows", metric, " "], rows, [metric])
    return overall + grid(slice_tables(result["slices"]), "pair")


def slice_tables(slices: Mapping[str, Any] | None) -> list[Markup]:
    """The metric by value of each slice column, worst first; `slices` is the content of slices.json."""
    if slices is None:
        return []
    metric, sign = slices["metric"], -1 if slices["direction"] == "minimize" else 1
    tables = []
    for column, content in slices["columns"].items():
        known = [group for group in content["groups"] if metric in group["metrics"]]
        largest = max((abs(group["metrics"][metric]) for group in known), default=0.0)
        rows = []
        for group in sorted(known, key=lambda item: (not item["counted"], sign * item["metrics"][metric])):
            value = group["metrics"][metric]
            name = group["value"] if group["counted"] else f"{group['value']} (few rows)"
            style: Literal["", "muted"] = "" if group["counted"] else "muted"
            rows.append((name, f"{group['rows']:,}", number(value), bar(abs(value), largest, style)))
        title = f"{metric} by {column}: gap {number(content['gap'])} (limit {number(slices['limit'])})"
        tables.append(table(title, [column, "rows", metric, " "], rows, ["rows", metric]))
    return tables


def drift_block(result: Mapping[str, Any]) -> Markup:
    """Distributions of the prediction and of each feature that broke a limit, worst first; all figures in a table."""
    if not result["features"]:
        return NOTHING
    limit = result["thresholds"]["psi"]
    ordered = _worst_first(result["features"])
    changed = [feature for feature in ordered if feature["breaches"]]
    steady = [feature for feature in ordered if not feature["breaches"]]
    everything = [result["prediction"], *ordered]
    rows = [
        (
            feature["name"],
            badge("bad", "breach") if feature["breaches"] else badge("good", "ok"),
            number(feature["psi"]),
            TESTS[feature["test"]],
            number(feature["statistic"]),
            _p_value(feature["p_value"]),
            percent(feature["missing_reference"]),
            percent(feature["missing_production"]),
            percent(feature["unseen"] if feature["unseen"] is not None else feature["out_of_range"]),
        )
        for feature in everything
    ]
    columns = ["column", "", "PSI", "test", "statistic", "p", "missing before", "missing now", "new or out of range"]
    shown = [result["prediction"], *changed][:PICTURES]
    left = len(changed) + 1 - len(shown)
    return join(
        [
            _legend(),
            grid(_drift_card(feature, limit) for feature in shown),
            note(f"{plural(left, 'more feature')} moved; the table below has all of them.") if left else NOTHING,
            details(
                f"{plural(len(steady), 'feature')} without a breach",
                grid(_drift_card(feature, limit) for feature in steady[:PICTURES]),
            )
            if steady
            else NOTHING,
            details(
                "All figures",
                table(
                    f"Quality and drift, {result['window']} (KS: Kolmogorov-Smirnov test)",
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


def _drift_card(feature: Mapping[str, Any], limit: float) -> Markup:
    name, psi = feature["name"], feature["psi"]
    picture = charts.histogram_pair(
        feature["histogram"], f"Distribution of {name} in production and in training; PSI {number(psi)}"
    )
    sentences = [sentence.removeprefix(f"{name}: ") for sentence in feature["breaches"]]
    others = [sentence for sentence in sentences if not sentence.startswith("PSI")]
    label = "no values" if psi is None else f"PSI {number(psi)}, limit {number(limit)}"
    state: State = "neutral" if psi is None else "good" if len(others) == len(sentences) else "bad"
    return card(name, badge(state, label), picture, others)


def _worst_first(features: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return sorted(features, key=lambda feature: (not feature["breaches"], -(feature["psi"] or 0.0)))


def _p_value(value: float | None) -> str:
    return "below 1e-16" if value is not None and value < 1e-16 else number(value)
