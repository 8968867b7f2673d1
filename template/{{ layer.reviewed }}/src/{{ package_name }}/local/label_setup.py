"""The labels that people choose from, and how they get into config/project.yml without changing anything else there."""

from collections.abc import Sequence
from typing import Any

import yaml

from ..config import yaml_file
from ..config.commented_yaml import to_yaml
from ..config.project import ProjectConfig
from ..config.project import load as load_config
from ..errors import UserError
from ..files import atomic_write
from ..paths import CONFIG, Project
from ..pipeline import original
from ..review import versions
from ..review.workspace import Workspace


def labels(project: Project, config: ProjectConfig) -> list[str]:
    """Return the labels that people choose from: those of the configuration, else those of the training data.

    Raises:
        UserError: there are none.
    """
    if config.labels.names is not None:
        return list(config.labels.names)
    workspace = Workspace.of(project)
    newest = workspace.newest_version()
    rows = versions.rows(workspace, newest) if newest else original.rows(project, config)
    renamed = config.labels.renamed
    found = sorted({renamed.get(row.label, row.label) for row in rows})
    if len(found) < 2:
        raise UserError(
            f"{CONFIG.as_posix()}: labels.names is missing, and the training data have {len(found)} labels: name at"
            " least two with `mlops review setup`"
        )
    return found


def set_up(project: Project, names: Sequence[str]) -> bool:
    """Write `labels.names`; everything else in the file stays as it is written. Return whether it changed.

    Raises:
        UserError: the labels break a rule of the configuration, or the file cannot be read or written.
    """
    label = CONFIG.as_posix()
    load_config(project.config_path)  # names what is wrong in the file as it is
    text = project.config_path.read_text(encoding="utf-8")
    new = with_names(text, names)
    yaml_file.check(yaml.safe_load(new), ProjectConfig, lambda _: label)
    Workspace.of(project).labeling.mkdir(parents=True, exist_ok=True)
    if new == text:
        return False
    atomic_write(project.config_path, new)
    return True


def with_names(text: str, names: Sequence[str]) -> str:
    """Return the text of a YAML file with these `labels.names`.

    >>> print(with_names("seed: 1 # fixed\\nlabels: # of people\\n  names: [a, b] # two\\n", ["c", "no"]), end="")
    seed: 1 # fixed
    labels: # of people
      names: [c, 'no'] # two
    """
    written = to_yaml({"names": list(names)}).partition(": ")[2].rstrip("\n")
    section = _value(yaml.compose(text, Loader=yaml.SafeLoader), "labels")
    if section is None:
        return f"{text.rstrip()}\n\nlabels: # that people choose from\n  names: {written}\n"
    if not isinstance(section, yaml.MappingNode) or not section.value:
        return _replaced(text, section, f"\n  names: {written}\n")
    old = _value(section, "names")
    if old is not None:
        return _replaced(text, old, written)
    start = section.value[0][0].start_mark
    entry = f"names: {written}, " if section.flow_style else f"names: {written}\n{' ' * start.column}"
    return text[: start.index] + entry + text[start.index :]


def _value(node: Any, key: str) -> Any:
    if not isinstance(node, yaml.MappingNode):
        return None
    return next((value for name, value in node.value if name.value == key), None)


def _replaced(text: str, node: Any, new: str) -> str:
    """Return the text with the value of a node replaced; of a block list the comments beside its items go too."""
    start, end = node.start_mark.index, node.end_mark.index
    if isinstance(node, yaml.SequenceNode) and not node.flow_style:
        end = text.find("\n", node.value[-1].end_mark.index)
        return text[:start].rstrip() + " " + new + (text[end:] if end >= 0 else "\n")
    if new.startswith("\n") and start == end:  # no value at all: a comment stays beside its key
        line = (text + "\n").index("\n", start)
        return text[:line] + new + text[line + 1 :]
    if new.startswith("\n"):
        return text[:start].rstrip(" ") + new + text[end:].lstrip(" \n")
    before = text[:start] if text[:start].endswith((" ", "\t")) else text[:start] + " "
    return before + new + text[end:]
