"""Renew the locks of every scenario: renders it, runs the project's own requirements/lock.py, takes the results back.

Usage: make lock (needs copier and uv).
"""

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import copier
import yaml

SCENARIOS = Path(__file__).parent
ROOT = SCENARIOS.parent
OPENING = "constraint-dependencies = [\n"
LOCK = re.compile(r"\w+\.lock\.txt")


def renew(scenario: Path) -> None:
    """Rewrite the locks in the scenario's layer and its constraints.txt."""
    layer = ROOT / "template" / f"{{{{ layer.{scenario.name} }}}}" / "requirements"
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
        subprocess.run([sys.executable, "requirements/lock.py"], cwd=project, check=True)
        # A lock that renders only with some answers has its name inside an expression.
        for target in [*layer.iterdir(), *(ROOT / "template" / "requirements").iterdir()]:
            if lock := LOCK.search(target.name):
                shutil.copyfile(project / "requirements" / lock[0], target)
        text = (project / "pyproject.toml").read_text(encoding="utf-8")
        start = text.index(OPENING) + len(OPENING)
        (scenario / "constraints.txt").write_text(text[start : text.index("]\n", start)], encoding="utf-8")


if __name__ == "__main__":
    for answers in sorted(SCENARIOS.glob("*/answers.yml")):
        renew(answers.parent)
