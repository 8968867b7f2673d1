"""Step 6: the gate. Refuses a challenger that is not good enough; nothing after it runs then."""

import argparse
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .. import entry, gate
from ..config.project import ProjectConfig
from ..config.project import load as load_config
from ..errors import GateRefusedError
from ..files import read_json, write_json

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Settings:
    """Paths; `override_reason` lets a refused challenger through and is recorded with it."""

    config: Path
    evaluation: Path
    responsible_ai: Path
    override_reason: str | None
    verdict: Path


def judge(
    config: ProjectConfig, evaluation: dict[str, Any], slices: dict[str, Any], override: str | None
) -> gate.Verdict:
    """Apply the limits of config/project.yml to metrics.json and slices.json."""
    name = config.metric.name
    missing = float("nan")  # a figure that is absent passes no check
    champion = evaluation["champion"][name] if evaluation["champion"] else None
    if evaluation["champion_problem"]:
        champion = missing
    rules = gate.Rules(
        metric=name,
        direction=config.metric.direction,
        minimum=config.gate.minimum,
        minimum_gain=config.gate.minimum_gain,
        maximum_slice_gap=config.gate.maximum_slice_gap,
    )
    return gate.decide(evaluation["challenger"].get(name, missing), champion, slices["largest_gap"], rules, override)


def main(argv: Sequence[str] | None = None) -> None:
    """Write gate.json, then refuse or let pass.

    Raises:
        GateRefusedError: with every figure that broke its limit.
    """
    settings = Settings(**vars(_parser().parse_args(argv)))
    config = load_config(settings.config)
    evaluation = read_json(settings.evaluation / "metrics.json")
    slices = read_json(settings.responsible_ai / "slices.json")
    verdict = judge(config, evaluation, slices, settings.override_reason)
    write_json(settings.verdict / "gate.json", verdict.to_dict() | {"champion_problem": evaluation["champion_problem"]})
    for check in verdict.checks:
        log.info(check.sentence)
    reasons = list(verdict.refusals)
    if evaluation["champion_problem"]:
        reasons.append(f"the champion cannot be compared: {evaluation['champion_problem']}")
    if not verdict.passed:
        raise GateRefusedError("gate: " + "; ".join(reasons))
    if verdict.override:
        log.warning("gate overridden (%s) although: %s", verdict.override, "; ".join(reasons))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", type=Path, required=True, help="config/project.yml")
    parser.add_argument("--evaluation", type=Path, required=True, help="folder with metrics.json")
    parser.add_argument("--responsible-ai", type=Path, required=True, help="folder with slices.json")
    parser.add_argument("--override-reason", help="why a refused challenger is let through")
    parser.add_argument("--verdict", type=Path, required=True, help="folder for gate.json")
    return parser


if __name__ == "__main__":
    entry.run(main)
