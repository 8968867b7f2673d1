"""Values in config/, written where they belong: comments and all other lines stay as they are."""

import json
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from ..config import environment
from ..errors import StepFailedError, UserError
from ..files import atomic_write
from ..paths import Project

Value = str | Sequence[str] | None


def read(project: Project, file: str, key: str) -> Any:
    """Return the value of a dotted key in a file of config/, None if it is not there."""
    content = _parsed(_path(project, file).read_text(encoding="utf-8"))
    for part in key.split("."):
        content = content.get(part) if isinstance(content, dict) else None
    return content


def differ(project: Project, wanted: Mapping[str, Mapping[str, Value]]) -> bool:
    """Return whether a value of config/ is another one: file -> dotted key -> value."""
    return any(
        read(project, file, key) != (list(value) if isinstance(value, tuple) else value)
        for file, values in wanted.items()
        for key, value in values.items()
    )


def write(project: Project, wanted: Mapping[str, Mapping[str, Value]]) -> None:
    """Write values into files of config/: file -> dotted key -> value; nothing if the result would be refused.

    Raises:
        UserError: the configuration would be refused.
        StepFailedError: a file cannot be edited without touching more than the value.
    """
    before = {file: _path(project, file).read_text(encoding="utf-8") for file in wanted}
    try:
        for file, values in wanted.items():
            text = before[file]
            for key, value in values.items():
                text = edited(text, key, value)
            if text != before[file]:
                atomic_write(_path(project, file), text)
        environment.load_all(project.root / "config")
    except BaseException:
        for file, text in before.items():
            atomic_write(_path(project, file), text)
        raise


def refusal(project: Project, wanted: Mapping[str, Mapping[str, Value]]) -> str | None:
    """Return why `write` would refuse these values, None if it would not; write nothing."""
    with tempfile.TemporaryDirectory() as folder:
        tried = Project(Path(folder))
        shutil.copytree(project.root / "config", tried.root / "config")
        try:
            write(tried, wanted)
        except UserError as error:
            return str(error)
    return None


def edited(text: str, key: str, value: Value) -> str:
    """Return a YAML file with a value in place of the one of a dotted key, which may be missing.

    >>> print(edited("ci:\\n  prefix: null   # read there\\n", "ci.prefix", "repo:a/b"))
    ci:
      prefix: "repo:a/b"   # read there
    <BLANKLINE>
    >>> print(edited("# Both.\\nci:\\n  issuer: null\\n\\ntags: {a: b}\\n", "ci.subjects.watch", "sc"))
    # Both.
    ci:
      issuer: null
      subjects:
        watch: "sc"
    <BLANKLINE>
    tags: {a: b}
    <BLANKLINE>
    """
    content = yaml.safe_load(text)
    result = _inserted(text, key.split("."), json.dumps(value, ensure_ascii=False))
    expected = content
    *parents, last = key.split(".")
    for part in parents:
        if not isinstance(expected.get(part), dict):
            expected[part] = {}
        expected = expected[part]
    expected[last] = list(value) if isinstance(value, tuple) else value
    if yaml.safe_load(result) != content:
        raise StepFailedError(f"config: {key} cannot be written without touching other lines: write {value!r} by hand")
    return result


def _inserted(text: str, parts: list[str], value: str) -> str:
    node: Any = yaml.compose(text, Loader=yaml.SafeLoader)
    depth = 0
    for number, part in enumerate(parts):
        found = _entry(node, part)
        if found is None:
            break
        node, depth = found[1], number + 1
    start, end = node.start_mark.index, node.end_mark.index
    if depth == len(parts):
        if isinstance(node, yaml.ScalarNode) and node.value == "" and start == end:  # `key:` with nothing behind it
            return f"{text[:start]} {value}{text[end:]}"
        return text[:start] + value + text[end:]
    indent = "  " * depth
    lines = [f"{indent}{'  ' * below}{part}:" for below, part in enumerate(parts[depth:])]
    lines[-1] += f" {value}"
    if depth and not (isinstance(node, yaml.MappingNode) and not node.flow_style):  # `subjects: null`, `subjects: {}`
        return text[:start].rstrip(" ") + "\n" + "\n".join(lines) + text[end:]
    at = _last_line(text[:end]) if depth else len(text)
    return (
        text[:at] + ("\n" if text[:at] and not text[:at].endswith("\n") else "") + "\n".join(lines) + "\n" + text[at:]
    )


@lru_cache(maxsize=16)
def _parsed(text: str) -> Any:
    return yaml.safe_load(text)


def _last_line(text: str) -> int:
    """Return where the line after the last value begins; blank lines and comments behind it are the next section's."""
    lines = text.splitlines(keepends=True)
    while lines and (not lines[-1].strip() or lines[-1].lstrip().startswith("#")):
        lines.pop()
    return sum(map(len, lines))


def _entry(node: Any, key: str) -> Any:
    pairs = node.value if isinstance(node, yaml.MappingNode) else ()
    return next((pair for pair in pairs if pair[0].value == key), None)


def _path(project: Project, file: str) -> Path:
    return project.root / "config" / f"{file}.yml"
