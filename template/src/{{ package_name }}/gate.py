"""The gate: may this challenger become the champion? Pure arithmetic on figures of one fixed holdout."""

import math
from dataclasses import dataclass
from typing import Literal

from .figures import number
from .metrics import Direction

Name = Literal["metric", "gain", "slice_gap", "bias", "robustness"]
Outcome = Literal["passed", "refused", "not_measured"]
Unmeasured = Literal["allow", "refuse"]


@dataclass(frozen=True)
class Rules:
    """The limits; all in the unit of the metric.

    Args:
        metric: name of the metric, for the messages.
        direction: whether a smaller or a larger value is better.
        minimum: the worst value that is still good enough.
        minimum_gain: by more than this the challenger must beat the champion; below 0, it may be so much worse.
        maximum_slice_gap: largest allowed difference between the best and the worst slice.
        unmeasured: whether a gap between slices that was not measured refuses the challenger.
    """

    metric: str
    direction: Direction
    minimum: float
    minimum_gain: float
    maximum_slice_gap: float
    unmeasured: Unmeasured = "allow"


@dataclass(frozen=True)
class Check:
    """One rule with its figure, None if that is absent or not finite; `sentence` says both and the outcome."""

    name: Name
    value: float | None
    limit: float
    outcome: Outcome
    sentence: str

    @property
    def passed(self) -> bool:
        """Whether the figure was measured and keeps its limit."""
        return self.outcome == "passed"


@dataclass(frozen=True)
class Verdict:
    """Outcome of the gate. `passed` says whether to promote; `override` is the reason if a person let it through."""

    passed: bool
    checks: tuple[Check, ...]
    override: str | None


def decide(
    challenger: float,
    champion: float | None,
    slice_gap: float | None,
    rules: Rules,
    override: str | None = None,
    *,
    paired: str | None = None,
    unmeasured: str | None = None,
    bias: int | None = None,
    robustness: int | None = None,
) -> Verdict:
    """Judge a challenger by its figures on one holdout.

    A figure that is not finite passes no check.

    Args:
        challenger: the deciding metric of the model just trained.
        champion: the same of the model in service, on the same holdout; None for the first model.
        slice_gap: largest difference between the best and the worst slice; None if it was not measured.
        rules: the limits.
        override: reason for letting a refused challenger through; it is kept with the verdict.
        paired: where champion and challenger differ row by row, in words; None if it was not counted.
        unmeasured: why the gap of some slice column was not measured; None if all were.
        bias: number of broken limits of data bias; None if they refuse no challenger.
        robustness: number of perturbations that cost more than their limit; None if none was tried.

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
        beside = f"champion {number(champion)}" + (f"; {paired}" if paired else "")
        checks.append(
            _check(
                "gain",
                gain,
                rules.minimum_gain,
                gain > rules.minimum_gain,
                f"gain over the champion {{value}} ({beside}), more than {{limit}} required",
            )
        )
    checks.append(_slice_check(slice_gap, rules, unmeasured))
    if bias is not None:
        checks.append(_check("bias", bias, 0, bias == 0, "broken limits of data bias {value}, at most {limit} allowed"))
    if robustness is not None:
        text = "perturbations that cost more than allowed {value}, at most {limit} allowed"
        checks.append(_check("robustness", robustness, 0, robustness == 0, text))
    passed = all(check.outcome != "refused" for check in checks)
    reason = override.strip() if override else None
    return Verdict(passed or bool(reason), tuple(checks), reason if not passed and reason else None)


def _slice_check(gap: float | None, rules: Rules, unmeasured: str | None) -> Check:
    limit = rules.maximum_slice_gap
    if gap is not None and (gap > limit or unmeasured is None or rules.unmeasured == "allow"):
        return _check("slice_gap", gap, limit, gap <= limit, "gap between slices {value}, at most {limit} allowed")
    reason = f"gap between slices not measured ({unmeasured or 'too few rows'})"
    if rules.unmeasured == "refuse":
        return Check("slice_gap", gap, limit, "refused", f"{reason}, gate.unmeasured is 'refuse': refused")
    return Check("slice_gap", None, limit, "not_measured", f"{reason}: not a reason to refuse (gate.unmeasured)")


def _check(name: Name, value: float, limit: float, holds: bool, text: str) -> Check:
    finite = math.isfinite(value)
    passed = finite and holds
    sentence = text.format(value=number(value), limit=number(limit))
    outcome: Outcome = "passed" if passed else "refused"
    return Check(name, value if finite else None, limit, outcome, f"{sentence}: {outcome}")
