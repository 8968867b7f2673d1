"""Renew the locks of every scenario: render it, run the project's own requirements/lock.py, take the results back.

Usage: make lock (needs copier and uv).
"""

import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path
from typing import Any

import copier
import yaml

SCENARIOS = Path(__file__).parent
ROOT = SCENARIOS.parent
# Names of repositories that each CI system takes.
REPOSITORIES = {"github": "example-org/name", "azure_devops": "example-org/project/name"}
LOCK = re.compile(r"\w+\.lock\.txt")
OPENING = """\
# The tested versions. The first `uv run` installs them and rewrites this file with the addresses and hashes of your
# package index: commit the result.
version = 1
requires-python = "{python}"
package = [
"""


def renew(scenario: Path) -> None:
    """Rewrite the locks in the scenario's layer."""
    layer = ROOT / "template" / f"{{{{ layer.{scenario.name} }}}}"
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder) / scenario.name
        answers = yaml.safe_load((scenario / "answers.yml").read_text(encoding="utf-8"))
        _render(project, answers)
        subprocess.run([sys.executable, "requirements/lock.py", "--upgrade"], cwd=project, check=True)
        locks = [(project / "uv.lock").read_text(encoding="utf-8")]
        others = {ci: repository for ci, repository in REPOSITORIES.items() if ci != answers["ci"]}
        for ci, repository in others.items():  # each system has linters of its own
            other = Path(folder) / ci
            _render(other, {**answers, "ci": ci, "repository": repository})
            (other / "uv.lock").write_text(locks[0], encoding="utf-8")
            subprocess.run(["uv", "lock", "--quiet"], cwd=other, check=True)
            locks.append((other / "uv.lock").read_text(encoding="utf-8"))
        # A lock that renders only with some answers has its name inside an expression.
        present = {
            lock[0]: path
            for folder in (layer, ROOT / "template")
            for path in folder.glob("requirements/*")
            if (lock := LOCK.search(path.name))
        }
        for lock in project.glob("requirements/*.lock.txt"):
            shutil.copyfile(lock, present.get(lock.name, layer / "requirements" / lock.name))
        (layer / "uv.lock").write_text(versions(*locks), encoding="utf-8")


def _render(project: Path, answers: dict[str, Any]) -> None:
    copier.run_copy(str(ROOT), project, data=answers, vcs_ref="HEAD", defaults=True, unsafe=True, quiet=True)


def versions(*locks: str) -> str:
    """Return files uv.lock reduced to the versions of packages, without the project itself and without addresses.

    uv completes such a lock: it prefers versions that it finds there, and takes the rest from the index at hand. What a
    project does not need it leaves out.
    """
    contents = [tomllib.loads(lock) for lock in locks]
    found = {
        (package["name"], package["version"])
        for content in contents
        for package in content["package"]
        if "registry" in package["source"]
    }
    rows = [
        f'    {{ name = "{name}", version = "{version}", source = {{ registry = "" }} }},\n'
        for name, version in sorted(found)
    ]
    return OPENING.format(python=contents[0]["requires-python"]) + "".join(rows) + "]\n"


if __name__ == "__main__":
    for answers in sorted(SCENARIOS.glob("*/answers.yml")):
        renew(answers.parent)
