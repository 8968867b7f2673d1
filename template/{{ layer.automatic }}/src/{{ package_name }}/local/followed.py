"""What the report shows of the time after a breach: here nothing more than the training runs themselves."""

from markupsafe import Markup

from ..paths import Project


def sections(project: Project) -> dict[str, Markup]:
    """Return title -> block."""
    return {}
