"""The section `robustness` of config/project.yml for images: what is done to an image, and how strongly."""

from collections.abc import Mapping
from typing import Annotated, ClassVar

from pydantic import Field, field_validator

from .robustness import Robustness
from .yaml_file import suggest

# Perturbation -> strengths by default, and the lowest and highest that make sense, from the weakest on.
STRENGTHS: Mapping[str, tuple[float, ...]] = {
    "noise": (0.04, 0.08, 0.16),  # deviation of each value, white being 1
    "blur": (0.01, 0.02, 0.04),  # deviation of a Gaussian, in shares of the shorter side
    "rotation": (5, 10, 20),  # degrees
    "contrast": (0.2, 0.4, 0.6),  # share that is taken away
    "jpeg": (75, 50, 25),  # quality
}
PERTURBATIONS = tuple(STRENGTHS)

Strengths = Annotated[list[float], Field(min_length=1, max_length=5)]


def named(kind: str, strength: float) -> str:
    """Return the name of a perturbation of some strength.

    >>> named("rotation", 5.0)
    'rotation 5'
    """
    return f"{kind} {strength:g}"


class ImageRobustness(Robustness):
    """Limits for perturbed images.

    Of each perturbation the first strength is held to its limit; the others are shown, as a curve.

    Args:
        strengths: perturbation -> its strengths, from the weakest on; one without strengths is left out.
    """

    PERTURBATIONS: ClassVar[tuple[str, ...]] = PERTURBATIONS

    rows: Annotated[int, Field(ge=50)] = 500
    strengths: dict[str, Strengths] = Field(default_factory=lambda: {name: [*each] for name, each in STRENGTHS.items()})

    def limit_of(self, perturbation: str) -> float | None:
        """Return the limit of a perturbation of some strength (see `named`), None for one that is only shown."""
        kind = perturbation.split(" ")[0]
        first = self.strengths.get(kind)
        return super().limit_of(kind) if first and perturbation == named(kind, first[0]) else None

    @field_validator("strengths")
    @classmethod
    def _strengths_grow(cls, strengths: dict[str, list[float]]) -> dict[str, list[float]]:
        for name, values in strengths.items():
            if name not in PERTURBATIONS:
                raise ValueError(
                    f"{name!r} is no perturbation: use {', '.join(PERTURBATIONS)}{suggest(name, PERTURBATIONS)}"
                )
            lowest, highest = (1, 95) if name == "jpeg" else (0, 180 if name == "rotation" else 1)
            if not all(lowest < value <= highest for value in values):
                raise ValueError(f"{name}: {values} is refused: a strength is above {lowest} and at most {highest}")
            if values != sorted(set(values), reverse=name == "jpeg"):
                raise ValueError(f"{name}: {values} is refused: the weakest comes first, each once")
        return strengths
