"""What a run is told: environments, and who approves."""

from collections.abc import Mapping, Sequence

from ..config.ci import Reviewers
from ..config.environment import EnvironmentConfig, load_all
from ..errors import UserError
from ..paths import Project
from . import settings

NO_APPROVAL = "none"


def approvers(project: Project, given: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Return who approves, by key of `ci.reviewers`, as options and answers name them; `none` means no approval.

    Raises:
        UserError: a key or a name is refused.
    """
    unknown = [key for key in given if key not in Reviewers.model_fields]
    if unknown:
        known = ", ".join(Reviewers.model_fields)
        raise UserError(f"--reviewer: {unknown[0]!r} is refused: no such approval; known: {known}")
    found = {
        key: () if value.strip() == NO_APPROVAL else tuple(name.strip() for name in value.split(",") if name.strip())
        for key, value in given.items()
    }
    if settings.differ(project, written(found)) and (refused := settings.refusal(project, written(found))):
        raise UserError(f"--reviewer: {refused}")
    return found


def written(reviewers: Mapping[str, tuple[str, ...]]) -> dict[str, dict[str, tuple[str, ...]]]:
    """Return who approves as values of config/."""
    return {"common": {f"ci.reviewers.{key}": names for key, names in reviewers.items()}}


def chosen(project: Project, environments: Sequence[str]) -> dict[str, EnvironmentConfig]:
    """Return the configurations of the chosen environments, in their order there.

    Raises:
        UserError: a name is unknown, or the configuration is refused.
    """
    known = load_all(project.root / "config")
    unknown = [name for name in environments if name not in known]
    if unknown or not environments:
        raise UserError(f"--env: {', '.join(unknown)!r} is refused: environments of config/ are {', '.join(known)}")
    return {name: config for name, config in known.items() if name in environments}
