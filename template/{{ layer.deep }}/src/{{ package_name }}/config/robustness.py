"""The section `robustness` of config/project.yml: how much a perturbed input may cost."""

from typing import Annotated, ClassVar

from pydantic import Field, field_validator

from .yaml_file import Section, suggest


class Robustness(Section):
    """Limits for the metric on a holdout whose inputs are perturbed, as losses in the unit of the metric.

    Args:
        limit: largest loss allowed for every perturbation that `limits` does not name; None only shows them.
        limits: perturbation -> its own limit; None only shows it.
        rows: rows of the holdout that are perturbed, at most.
    """

    PERTURBATIONS: ClassVar[tuple[str, ...]]

    limit: Annotated[float, Field(gt=0)] | None = 0.1
    limits: dict[str, Annotated[float, Field(gt=0)] | None] = Field(default_factory=dict)
    rows: Annotated[int, Field(ge=50)] = 2000

    @field_validator("limits")
    @classmethod
    def _perturbations_are_known(cls, limits: dict[str, float | None]) -> dict[str, float | None]:
        known = cls.PERTURBATIONS
        for name in limits:
            if name not in known:
                raise ValueError(f"{name!r} is no perturbation: use {', '.join(known)}{suggest(name, known)}")
        return limits

    def limit_of(self, perturbation: str) -> float | None:
        """Return the limit of a perturbation, None for one that is only shown."""
        return self.limits.get(perturbation, self.limit)
