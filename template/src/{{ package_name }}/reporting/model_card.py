"""The model card: what a model is for, what it learned from, how good it is and for whom, where its limits are.

Its parts follow M. Mitchell et al., Model Cards for Model Reporting, 2019. It is written once and rendered twice:
as Markdown for the registry and for diffs, as HTML for people.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from markupsafe import Markup

from ..config.project import ProjectConfig
from .html import facts, findings, join, number, page, percent, plural, section, table


@dataclass(frozen=True)
class Grid:
    """A table of the card; `columns` after the first hold figures."""

    caption: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True)
class Part:
    """A headed part of the card."""

    title: str
    sentences: Sequence[str] = ()
    pairs: Sequence[tuple[str, str | None]] = ()
    grids: Sequence[Grid] = field(default=())


def model_card(
    config: ProjectConfig,
    contract: Mapping[str, Any],
    training: Mapping[str, Any],
    metrics: Mapping[str, Any],
    slices: Mapping[str, Any],
) -> tuple[str, str]:
    """The card of one trained model as Markdown and as an HTML page.

    Args:
        config: what the project set out to do.
        contract: contract.json of the model.
        training: training.json of the train step.
        metrics: metrics.json of the evaluate step.
        slices: slices.json of the responsible_ai step.
    """
    parts = [
        _use(config, contract),
        _model(training),
        _data(config, contract, training, metrics),
        _performance(training, metrics),
        _fairness(slices),
        _limits(config, contract, training, metrics, slices),
    ]
    title = f"Model card: {contract['target']}"
    return _markdown(title, parts), _html(title, parts)


def _use(config: ProjectConfig, contract: Mapping[str, Any]) -> Part:
    does = (
        "a number"
        if contract["task"] == "regression"
        else f"one of {plural(len(contract['classes']), 'class', 'classes')}"
    )
    about = config.about
    not_said = "Not written down yet: about.{} in config/project.yml"
    return Part(
        "Intended use",
        pairs=[
            ("Predicts", f"{contract['target']}, {does}, from {plural(len(contract['features']), 'feature')} of a row"),
            ("Purpose", about.purpose or not_said.format("purpose")),
            ("Not meant for", about.not_for or not_said.format("not_for")),
            ("Owner", about.owner or not_said.format("owner")),
        ],
    )


def _model(training: Mapping[str, Any]) -> Part:
    return Part(
        "Model",
        pairs=[
            ("Learner", training["learner"]),
            ("Chosen from", candidates(training)),
            ("Parameters", ", ".join(f"{name}={value}" for name, value in training["parameters"].items())),
            ("Seed", str(training["seed"])),
            ("Code version", training["code_version"]),
            ("Libraries", ", ".join(f"{name} {value}" for name, value in training["libraries"].items())),
        ],
    )


def _data(
    config: ProjectConfig, contract: Mapping[str, Any], training: Mapping[str, Any], metrics: Mapping[str, Any]
) -> Part:
    held = {"time": "the newest rows", "id": "a fixed hash of the id decides"}[config.split.by]
    kinds = ("numeric", "categorical", "boolean")
    named = {kind: [entry["name"] for entry in contract["features"] if entry["kind"] == kind] for kind in kinds}
    return Part(
        "Data",
        pairs=[
            ("Trained on", rows_of({"rows": training["rows"], **training["period"]})),
            ("Held out", f"{rows_of(metrics['holdout'])} ({held})"),
            *((f"{kind.capitalize()} features", ", ".join(names) or None) for kind, names in named.items()),
            ("Data digest", training["data_digest"]),
        ],
    )


def rows_of(part: Mapping[str, Any]) -> str:
    """Size of a part of the data and, where it has one, its period: mapping with `rows`, maybe `from` and `to`."""
    text = plural(part["rows"], "row")
    return f"{text}, {part['from'][:10]} to {part['to'][:10]}" if "from" in part else text


def candidates(training: Mapping[str, Any]) -> str | None:
    """The kinds of model that were tried, with their metric on the validation rows; None if one was given."""
    metric = training["metric"]
    tried = [f"{each['kind']} ({metric} {number(each['metrics'].get(metric))})" for each in training["candidates"]]
    return ", ".join(tried) + "; validated within the training rows" if tried else None


def _performance(training: Mapping[str, Any], metrics: Mapping[str, Any]) -> Part:
    names = {"challenger": "this model", "baseline": f"{training['baseline']} baseline", "champion": "champion before"}
    shown = [who for who in names if metrics[who]]
    rows = [[name, *(number(metrics[who].get(name)) for who in shown)] for name in metrics["challenger"]]
    caption = f"On {plural(metrics['rows'], 'held-out row')}; {metrics['metric']} decides ({metrics['direction']})"
    return Part("Performance", grids=[Grid(caption, ["metric", *(names[who] for who in shown)], rows)])


def _fairness(slices: Mapping[str, Any]) -> Part:
    metric = slices["metric"]
    grids = []
    for column, content in slices["columns"].items():
        rows = [
            [
                group["value"],
                f"{group['rows']:,}",
                number(group["metrics"].get(metric)),
                "yes" if group["counted"] else "no",
            ]
            for group in content["groups"]
        ]
        caption = f"{metric} by {column}: gap {number(content['gap'])}"
        grids.append(Grid(caption, [column, "rows", metric, "counted in the gap"], rows))
    if not grids:
        return Part(
            "Slices", ["No slice columns are named in config/project.yml: nobody has looked for unequal errors."]
        )
    text = (
        f"The largest gap between two slices of a column is {number(slices['largest_gap'])};"
        f" {number(slices['limit'])} is allowed. Slices below {plural(slices['minimum_rows'], 'row')} are shown"
        " but not counted: chance rules there."
    )
    return Part("Slices", [text], grids=grids)


def _limits(
    config: ProjectConfig,
    contract: Mapping[str, Any],
    training: Mapping[str, Any],
    metrics: Mapping[str, Any],
    slices: Mapping[str, Any],
) -> Part:
    """What the figures themselves say about the model's limits."""
    found = []
    metric = metrics["metric"]
    own, simple = metrics["challenger"].get(metric), metrics["baseline"].get(metric)
    if own is not None and simple:
        gain = (simple - own) / abs(simple) * (1 if metrics["direction"] == "minimize" else -1)
        if training["kind"] == training["baseline"]:
            found.append("It is the linear baseline itself: nothing less simple did better.")
        elif gain <= 0:
            found.append("It is no better than the linear baseline.")
        elif gain < 0.1:
            found.append(f"It is only {percent(gain)} better than the linear baseline.")
    if config.split.by == "time":
        found.append(
            "It was tested on the weeks or months right after those it learned from; seasons that neither part"
            " holds are unknown to it."
        )
    ranges = [
        f"{entry['name']} {number(entry['minimum'])} to {number(entry['maximum'])}"
        for entry in contract["features"]
        if entry["minimum"] is not None
    ]
    if ranges:
        found.append(f"Outside the ranges it learned from it extrapolates: {', '.join(ranges)}.")
    few = [
        f"{column} {group['value']} ({group['rows']})"
        for column, content in slices["columns"].items()
        for group in content["groups"]
        if not group["counted"]
    ]
    if few:
        found.append(f"Too few held-out rows to say how good it is for {', '.join(few)}.")
    return Part("Limits", found)


def _html(title: str, parts: Sequence[Part]) -> str:
    blocks = []
    for part in parts:
        blocks.append(Markup("<h3>{}</h3>").format(part.title))
        blocks.append(findings(part.sentences))
        blocks.append(facts(part.pairs))
        blocks += [table(grid.caption, grid.columns, grid.rows, grid.columns[1:]) for grid in part.grids]
    return page(title, "", [section("Model card", join(blocks, "\n"))])


def _markdown(title: str, parts: Sequence[Part]) -> str:
    lines = [f"# {_plain(title)}", ""]
    for part in parts:
        lines += [f"## {part.title}", ""]
        lines += [f"- {_plain(sentence)}" for sentence in part.sentences]
        lines += [f"- **{name}**: {_plain(value)}" for name, value in part.pairs if value is not None]
        lines += [""] if part.sentences or part.pairs else []
        for grid in part.grids:
            align = ["---", *["---:"] * (len(grid.columns) - 1)]
            lines += [f"**{_plain(grid.caption)}**", ""]
            rows = [[_plain(cell) for cell in row] for row in [grid.columns, *grid.rows]]
            lines += [f"| {' | '.join(row)} |" for row in [rows[0], align, *rows[1:]]]
            lines += [""]
    return "\n".join(lines).rstrip("\n") + "\n"


def _plain(text: str) -> str:
    """`text` with the characters that Markdown or HTML inside it would act on escaped, on one line."""
    return re.sub(r"([\\`*_{}\[\]<>|#])", r"\\\1", " ".join(text.split()))
