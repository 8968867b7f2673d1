"""The model card: what a model is for, what it learned from, how good it is and for whom, where its limits are.

Its parts follow M. Mitchell et al., Model Cards for Model Reporting, 2019. It is written once and rendered twice:
as Markdown for the registry and for diffs, as HTML for people.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from markupsafe import Markup

from .. import records
from ..config.project import ProjectConfig
from ..figures import plural
from ..records import Bias, Contract, Metrics, Robustness, Slices, Training
from .html import FOLDED, facts, findings, join, number, page, percent, section, table
from .tables import Grid, bias_grids, bias_sentences, class_grids, robustness_grid, robustness_sentences


@dataclass(frozen=True)
class Part:
    """A headed part of the card."""

    title: str
    sentences: Sequence[str] = ()
    pairs: Sequence[tuple[str, str | None]] = ()
    grids: Sequence[Grid] = field(default=())


def model_card(
    config: ProjectConfig,
    contract: Contract,
    training: Training,
    metrics: Metrics,
    slices: Slices,
    bias: Bias | None = None,
    robustness: Robustness | None = None,
) -> tuple[str, str]:
    """Return the card of one trained model as Markdown and as an HTML page."""
    parts = [
        _use(config, contract),
        _model(training),
        _data(config, contract, training, metrics),
        _performance(training, metrics),
        _fairness(slices),
        *([_bias(bias)] if bias and any(bias.parts.values()) else []),
        *([_robustness(robustness)] if robustness else []),
        _limits(config, contract, training, metrics, slices),
    ]
    title = f"Model card: {contract.target}"
    return _markdown(title, parts), _html(title, parts)


def _use(config: ProjectConfig, contract: Contract) -> Part:
    does = "a number" if contract.classes is None else f"one of {plural(len(contract.classes), 'class', 'classes')}"
    about = config.about
    not_said = "Not written down yet: about.{} in config/project.yml"
    return Part(
        "Intended use",
        pairs=[
            ("Predicts", f"{contract.target}, {does}, from {plural(len(contract.features), 'feature')} of a row"),
            ("Purpose", about.purpose or not_said.format("purpose")),
            ("Not meant for", about.not_for or not_said.format("not_for")),
            ("Owner", about.owner or not_said.format("owner")),
        ],
    )


def _model(training: Training) -> Part:
    return Part(
        "Model",
        pairs=[
            ("Learner", training.learner),
            ("Chosen from", candidates(training)),
            ("Decides for", training.decision.summary if training.decision else None),
            ("Parameters", ", ".join(f"{name}={value}" for name, value in training.parameters.items())),
            ("Seed", str(training.seed)),
            ("Code version", training.code_version),
            ("Libraries", ", ".join(f"{name} {value}" for name, value in training.libraries.items())),
        ],
    )


def _data(config: ProjectConfig, contract: Contract, training: Training, metrics: Metrics) -> Part:
    hashed = f"a fixed hash of the {config.split.by} decides"
    held = "the newest rows" if config.split.by == "time" else hashed
    kinds = dict.fromkeys(feature.kind for feature in contract.features)
    named = {kind: [feature.name for feature in contract.features if feature.kind == kind] for kind in kinds}
    return Part(
        "Data",
        pairs=[
            ("Trained on", rows_of(training.part)),
            ("Held out", f"{rows_of(metrics.holdout)} ({held})"),
            *((f"{kind.capitalize()} features", _listed(names, Contract)) for kind, names in named.items()),
            ("Data digest", training.data_digest),
        ],
    )


def _listed(texts: Sequence[str], record: type[records.Record]) -> str:
    """Return texts in a row; of many, the first ones, how many are left, and the file that holds all of them."""
    if len(texts) <= FOLDED * 2:
        return ", ".join(texts)
    return f"{', '.join(texts[:FOLDED])} and {len(texts) - FOLDED:,} more (all are in {record.FILE})"


def rows_of(part: records.Part) -> str:
    """Return the size of a part of the data and, where it has one, its period."""
    text = plural(part.rows, "row")
    return f"{text}, {part.start[:10]} to {part.end[:10]}" if part.start and part.end else text


def candidates(training: Training) -> str | None:
    """Return the kinds of model that were tried, with their metric on the validation rows; None if one was given."""
    metric = training.metric
    tried = [f"{each.kind} ({metric} {each.figure(metric)})" for each in training.candidates]
    spread = (
        ", with the standard error of the folds" if any(metric in each.errors for each in training.candidates) else ""
    )
    return f"{', '.join(tried)}; validated within the training rows{spread}" if tried else None


def roles(training: Training | None) -> dict[str, str]:
    """Return the names of the compared models by their role."""
    baseline = f"{training.baseline} baseline" if training else "baseline"
    return {"challenger": "this model", "baseline": baseline, "champion": "champion before"}


def _performance(training: Training, metrics: Metrics) -> Part:
    names = roles(training)
    shown = metrics.models
    rows = [[name, *(number(figures.get(name)) for figures in shown.values())] for name in metrics.challenger]
    caption = f"On {plural(metrics.rows, 'held-out row')}; {metrics.metric} decides ({metrics.direction})"
    cautions = [f"Beware: {metrics.caution}."] if metrics.caution else []
    grids = [Grid(caption, ["metric", *(names[role] for role in shown)], rows)]
    return Part("Performance", cautions, grids=[*grids, *class_grids(metrics.classes)])


def _fairness(slices: Slices) -> Part:
    metric = slices.metric
    grids = []
    for column, content in slices.columns.items():
        rows = [
            [group.value, f"{group.rows:,}", number(group.metrics.get(metric)), "yes" if group.counted else "no"]
            for group in content.groups
        ]
        gap = "not measured" if content.gap is None else number(content.gap)
        caption = f"{metric} by {column}: gap {gap}"
        grids.append(Grid(caption, [column, "rows", metric, "counted in the gap"], rows))
    if not grids:
        return Part("Slices", ["config/project.yml names no slice columns: unequal errors were not looked for."])
    text = [f"Slices below {plural(slices.minimum_rows, 'row')} are shown but not counted: chance rules there."]
    if slices.largest_gap is not None:
        gap, limit = number(slices.largest_gap), number(slices.limit)
        text.insert(0, f"The largest gap between two slices of a column is {gap}; {limit} is allowed.")
    if slices.caution:
        text.append(f"Not measured: {slices.caution}.")
    return Part("Slices", text, grids=grids)


def _bias(bias: Bias) -> Part:
    """Return how the slices are spread over the data, and their rates."""
    return Part("Data bias", bias_sentences(bias), grids=bias_grids(bias))


def _robustness(found: Robustness) -> Part:
    """Return what inputs cost that were changed in ways that should not change the answer."""
    return Part("Robustness", robustness_sentences(found), grids=[robustness_grid(found)])


def _limits(
    config: ProjectConfig,
    contract: Contract,
    training: Training,
    metrics: Metrics,
    slices: Slices,
) -> Part:
    """Return the limits of the model that its own figures show."""
    found = []
    metric = metrics.metric
    own, simple = metrics.challenger.get(metric), metrics.baseline.get(metric)
    if own is not None and simple:
        gain = (simple - own) / abs(simple) * (1 if metrics.direction == "minimize" else -1)
        if training.kind == training.baseline:
            found.append(f"It is the {training.baseline} baseline itself: nothing less simple did better.")
        elif gain <= 0:
            found.append(f"It is no better than the {training.baseline} baseline.")
        elif gain < 0.1:
            found.append(f"It is only {percent(gain)} better than the {training.baseline} baseline.")
    if config.split.by == "time":
        found.append(
            "It was tested on the weeks or months right after those it learned from; seasons that neither part"
            " holds are unknown to it."
        )
    ranges = [
        f"{feature.name} {number(feature.minimum)} to {number(feature.maximum)}"
        for feature in contract.features
        if feature.minimum is not None
    ]
    if ranges:
        found.append(f"Outside the ranges it learned from it extrapolates: {_listed(ranges, Contract)}.")
    few = [
        f"{column} {group.value} ({group.rows})"
        for column, content in slices.columns.items()
        for group in content.groups
        if not group.counted
    ]
    if few:
        found.append(f"Too few held-out rows to say how good it is for {_listed(few, Slices)}.")
    return Part("Limits", found)


def _html(title: str, parts: Sequence[Part]) -> str:
    blocks = []
    for part in parts:
        blocks.append(Markup("<h3>{}</h3>").format(part.title))
        blocks.append(findings(part.sentences))
        blocks.append(facts(part.pairs))
        blocks += [
            table(grid.caption, grid.columns, grid.rows, grid.columns[1:], fold=True, dense=grid.dense)
            for grid in part.grids
        ]
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
    """Return `text` on one line, with the characters escaped that Markdown or HTML would act on."""
    return re.sub(r"([\\`*_{}\[\]<>|#])", r"\\\1", " ".join(text.split()))
