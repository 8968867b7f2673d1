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

import copier
import yaml

SCENARIOS = Path(__file__).parent
ROOT = SCENARIOS.parent
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
        copier.run_copy(
            str(ROOT),
            project,
            data=yaml.safe_load((scenario / "answers.yml").read_text(encoding="utf-8")),
            vcs_ref="HEAD",
            defaults=True,
            unsafe=True,
            quiet=True,
        )
        subprocess.run([sys.executable, "requirements/lock.py", "--upgrade"], cwd=project, check=True)
        # A lock that renders only with some answers has its name inside an expression.
        present = {
            lock[0]: path
            for folder in (layer, ROOT / "template")
            for path in folder.glob("requirements/*")
            if (lock := LOCK.search(path.name))
        }
        for lock in project.glob("requirements/*.lock.txt"):
            shutil.copyfile(lock, present.get(lock.name, layer / "requirements" / lock.name))
        (layer / "uv.lock").write_text(versions((project / "uv.lock").read_text(encoding="utf-8")), encoding="utf-8")


def versions(lock: str) -> str:
    """Return a uv.lock reduced to the versions of packages, without the project itself and without addresses.

    uv completes such a lock: it prefers versions that it finds there, and takes the rest from the index at hand.
    """
    content = tomllib.loads(lock)
    rows = [
        f'    {{ name = "{package["name"]}", version = "{package["version"]}", source = {{ registry = "" }} }},\n'
        for package in content["package"]
        if "registry" in package["source"]
    ]
    return OPENING.format(python=content["requires-python"]) + "".join(rows) + "]\n"


if __name__ == "__main__":
    for answers in sorted(SCENARIOS.glob("*/answers.yml")):
        renew(answers.parent)
