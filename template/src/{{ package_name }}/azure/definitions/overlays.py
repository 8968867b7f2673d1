"""What azureml/overlays/*.yml add to components, to jobs of pipelines and to deployments.

An overlay counts where config/project.yml has the settings that its `when` names: a kind of model may need a cluster
with GPUs.
"""

from collections.abc import Mapping
from typing import Any

from ...config import yaml_file
from ...errors import UserError
from ...paths import Project
from .versions import Document

FOLDER, SECTIONS = "overlays", ("components", "jobs", "deployments")
ANY = "any"  # in `when`: the setting is there, with whatever value

Additions = Mapping[str, Mapping[Any, Document]]  # section of an overlay -> component or kind of endpoint -> keys


def additions(project: Project) -> dict[str, dict[Any, Document]]:
    """Return what the overlays add whose settings config/project.yml has.

    Returns:
        Section of an overlay -> name of a component, or kind of endpoint -> keys and values.

    Raises:
        UserError: config/project.yml or an overlay cannot be read.
    """
    settings = yaml_file.read(project.config_path, project.relative(project.config_path))
    found: dict[str, dict[Any, Document]] = {section: {} for section in SECTIONS}
    for path in sorted((project.root / "azureml" / FOLDER).glob("*.yml")):
        label = project.relative(path)
        overlay = yaml_file.read(path, label)
        when = overlay.pop("when", None)
        sections = [when, *overlay.values()]
        are_named = all(isinstance(section, dict) for section in sections) and not set(overlay) - set(SECTIONS)
        if not are_named or not all(isinstance(own, dict) for named in overlay.values() for own in named.values()):
            raise UserError(
                f"{label}: must hold `when`, settings of config/project.yml, and some of {', '.join(SECTIONS)}: names"
                " with keys of Azure ML"
            )
        if all(_has(settings, str(setting).split("."), value) for setting, value in (when or {}).items()):
            for section, named in overlay.items():
                for name, own in named.items():
                    found[section][name] = merged(found[section].get(name, {}), own)
    return found


def _has(settings: Any, keys: list[str], value: object) -> bool:
    """Return whether a setting has a value; for ANY: whether it has one at all."""
    for key in keys:
        settings = settings.get(key) if isinstance(settings, dict) else None
    return settings is not None if value == ANY else settings == value


def merged(document: Document, added: Mapping[Any, Any]) -> Document:
    """Return a document with further keys; where both hold a mapping, with the keys of both."""
    both = dict(document)
    for key, value in added.items():
        known = both.get(key)
        both[key] = merged(known, value) if isinstance(known, dict) and isinstance(value, dict) else value
    return both
