"""The part of the template's CHANGELOG that concerns an update."""

import re
import tempfile
from pathlib import Path

from ..errors import UserError
from .repository import git

CHANGELOG = "CHANGELOG.md"
MOST = 60  # lines
_HEADING = re.compile(r"## v?(\d+)\.(\d+)\.(\d+)\b")
_VERSION = re.compile(r"v?(\d+)\.(\d+)\.(\d+)")
_LINK = re.compile(r"\[([^\]]+)\]\((?!https?:)[^)]*\)")
# The short addresses that Copier knows.
_HOSTS = {"gh:": "https://github.com/", "gl:": "https://gitlab.com/"}


def read(root: Path, source: str, tag: str, before: str) -> list[str]:
    """Return what the template tells about the versions after `before`, up to `tag`; why, where it cannot be read.

    Args:
        root: of this project; a template given by a relative path is found from there.
        source: the template's address, as Copier records it.
        tag: name of the version in the template's repository.
        before: the version until now.
    """
    try:
        with tempfile.TemporaryDirectory() as folder:
            git(Path(folder), "init", "--quiet")
            git(Path(folder), "fetch", "--quiet", "--depth=1", "--", address(root, source), f"refs/tags/{tag}")
            text = git(Path(folder), "show", f"FETCH_HEAD:{CHANGELOG}")
    except UserError as error:
        return [f"The template's {CHANGELOG} could not be read: {' '.join(str(error).split())}"]
    return between(text, before, tag)


def address(root: Path, source: str) -> str:
    """Return an address that git understands.

    >>> address(Path("."), "gh:example-org/template")
    'https://github.com/example-org/template.git'
    """
    for short, host in _HOSTS.items():
        if source.startswith(short):
            return f"{host}{source.removeprefix(short).lstrip('/').removesuffix('.git')}.git"
    local = root / Path(source).expanduser()
    return str(local) if local.exists() else source.removeprefix("git+")


def between(text: str, before: str, version: str) -> list[str]:
    """Return the entries of a CHANGELOG after one version, up to another: a line for each paragraph or item.

    >>> text = "# Changes\\n\\n## 1.1.0\\n\\n- **New**: one,\\n  and two.\\n\\n## 1.0.0\\n\\nThe first."
    >>> between(text, "1.0.0", "v1.1.0")
    ['Version 1.1.0:', '- New: one, and two.']
    """
    first, last = _numbers(before), _numbers(version)
    lines: list[str] = []
    told = joined = False
    for line in text.splitlines():
        if line.startswith("## "):
            found = _HEADING.match(line)
            told = found is not None and first < tuple(map(int, found.groups())) <= last
            lines += [f"Version {'.'.join(found.groups())}:"] if found and told else []
            joined = False
        elif not told or not line.strip():
            joined = False
        elif line.startswith("#"):
            lines.append(f"{line.lstrip('# ').rstrip(':')}:")
            joined = False
        elif joined and not re.match(r"\s*(- |\d+\. )", line):
            lines[-1] += f" {line.strip()}"
        else:
            lines.append(line.strip())
            joined = True
    shown = [_LINK.sub(r"\1", line).replace("**", "") for line in lines[:MOST]]
    return [*shown, *([f"More is in the template's {CHANGELOG}."] if len(lines) > MOST else [])]


def _numbers(version: str) -> tuple[int, ...]:
    found = _VERSION.match(version)
    return tuple(map(int, found.groups())) if found else (0, 0, 0)
