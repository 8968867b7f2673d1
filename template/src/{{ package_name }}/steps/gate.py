"""Step 6: the gate. Refuses a challenger that is not good enough; nothing after it runs then."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from .. import entry, gate
from ..config.project import ProjectConfig, load
from ..errors import GateRefusedError
from ..figures import number
from ..records import Bias, Gate, Metrics, Robustness, Slices

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Settings:
    """Inputs and outputs; `override_reason` lets a refused challenger through and is recorded with it.

    `robustness` is left out by pipelines without that step.
    """

    config: Annotated[Path, "config/project.yml"]
    evaluation: Annotated[Path, "folder with metrics.json"]
    responsible_ai: Annotated[Path, "folder with slices.json and bias.json"]
    robustness: Annotated[Path | None, "folder with robustness.json"]
    override_reason: Annotated[str | None, "why a refused challenger is let through"]
    verdict: Annotated[Path, "folder for gate.json"]


def rules(config: ProjectConfig) -> gate.Rules:
    """Return the limits of config/project.yml."""
    return gate.Rules(
        metric=config.metric.name,
        direction=config.metric.direction,
        minimum=config.gate.minimum,
        minimum_gain=config.gate.minimum_gain,
        maximum_slice_gap=config.gate.maximum_slice_gap,
        unmeasured=config.gate.unmeasured,
    )


def judge(
    config: ProjectConfig,
    metrics: Metrics,
    slices: Slices,
    override: str | None,
    bias: Bias | None = None,
    robustness: Robustness | None = None,
) -> Gate:
    """Apply the limits of config/project.yml to the figures of the holdout.

    A figure that was not measured or breaks a limit of data bias, and refuses no challenger, becomes a note.
    """
    name = config.metric.name
    missing = float("nan")  # a figure that is absent passes no check
    champion = metrics.champion[name] if metrics.champion else None
    if metrics.champion_problem:
        champion = missing
    broken = bias.breaches if bias else ()
    verdict = gate.decide(
        metrics.challenger.get(name, missing),
        champion,
        slices.largest_gap,
        rules(config),
        override,
        paired=metrics.paired,
        unmeasured=slices.caution,
        bias=len(broken) if bias and config.bias.breach == "refuse" else None,
        robustness=len(robustness.broken) if robustness and robustness.perturbations else None,
    )
    notes = [metrics.caution] if metrics.caution else []
    if slices.largest_gap is not None and slices.caution:
        notes.append(f"gap between slices not measured: {slices.caution}")
    if bias and broken:
        notes.append(f"{bias.summary}, such as {broken[0].sentence}; the model card has all")
    notes += [
        f"{each.name}: {metrics.metric} worse by {number(each.loss)} (limit {number(each.limit or 0)})"
        for each in (robustness.broken if robustness else ())
    ]
    if robustness and not robustness.perturbations:
        notes.append("; ".join(["robustness not measured", *robustness.unmeasured]))
    return Gate(verdict.passed, verdict.checks, verdict.override, metrics.champion_problem, tuple(notes))


def main(argv: Sequence[str] | None = None) -> None:
    """Write gate.json, then refuse or let pass.

    Raises:
        GateRefusedError: with every figure that broke its limit.
    """
    settings = entry.settings(Settings, argv)
    config = load(settings.config)
    metrics, slices = Metrics.load(settings.evaluation), Slices.load(settings.responsible_ai)
    bias = Bias.load(settings.responsible_ai)
    robustness = Robustness.load(settings.robustness) if settings.robustness else None
    verdict = judge(config, metrics, slices, settings.override_reason, bias, robustness)
    verdict.save(settings.verdict)
    for check in verdict.checks:
        log.info(check.sentence)
    for note in verdict.notes:
        log.warning(note)
    reasons = list(verdict.refusals)
    if verdict.champion_problem:
        reasons.append(f"the champion cannot be compared: {verdict.champion_problem}")
    if not verdict.passed:
        raise GateRefusedError("gate: " + "; ".join([*reasons, *verdict.notes]))
    if verdict.override:
        log.warning("gate overridden (%s) although: %s", verdict.override, "; ".join(reasons))


if __name__ == "__main__":
    entry.run(main)
