"""What the report shows of the time after a breach: here nothing more than the training runs themselves."""

from collections.abc import Iterator

from markupsafe import Markup

from ..config.project import ProjectConfig
from ..errors import Finding
from ..paths import Project

READER = "mlops retrain"  # reads training and production data together


def sections(project: Project) -> dict[str, Markup]:
    """Return title -> block."""
    return {}


def findings(project: Project, config: ProjectConfig) -> Iterator[Finding]:
    """Yield what `mlops check` says about it."""
    return iter(())
