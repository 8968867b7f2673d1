"""What was changed in Azure by hand: the plan of an unchanged configuration."""

from ..config.environment import EnvironmentConfig
from ..paths import Project
from . import engine
from .stacks import Stack


def differences(project: Project, config: EnvironmentConfig) -> list[str]:
    """Return what an apply would change, a resource a line; errors as in `engine.planned`."""
    with engine.planned(project, config.environment.name, Stack()) as planned:
        return [f"{change.action:8} {change.address}" for change in planned.changes.resources]
