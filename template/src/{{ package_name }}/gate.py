"""The gate: may this challenger become the champion? Pure arithmetic on figures of one fixed holdout."""

import math
from dataclasses import asdict, dataclass
from typing import Any, Literal

Direction = Literal["minimize", "maximize"]


@dataclass(frozen=True)
class Rules:
    """The limits; all in the unit of the metric.

    Args:
        metric: name of the metric, for the messages.
        direction: whether a smaller or a larger value is better.
        minimum: the worst value that is still good enough.
        minimum_gain: by how much more than this the challenger must beat the champion.
        maximum_slice_gap: largest allowed difference between the best and the worst slice.
    """

    metric: str
    direction: Direction
    minimum: float
    minimum_gain: float
    maximum_slice_gap: float


@dataclass(frozen=True)
class Check:
    """One rule with its figure; `sentence` says both and the outcome."""

    name: Literal["metric", "gain", "slice_gap"]
    value: float
    limit: float
    passed: bool
    sentence: str


@dataclass(frozen=True)
class Verdict:
    """Outcome of the gate. `passed` says whether to promote; `override` is the reason if a person let it through."""

    passed: bool
    checks: tuple[Check, ...]
    override: str | None

    @property
    def refusals(self) -> list[str]:
        return [check.sentence for check in self.checks if not check.passed]

    def to_dict(self) -> dict[str, Any]:
        """As JSON; a figure that is not finite becomes null, which JSON can hold."""
        content = asdict(self)
        for check in content["checks"]:
            check["value"] = check["value"] if math.isfinite(check["value"]) else None
        return content


def decide(
    challenger: float,
    champion: float | None,
    slice_gap: float,
    rules: Rules,
    override: str | None = None,
) -> Verdict:
    """Judge a challenger; `champion` is its rival's figure on the same holdout, None for the first model.

    A figure that is not finite passes no check. `override` lets a refused challenger through and is kept as the reason.
    """
    lower = rules.direction == "minimize"
    checks = [
        _check(
            "metric",
            challenger,
            rules.minimum,
            challenger <= rules.minimum if lower else challenger >= rules.minimum,
            f"{rules.metric} {{value}}, at {'most' if lower else 'least'} {{limit}} required",
        )
    ]
    if champion is not None:
        gain = champion - challenger if lower else challenger - champion
        checks.append(
            _check(
                "gain",
                gain,
                rules.minimum_gain,
                gain > rules.minimum_gain,
                f"gain over the champion {{value}} (champion {champion:.4g}), more than {{limit}} required",
            )
        )
    checks.append(
        _check(
            "slice_gap",
            slice_gap,
            rules.maximum_slice_gap,
            slice_gap <= rules.maximum_slice_gap,
            "gap between slices {value}, at most {limit} allowed",
        )
    )
    passed = all(check.passed for check in checks)
    reason = override.strip() if override else None
    return Verdict(passed or bool(reason), tuple(checks), reason if not passed and reason else None)


def _check(name: Literal["metric", "gain", "slice_gap"], value: float, limit: float, holds: bool, text: str) -> Check:
    passed = math.isfinite(value) and holds
    sentence = text.format(value=f"{value:.4g}", limit=f"{limit:.4g}")
    return Check(name, value, limit, passed, sentence + (": passed" if passed else ": refused"))
