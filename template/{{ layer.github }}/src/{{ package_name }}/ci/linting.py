"""What actionlint, with shellcheck for commands, and zizmor say of .github/: all three in the versions of uv.lock."""

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from ..errors import StepFailedError, UserError
from ..infra import tools
from ..paths import Project

FOLDER = ".github"


def lines(project: Project) -> Iterator[str]:
    """Yield what was checked, without network.

    Raises:
        StepFailedError: a tool finds a mistake; the message holds file, line and reason.
        UserError: a tool is not installed.
    """
    folder = project.root / FOLDER / "workflows"
    workflows = [path.relative_to(project.root).as_posix() for path in sorted(folder.glob("*.y*ml"))]
    commands = {
        "actionlint": ["-no-color", "-shellcheck", _find("shellcheck"), *workflows],
        "zizmor": ["--offline", "--quiet", "--no-progress", "--color", "never", FOLDER],
    }
    for tool, words in commands.items():
        ended = tools.run([_find(tool), *words], folder=project.root)
        if ended.code:
            raise StepFailedError(f"{tool} refuses {FOLDER}/:\n{ended.out.strip() or ended.reason}")
        yield f"{FOLDER}: {tool} finds nothing"


def _find(tool: str) -> str:
    found = shutil.which(tool, path=str(Path(sys.executable).parent))
    if found is None:
        raise UserError(f"'{tool}' is not installed in this environment: run 'uv sync'")
    return found
