"""The gate: may this challenger become the champion? Pure arithmetic on figures of one fixed holdout."""

import math
from dataclasses import dataclass
from typing import Literal

from .figures import number
from .metrics import Direction

Name = Literal["metric", "gain", "slice_gap"]


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
    """One rule with its figure, None if that is not finite; `sentence` says both and the outcome."""

    name: Name
    value: float | None
    limit: float
    passed: bool
    sentence: str


@dataclass(frozen=True)
class Verdict:
    """Outcome of the gate. `passed` says whether to promote; `override` is the reason if a person let it through."""

    passed: bool
    checks: tuple[Check, ...]
    override: str | None


def decide(
    challenger: float,
    champion: float | None,
    slice_gap: float,
    rules: Rules,
    override: str | None = None,
) -> Verdict:
    """Judge a challenger by its figures on one holdout.

    A figure that is not finite passes no check.

    Args:
        challenger: the deciding metric of the model just trained.
        champion: the same of the model in service, on the same holdout; None for the first model.
        slice_gap: largest difference between the best and the worst slice.
        rules: the limits.
        override: reason for letting a refused challenger through; it is kept with the verdict.

    >>> rules = Rules("rmse", "minimize", minimum=15, minimum_gain=0, maximum_slice_gap=4)
    >>> verdict = decide(11.2, 12.0, 1.9, rules)
    >>> verdict.passed, [check.name for check in verdict.checks]
    (True, ['metric', 'gain', 'slice_gap'])
    >>> decide(11.2, 11.0, 1.9, rules).checks[1].sentence
    'gain over the champion -0.2 (champion 11), more than 0 required: refused'
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
                f"gain over the champion {{value}} (champion {number(champion)}), more than {{limit}} required",
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


def _check(name: Name, value: float, limit: float, holds: bool, text: str) -> Check:
    finite = math.isfinite(value)
    passed = finite and holds
    sentence = text.format(value=number(value), limit=number(limit))
    return Check(name, value if finite else None, limit, passed, sentence + (": passed" if passed else ": refused"))
