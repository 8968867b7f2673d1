"""The section `robustness` of config/project.yml for images: what is done to an image."""

from pydantic import field_validator

from .robustness import Robustness
from .yaml_file import suggest

PERTURBATIONS = ("noise", "blur", "rotation", "contrast", "brightness", "jpeg")


class ImageRobustness(Robustness):
    """Limits for perturbed images."""

    @field_validator("limits")
    @classmethod
    def _perturbations_are_known(cls, limits: dict[str, float | None]) -> dict[str, float | None]:
        for name in limits:
            if name not in PERTURBATIONS:
                raise ValueError(
                    f"{name!r} is no perturbation: use {', '.join(PERTURBATIONS)}{suggest(name, PERTURBATIONS)}"
                )
        return limits
