"""The packages of the dependency group `deep`, which only steps that train or export a network need."""

from importlib import util

PACKAGES = ("torch", "transformers", "onnx", "onnxscript")


def problem(setting: str) -> str | None:
    """Return why a setting of config/project.yml, such as `model.kind: 'x'`, cannot be followed; None if it can."""
    missing = [name for name in PACKAGES if util.find_spec(name) is None]
    if not missing:
        return None
    return (
        f"config/project.yml: {setting} needs the dependency group deep: {missing[0]} is missing; `uv sync --group"
        " deep` installs it"
    )
